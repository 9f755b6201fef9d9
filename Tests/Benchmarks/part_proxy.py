"""mlflow-proxy beside the proxies that it replaces, all in front of the same upstream, which costs next to nothing."""

import contextlib
import dataclasses
import socket

from contest import LOAD_BALANCER, Bench, Invocations, function_environment
from processes import Measured, Tool
from results import MEGABYTES, MICROSECONDS, PER_SECOND, Row, in_turns
from part_runtime import compared

ONE, FOUR = "proxy: one request at a time", "proxy: four requests at a time"
GUNICORN, LAMBDA = "Flask, gunicorn (4 workers)", "the same in awslambdaric"
# Stands at the end of each answer of the upstream.
END = "the-last-run"


@dataclasses.dataclass
class Call:
    """A request of a visitor, and how often it is made."""

    name: str
    method: str
    path: str
    query: dict
    answer_bytes: int
    count: int
    body_bytes: int = 0
    gzip: bool = False
    figures: tuple = ("processor",)

    @property
    def headers(self):
        headers = {
            "accept": "*/*", "host": "mlflow.example.com", "user-agent": "mlflow-python-client/3.4.0",
            "x-amzn-trace-id": "Root=1-67e0f1a2-0a1b2c3d4e5f60718293a4b5", "x-forwarded-for": "203.0.113.7",
            "x-forwarded-port": "443", "x-forwarded-proto": "https"}
        if self.body:
            headers |= {"content-type": "application/json", "content-length": str(len(self.body))}
        return {**headers, "accept-encoding": "gzip, deflate"} if self.gzip else headers

    @property
    def body(self):
        return run_list(self.body_bytes) if self.body_bytes else b""

    @property
    def event(self):
        return {
            "requestContext": LOAD_BALANCER, "httpMethod": self.method, "path": self.path,
            "multiValueQueryStringParameters": {name: [value] for name, value in self.query.items()},
            "multiValueHeaders": {name: [value] for name, value in self.headers.items()}, "body": self.body.decode(),
            "isBase64Encoded": False}

    @property
    def request(self):
        query = "&".join(f"{name}={value}" for name, value in self.query.items())
        lines = [f"{self.method} {self.path}{'?' + query if query else ''} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        return "\r\n".join([*lines, "", ""]).encode() + self.body

    def expected(self, compact):
        """What an answer has to hold: in gzip form no more can be seen than that it is one."""
        if self.gzip:
            return '"statusCode":200' if compact else '"statusCode": 200'
        return END


SMALL = Call(
    "1 KB answered", "GET", "/api/2.0/mlflow/experiments/search", {"max_results": "5"}, 1_000, 1_000, figures=("processor", "p50", "p99"))
CALLS = [
    SMALL,
    Call("700 KB sent", "POST", "/api/2.0/mlflow/runs/log-batch", {}, 300, 100, body_bytes=700_000),
    Call("700 KB answered", "GET", "/api/2.0/mlflow/metrics/get-history", {"max_results": "9000"}, 700_000, 100),
    Call("1 MiB answered, gzip", "GET", "/api/2.0/mlflow/artifacts/list", {"run_id": "5f1c"}, 1 << 20, 60, gzip=True,
         figures=("processor", "p50", "p99"))]


def run_list(size):
    """JSON of about so many bytes, as MLflow answers."""
    runs = [f'{{"run_id": "{number:032x}", "metric": {number / 7}, "step": {number}}}' for number in range(size // 80)]
    return f'{{"runs": [{", ".join(runs)}], "next_page_token": "{END}"}}'.encode()


class Contest:
    """The upstream and the settings of the proxies in front of it."""

    def __init__(self, bench, port):
        self.bench = bench
        self.settings = {"SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT": f"http://127.0.0.1:{port}"}
        self.ours = function_environment(
            "mlflow-proxy", MLFLOW_TRACKING_ARN="arn:aws:sagemaker:us-east-1:123456789012:mlflow-tracking-server/team",
            PROXY_AUTH="network", **self.settings)

    def packaged(self, call, count, at_once=1):
        environment = self.ours | ({"AWS_LAMBDA_MAX_CONCURRENCY": str(at_once)} if at_once > 1 else {})
        return self.bench.invoke(
            [self.bench.bootstrap("mlflow-proxy")], environment, self.event(call), count, count // 5, call.expected(compact=True))

    def python_lambda(self, call, count):
        return self.bench.invoke(
            self.bench.python_function("lambda_proxy"), self.bench.python_environment("lambda_proxy", **self.settings),
            self.event(call), count, count // 5, call.expected(compact=False))

    def event(self, call):
        return self.bench.file(f"event-{call.answer_bytes}.json", call.event)

    @contextlib.contextmanager
    def gunicorn(self):
        """Within it, gunicorn runs and is warm; None where it is not installed."""
        bench = self.bench
        if not bench.has("flask", "gunicorn", "requests"):
            yield None
            return
        with socket.create_server(("127.0.0.1", 0), backlog=512) as server:
            command = [
                bench.python, "-m", "gunicorn", "--workers", "4", "--worker-class", "sync", "--bind", f"fd://{server.fileno()}",
                "--access-logfile", "-", "--no-control-socket", "flask_proxy:app"]
            environment = bench.python_environment("proxy", **self.settings)
            with Measured(command, environment, bench.folder / "gunicorn.log", [server.fileno()]) as process:
                proxy = Gunicorn(bench, process, server.getsockname()[1])
                # The first answer says that one worker has imported everything; then each has to connect to the upstream.
                proxy.requests(SMALL, 1, 1)
                process.settle()
                proxy.requests(SMALL, 4, 40)
                yield proxy


@dataclasses.dataclass
class Gunicorn:
    """The proxy on Flask, as it runs."""

    bench: Bench
    process: Measured
    port: int

    def measure(self, call, count, at_once=1):
        self.requests(call, at_once, count // 5 + 1)
        before = self.process.processor_seconds()
        result = self.requests(call, at_once, count)
        used = self.process.processor_seconds() - before
        return Invocations(
            0, processor=used / count, per_second=count / result["seconds"], p50=result["p50"], p99=result["p99"],
            peak_bytes=self.process.resident_bytes())

    def requests(self, call, connections, count):
        request = self.bench.file("request", call.request)
        with Tool(self.bench.folder / "client", self.port, connections, request, count, END) as client:
            result = client.read(self.process)
            if result["wrong"]:
                raise RuntimeError(f"gunicorn: {result['wrong']} wrong answers: {client.close()}")
            return result


@contextlib.contextmanager
def upstream(bench):
    files = [f"{call.path}={bench.file(f'answer-{call.answer_bytes}', run_list(call.answer_bytes))}" for call in CALLS]
    with Tool(bench.folder / "upstream", *files) as server:
        yield Contest(bench, server.read()["port"])


def rows(bench):
    found, peaks = [], {}
    titles = {"processor": "processor time", "p50": "median latency", "p99": "99th percentile"}
    with upstream(bench) as contest, contest.gunicorn() as gunicorn:
        for call in CALLS:
            count = bench.count(call.count)
            contestants = {"ours": lambda: contest.packaged(call, count)}
            if gunicorn:
                contestants[GUNICORN] = lambda: gunicorn.measure(call, count)
            if bench.has("awslambdaric", "requests"):
                contestants[LAMBDA] = lambda: contest.python_lambda(call, count)
            seen = in_turns(bench.rounds, contestants)
            for figure in call.figures:
                for peer in (GUNICORN, LAMBDA):
                    found += compared(ONE, f"{call.name}: {titles[figure]}", MICROSECONDS, seen, peer, figure)
            for name, samples in seen.items():
                values = [sample.peak_bytes for sample in samples]
                peaks[name] = [max(pair) for pair in zip(peaks.get(name, values), values)]
    for peer in (GUNICORN, LAMBDA):
        found.append(Row(ONE, "memory, the most of all these", MEGABYTES, peaks["ours"], peer, peaks.get(peer, [])))
    return found + four_at_a_time(bench)


def four_at_a_time(bench):
    """With all the machine's processors, on which the upstream and the clients run too."""
    count = bench.count(2_000)
    with bench.all_processors(), upstream(bench) as contest, contest.gunicorn() as gunicorn:
        contestants = {"ours": lambda: contest.packaged(SMALL, count, 4)}
        if gunicorn:
            contestants[GUNICORN] = lambda: gunicorn.measure(SMALL, count, 4)
        seen = in_turns(bench.rounds, contestants)
    return [
        *compared(FOUR, f"{SMALL.name}: requests", PER_SECOND, seen, GUNICORN, "per_second"),
        *compared(FOUR, f"{SMALL.name}: processor time", MICROSECONDS, seen, GUNICORN, "processor"),
        *compared(FOUR, f"{SMALL.name}: 99th percentile", MICROSECONDS, seen, GUNICORN, "p99"),
        *compared(FOUR, f"{SMALL.name}: memory", MEGABYTES, seen, GUNICORN, "peak_bytes")]
