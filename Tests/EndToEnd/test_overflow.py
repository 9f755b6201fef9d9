"""Answers of any size through the packaged proxy with a bucket: the files of MLflow's user interface, artifacts and API
answers that are far beyond what a load balancer takes from a function."""

import gzip
import hashlib
import http.client
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest
import urllib.parse

import mlflow
import requests
from mlflow import MlflowClient

from local_stack import LocalStack

FILES = pathlib.Path(mlflow.__file__).parent / "server" / "js" / "build"
BUCKET = "local-overflow"
LIMIT = 1_048_576 * 3 // 4
ARTIFACT_BYTES = 200 << 20
MEMORY_LIMIT = 64 << 20


class OverflowTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = LocalStack()
        cls.addClassCleanup(cls.stack.stop)
        cls.direct = f"http://127.0.0.1:{cls.stack.port_of('MLflow')}"
        cls.storage = f"http://127.0.0.1:{cls.stack.port_of('AWS stand-in')}"

    def objects(self, prefix):
        """The keys in the bucket."""
        listing = requests.get(f"{self.storage}/{BUCKET}", params={"list-type": 2, "prefix": prefix}, timeout=60).text
        return re.findall(r"<Key>(.*?)</Key>", listing)

    def uploads(self):
        """How often the proxy has stored a file of the user interface so far."""
        return len(re.findall(rf'"PUT /{BUCKET}/mlflow-proxy/static/', self.stack.log("moto")))

    def reads(self, path):
        """How often MLflow was asked for a path."""
        return sum(
            path in line and bool(re.search("upstream(Ms|Latency)", line, re.IGNORECASE))
            for line in self.stack.log("functions").splitlines())

    def ask(self, path, headers):
        """One answer of the load balancer, and what is behind it when it is a redirect."""
        connection = http.client.HTTPConnection("127.0.0.1", self.stack.port, timeout=60)
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        body = response.read()
        connection.close()
        size, location = len(body), response.headers["Location"]
        if response.status in (303, 307):
            # As a browser's, this request has the same headers, but for what tells the origin.
            response = requests.get(location, headers=headers, timeout=60, stream=True)
            self.assertIn(response.status_code, (200, 206), path)
            body = response.raw.read()
        if response.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        return response, body, size, location

    def test_every_file_arrives_byte_for_byte_and_large_ones_are_stored_once(self):
        files = [file for file in sorted((FILES / "static").rglob("*")) if file.is_file()]
        headers = {"Accept-Encoding": "gzip, deflate, br", "Sec-Fetch-Dest": "script", "Sec-Fetch-Site": "same-origin"}
        redirected = []
        asked = equal = largest = 0
        for file in files:
            path = "/static-files/" + str(file.relative_to(FILES))
            response, body, size, location = self.ask(path, headers)
            asked, largest = asked + 1, max(largest, size)
            if location:
                redirected.append(path)
                self.assertIn("immutable", response.headers["Cache-Control"])
            if body == file.read_bytes():
                equal += 1
            else:
                print(f"{path}: {len(body)} of {file.stat().st_size} bytes")
        stored = self.uploads()
        reads = {path: self.reads(path) for path in redirected}
        for path in redirected * 8:
            _, body, size, location = self.ask(path, headers)
            self.assertTrue(location)
            self.assertEqual(body, (FILES / path.removeprefix("/static-files/")).read_bytes())
        again, read_again = self.uploads() - stored, sum(self.reads(path) - reads[path] for path in redirected)
        print(f"{asked} files asked for, {equal} served byte-equal, {len(redirected)} of them by redirect; largest answer "
              f"{largest} bytes; {stored} uploads, then in {len(redirected) * 8} requests {again} uploads and "
              f"{read_again} reads of MLflow")
        self.assertEqual(equal, asked)
        self.assertGreater(asked, 300)
        self.assertGreater(len(redirected), 0)
        self.assertEqual((stored, len(self.objects("mlflow-proxy/static/"))), (len(redirected), len(redirected)))
        self.assertEqual((again, read_again), (0, 0))
        self.assertLess(largest, LIMIT)

    def test_a_worker_stays_on_its_origin(self):
        for file in sorted((FILES / "static").rglob("*worker*js")):
            path = "/static-files/" + str(file.relative_to(FILES))
            headers = {"Accept-Encoding": "gzip", "Sec-Fetch-Dest": "worker", "Sec-Fetch-Mode": "same-origin"}
            _, body, _, location = self.ask(path, headers)
            self.assertIsNone(location)
            self.assertEqual(body, file.read_bytes())

    def test_a_large_artifact_comes_down_through_the_client_in_bounded_memory(self):
        client = MlflowClient(self.direct)
        run = client.create_run(client.create_experiment("large artifact")).info.run_id
        with tempfile.TemporaryDirectory() as directory:
            source = pathlib.Path(directory) / "weights.bin"
            digest = hashlib.sha256()
            with source.open("wb") as file:
                for _ in range(ARTIFACT_BYTES >> 20):
                    piece = os.urandom(1 << 20)
                    digest.update(piece)
                    file.write(piece)
            client.log_artifact(run, str(source))
            source.unlink()
            target = pathlib.Path(directory) / "down"
            target.mkdir()
            local = MlflowClient(self.stack.url).download_artifacts(run, "weights.bin", str(target))
            received = hashlib.sha256()
            with open(local, "rb") as file:
                while piece := file.read(1 << 20):
                    received.update(piece)
            self.assertEqual(pathlib.Path(local).stat().st_size, ARTIFACT_BYTES)
        self.assertEqual(received.digest(), digest.digest())
        peaks = {process: self.peak_memory(process) for process in self.stack.function_processes()}
        print(f"{ARTIFACT_BYTES >> 20} MiB came down; peak memory of the function's instances: "
              + ", ".join(f"{peak / 1e6:.1f} MB" for peak in peaks.values()))
        self.assertTrue(peaks)
        self.assertLess(max(peaks.values()), MEMORY_LIMIT)
        self.assertEqual(re.findall(r"<UploadId>", requests.get(f"{self.storage}/{BUCKET}?uploads", timeout=60).text), [])

    @staticmethod
    def peak_memory(process):
        status = pathlib.Path(f"/proc/{process}/status").read_text()
        return int(re.search(r"^VmHWM:\s+(\d+) kB", status, re.M)[1]) * 1024

    def test_ranges_and_dispositions_of_an_artifact_are_the_servers(self):
        client = MlflowClient(self.direct)
        run = client.create_run(client.create_experiment("ranges")).info.run_id
        content = os.urandom(3_000_000)
        with tempfile.TemporaryDirectory() as directory:
            path = pathlib.Path(directory) / "page.html"
            path.write_bytes(content)
            client.log_artifact(run, str(path))
        query = urllib.parse.urlencode({"path": "page.html", "run_uuid": run})
        direct = requests.get(f"{self.direct}/get-artifact?{query}", timeout=60)
        whole = requests.get(f"{self.stack.url}/get-artifact?{query}", timeout=60)
        self.assertEqual(whole.content, content)
        self.assertEqual([answer.status_code for answer in whole.history], [307])
        self.assertEqual(whole.headers["Content-Disposition"], direct.headers["Content-Disposition"])
        self.assertEqual(whole.headers["Content-Type"], direct.headers["Content-Type"])
        for first, last in [(0, 99), (1_000_000, 2_999_999)]:
            headers = {"Range": f"bytes={first}-{last}"}
            part = requests.get(f"{self.stack.url}/get-artifact?{query}", headers=headers, timeout=60)
            expected = content if part.status_code == 200 else content[first:last + 1]
            self.assertEqual(part.content, expected)

    def test_an_answer_of_the_api_is_as_large_as_it_likes(self):
        client = MlflowClient(self.direct)
        experiment = client.create_experiment("large search")
        for index in range(12):
            run = client.create_run(experiment).info.run_id
            for part in range(20):
                client.set_tag(run, f"t{part}", os.urandom(2_400).hex())
        body = {"experiment_ids": [experiment], "max_results": 1000}
        direct = requests.post(f"{self.direct}/api/2.0/mlflow/runs/search", json=body, timeout=60)
        proxied = requests.post(f"{self.stack.url}/api/2.0/mlflow/runs/search", json=body, timeout=60)
        self.assertGreater(len(direct.content), 1_048_576)
        self.assertEqual(proxied.json(), direct.json())
        self.assertEqual(proxied.headers["Content-Type"].split(";")[0], "application/json")
        plain = requests.post(
            f"{self.stack.url}/api/2.0/mlflow/runs/search", json=body, timeout=60, headers={"Accept-Encoding": "identity"})
        self.assertEqual([answer.status_code for answer in plain.history], [303])
        self.assertEqual(plain.json(), direct.json())
        self.assertEqual(len(MlflowClient(self.stack.url).search_runs([experiment])), 12)

    def test_the_page_shows_in_a_browser_that_is_sent_to_the_bucket(self):
        browser = shutil.which("chromium") or shutil.which("google-chrome")
        if not browser:
            self.skipTest("no chromium is installed")
        with tempfile.TemporaryDirectory() as profile:
            page = subprocess.run(
                [browser, "--headless", "--no-sandbox", "--disable-gpu", "--window-size=1400,900",
                 f"--user-data-dir={profile}", "--virtual-time-budget=30000", "--dump-dom",
                 f"{self.stack.url}/#/experiments"], capture_output=True, text=True, errors="replace", timeout=180)
        self.assertIn("local-demo", page.stdout, page.stderr[-500:])
        self.assertIn(f"GET /{BUCKET}/mlflow-proxy/static/", self.stack.log("moto"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
