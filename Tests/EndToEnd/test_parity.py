"""MLflow through the packaged proxy and MLflow asked directly: the same answers, but for what docs/differences.md lists."""

import collections
import email.utils
import gzip
import http.client
import json
import os
import pathlib
import re
import unittest
import urllib.parse

os.environ["MLFLOW_ENABLE_ASYNC_TRACE_LOGGING"] = "false"

import mlflow
import requests
from mlflow import MlflowClient

import test_mlflow_client
from local_stack import REPOSITORY, LocalStack

# The table that counts is the first one.
TABLE = (REPOSITORY / "docs/differences.md").read_text(encoding="utf-8").split("\n\n")[2]
DOCUMENTED = set(re.findall(r"^\| `([a-z-]+)`", TABLE, re.M))

# POST requests that change nothing.
READING_POSTS = re.compile(r"/(search|get-latest-versions|batchGetInfos)$")

STATIC = pathlib.Path(mlflow.__file__).parent / "server" / "js" / "build" / "static"

Exchange = collections.namedtuple("Exchange", "method target sent_headers sent_body status headers body")


class Recorder:
    """What the MLflow client asks and is answered while the recorder is on."""

    def __init__(self):
        self.exchanges = []

    def __enter__(self):
        self.original = requests.Session.send

        def send(session, request, **options):
            response = self.original(session, request, **options)
            url = urllib.parse.urlsplit(request.url)
            self.exchanges.append(Exchange(
                request.method, url.path + (f"?{url.query}" if url.query else ""), dict(request.headers), request.body,
                response.status_code, lowercased(response.raw.headers.items()),
                None if options.get("stream") else response.content))
            return response

        requests.Session.send = send
        return self

    def __exit__(self, *_):
        requests.Session.send = self.original


def lowercased(items):
    """Header values by name, lines of one name joined."""
    headers = {}
    for name, value in items:
        name = name.lower()
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    if "allow" in headers:
        # MLflow writes a set, in any order.
        headers["allow"] = ", ".join(sorted(headers["allow"].split(", ")))
    return headers


def is_reordered(left, right):
    """Whether two bodies are the same JSON but for the order of members."""
    try:
        return json.loads(left) == json.loads(right) and len(left) == len(right)
    except ValueError:
        return False


def is_asked_later(*times):
    """Whether HTTP dates are those of two answers, one asked for after the other: MLflow counts a file's life from the answer on."""
    if None in times:
        return False
    first, second = (email.utils.parsedate_to_datetime(time).timestamp() for time in times)
    return abs(first - second) <= 60


def template(text):
    """A target without the names and numbers that differ from run to run."""
    text = re.sub(r"\b(?:tr-|m-)?[0-9a-f]{32}\b", "ID", text)
    text = re.sub(r"[0-9a-f]{8}(?= renamed|\b)", "UNIQUE", text)
    text = re.sub(r"(?<=page_token=)[^&]+", "TOKEN", text)
    return re.sub(r"(?<=[/=])[0-9]+(?=[/&]|$)", "N", text)


def shape(value):
    """What a JSON value is made of."""
    if isinstance(value, dict):
        return {name: shape(value[name]) for name in sorted(value)}
    return [shape(element) for element in value] if isinstance(value, list) else type(value).__name__


def body_shape(body):
    try:
        return json.dumps(shape(json.loads(body)), sort_keys=True) if body else ""
    except ValueError:
        return "no JSON"


class ParityTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = LocalStack()
        cls.addClassCleanup(cls.stack.stop)
        cls.direct_port = int(re.search(r"MLflow is ready on port (\d+)", "".join(cls.stack.output))[1])
        # The names of the headers that differed, of all tests.
        cls.differing = set()
        # Answers of which MLflow wrote the members in another order the second time.
        cls.reordered = 0
        cls.flows = {
            "proxy": cls.record(cls.stack.url, "aaaaaaaa"),
            "direct": cls.record(f"http://127.0.0.1:{cls.direct_port}", "bbbbbbbb"),
        }

    @staticmethod
    def record(uri, unique):
        """Everything a data scientist does in a day, once more."""
        mlflow.set_tracking_uri(uri)
        test_mlflow_client.unique = unique
        case = test_mlflow_client.ClientTests()
        case.client = MlflowClient(uri)
        with Recorder() as recorder:
            for name in sorted(dir(case)):
                if name.startswith("test_"):
                    getattr(case, name)()
        return recorder.exchanges

    def ask(self, port, method, target, headers, body=None):
        """Status, headers and body, not decoded."""
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request(method, target, body=body, headers=headers)
        response = connection.getresponse()
        content = response.read()
        connection.close()
        return response.status, lowercased(response.getheaders()), content

    def compare_headers(self, name, proxy, direct):
        different = {header for header in proxy.keys() | direct.keys() if proxy.get(header) != direct.get(header)}
        if is_asked_later(proxy.get("expires"), direct.get("expires")):
            different.discard("expires")
        type(self).differing |= different
        self.assertEqual(
            different - DOCUMENTED, set(),
            f"{name}: differ and are not documented: "
            + ", ".join(f"{header} ({direct.get(header)!r} became {proxy.get(header)!r})" for header in different - DOCUMENTED))
        # What is documented differs in the documented way alone.
        self.assertEqual(proxy.get("content-security-policy"), "frame-ancestors 'self'", name)
        self.assertNotIn("x-frame-options", proxy, name)
        self.assertEqual(proxy["server"], "awselb/2.0", name)
        self.assertNotIn(", ", re.sub(r"^\w{3}, ", "", proxy["date"]), name)
        self.assertIn(proxy.get("content-encoding", direct.get("content-encoding")), (direct.get("content-encoding"), "gzip"), name)
        self.assertIn(proxy.get("etag"), (direct.get("etag"), f"W/{direct.get('etag')}"), name)
        self.assertLessEqual(set(proxy.get("vary", "").lower().split(", ")), {"accept-encoding", "origin"}, name)

    def compare(self, method, target, headers, body=None):
        """Asks both for the same. Status and body are equal byte for byte, headers but for those documented."""
        name = f"{method} {target}"
        status, proxy, content = self.ask(self.stack.port, method, target, headers, body)
        expected_status, direct, expected = self.ask(self.direct_port, method, target, headers, body)
        self.assertEqual(status, expected_status, name)
        if proxy.get("content-encoding") == "gzip" and "content-encoding" not in direct:
            content = gzip.decompress(content)
        if content != expected and is_reordered(content, expected):
            type(self).reordered += 1
        else:
            self.assertEqual(content, expected, name)
        self.compare_headers(name, proxy, direct)
        return status

    def test_1_the_clients_flows_are_the_same_requests_with_the_same_kind_of_answers(self):
        """Ids and times differ between two runs; methods, targets, statuses, headers and the form of the answers do not."""
        found = {}
        for name, exchanges in self.flows.items():
            found[name] = collections.Counter(
                (item.method, template(urllib.parse.unquote(item.target)), item.status, body_shape(item.body))
                for item in exchanges)
        self.assertEqual(found["proxy"] - found["direct"], collections.Counter())
        self.assertEqual(found["direct"] - found["proxy"], collections.Counter())
        print(f"{len(self.flows['proxy'])} requests of the client's flows on both ways, {len(found['proxy'])} kinds")
        self.assertGreater(len(self.flows["proxy"]), 200)

    def test_2_the_answers_to_the_clients_writes_have_the_same_headers(self):
        def by_kind(exchanges):
            groups = collections.defaultdict(list)
            for item in exchanges:
                kind = item.method, template(urllib.parse.unquote(item.target)), item.status, body_shape(item.body)
                groups[kind].append(item)
            return groups

        direct = by_kind(self.flows["direct"])
        compared = 0
        for kind, items in by_kind(self.flows["proxy"]).items():
            for item, other in zip(items, direct[kind]):
                if item.method != "GET":
                    headers, other_headers = dict(item.headers), dict(other.headers)
                    self.compare_headers(f"{item.method} {item.target}", headers, other_headers)
                    compared += 1
        print(f"{compared} answers to writes compared")
        self.assertGreater(compared, 100)

    def test_3_what_the_client_reads_is_equal_byte_for_byte(self):
        compared = collections.Counter()
        for exchanges in self.flows.values():
            for item in exchanges:
                path = item.target.split("?")[0]
                if item.method != "GET" and not (item.method == "POST" and READING_POSTS.search(path)):
                    continue
                kept = {
                    name: value for name, value in item.sent_headers.items()
                    if name.lower() in ("accept", "content-type", "user-agent") or name.lower().startswith("x-mlflow")}
                for coding in ("identity", "gzip, deflate"):
                    status = self.compare(item.method, item.target, {**kept, "Accept-Encoding": coding}, item.sent_body)
                    compared[status] += 1
        print(f"{sum(compared.values())} reads compared byte for byte, by status: {dict(compared)}; MLflow changed the order of members in {self.reordered}")
        self.assertLess(self.reordered, sum(compared.values()) / 10)
        self.assertGreater(compared[200], 100)
        self.assertGreater(compared[404], 0)

    def test_4_pages_files_and_odd_requests_are_equal_byte_for_byte(self):
        script = "/static-files/static/js/" + min((STATIC / "js").glob("*.js"), key=lambda path: path.stat().st_size).name
        style = "/static-files/static/css/" + next((STATIC / "css").glob("main.*.css")).name
        _, headers, _ = self.ask(self.direct_port, "GET", script, {})
        api = "/api/2.0/mlflow"
        json_type = {"Content-Type": "application/json"}
        for method, target, fields, body in [
            ("GET", "/", {}, None), ("GET", "/version", {}, None), ("GET", "/health", {}, None), ("HEAD", "/version", {}, None),
            ("GET", script, {}, None), ("HEAD", script, {}, None), ("GET", style, {"Accept-Encoding": "gzip"}, None),
            ("GET", script, {"Range": "bytes=10-99"}, None), ("GET", script, {"Range": "bytes=999999999-"}, None),
            ("GET", script, {"If-None-Match": headers["etag"]}, None),
            ("GET", script, {"If-None-Match": "W/" + headers["etag"]}, None),
            ("GET", script, {"If-Modified-Since": headers["last-modified"]}, None),
            ("GET", "/static-files/lib/notebook-trace-renderer/index.html?trace_id=tr-1&experiment_id=0", {}, None),
            ("GET", "/static-files/missing.js", {}, None), ("GET", "/missing", {}, None), ("POST", f"{api}/missing", json_type, b"{}"),
            ("OPTIONS", f"{api}/runs/search", {}, None), ("PUT", f"{api}/runs/search", json_type, b"{}"),
            ("GET", f"{api}/experiments/get-by-name?experiment_name=a%2Fb+c%2Bd%25%C3%BC%F0%9F%98%80", {}, None),
            ("GET", f"{api}/experiments/get-by-name?experiment_name=", {}, None), ("GET", f"{api}/experiments/get", {}, None),
            ("GET", f"{api}/experiments/search?max_results=1&max_results=2", {}, None),
            ("GET", f"{api}/experiments/get/", {}, None), ("POST", f"{api}/runs/search", json_type, b"{no JSON"),
            ("POST", f"{api}/runs/search", {"Content-Type": "text/plain"}, b"{}"), ("POST", f"{api}/runs/search", json_type, b""),
            ("GET", "/api/2.0/mlflow-artifacts/artifacts?path=no%2Bsuch%2Fplace", {}, None),
            ("GET", "/api/2.0/mlflow-artifacts/artifacts/no%20such/f+i%2Ble", {}, None),
            ("GET", "/get-artifact?path=a&run_uuid=missing", {}, None),
            ("POST", "/graphql", json_type, b'{"query":"{ __typename }"}'),
        ]:
            with self.subTest(f"{method} {target}"):
                self.compare(method, target, {"Accept-Encoding": "identity", **fields}, body)

    def test_5_every_documented_difference_is_one(self):
        """After the others: what is listed and never seen misleads its reader."""
        print("headers that differed: " + ", ".join(sorted(self.differing)))
        self.assertEqual(self.differing, DOCUMENTED)


if __name__ == "__main__":
    unittest.main(verbosity=2)
