"""A large artifact through the packaged proxy: its bytes to S3 and back, its permission through the load balancer.

MLflow runs as SageMaker has it: its artifacts are in S3, and it does not serve them.
"""

import hashlib
import http.server
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import threading
import unittest
import urllib.request

import boto3

from free_port import free_port
from function_front import CLEAN, LIMIT, REPOSITORY, FunctionFront, Server, wait_for

sys.path.append(str(REPOSITORY / "Tests/Documents"))
import markdown  # noqa: E402  (the other folder of tests has it)

SIZE = 200 << 20
BUCKET, PREFIX = "mlflow-artifacts-demo", "team/store"


class UploadTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        aws = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "us-east-1"}
        port = free_port()
        cls.s3_url = f"http://127.0.0.1:{port}"
        s3 = cls.start("-m", "moto.server", "-H", "127.0.0.1", "-p", str(port))
        wait_for(cls.s3_url + "/moto-api/", s3)
        cls.environment = {**CLEAN, **aws, "AWS_ENDPOINT_URL_S3": cls.s3_url, "MLFLOW_S3_ENDPOINT_URL": cls.s3_url}
        cls.s3 = boto3.client(
            "s3", endpoint_url=cls.s3_url, region_name="us-east-1", aws_access_key_id="AKIDEXAMPLE", aws_secret_access_key="secret")
        cls.s3.create_bucket(Bucket=BUCKET)
        port = free_port()
        server = cls.start(
            "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1", "--no-serve-artifacts",
            "--backend-store-uri", f"sqlite:///{cls.folder}/mlflow.db", "--default-artifact-root", f"s3://{BUCKET}/{PREFIX}",
            environment=cls.environment)
        wait_for(f"http://127.0.0.1:{port}/health", server)
        cls.front = FunctionFront("mlflow-proxy", {
            "MLFLOW_TRACKING_ARN": "arn:aws:sagemaker:us-east-1:123456789012:mlflow-tracking-server/team",
            "SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT": f"http://127.0.0.1:{port}", "PROXY_AUTH": "network",
            "PROXY_UPLOAD_LOCATIONS": f"s3://{BUCKET}/{PREFIX}", "AWS_ENDPOINT_URL_S3": cls.s3_url,
        }, os.environ.get("FUNCTION_EXECUTABLE"))
        cls.addClassCleanup(cls.front.stop)
        wait_for(cls.front.url + "/_proxy/health", cls.front.process)

    @classmethod
    def start(cls, *arguments, environment=CLEAN):
        log = open(cls.folder / f"{arguments[1]}.log", "wb")
        process = subprocess.Popen(
            [sys.executable, *arguments], env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
            start_new_session=True)

        def stop():
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            log.close()

        cls.addClassCleanup(stop)
        return process

    def post(self, step, **body):
        request = urllib.request.Request(
            f"{self.front.url}/_proxy/uploads{step}", json.dumps(body).encode(), {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def api(self, path, **body):
        request = urllib.request.Request(
            f"{self.front.url}/api/2.0/mlflow/{path}", json.dumps(body).encode(), {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def new_run(self, name):
        experiment = self.api("experiments/create", name=name)["experiment_id"]
        return self.api("runs/create", experiment_id=experiment)["run"]["info"]

    def python(self, *arguments):
        """The MLflow client, as another process with the proxy for its server."""
        done = subprocess.run(
            [sys.executable, *arguments], env={**self.environment, "MLFLOW_TRACKING_URI": self.front.url}, timeout=300,
            capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr[-2000:] + done.stdout[-500:])
        return done.stdout.strip()

    def test_200_megabytes_go_up_through_the_proxy_and_come_down_with_the_client(self):
        run = self.new_run("large")
        file, digest = self.folder / "weights ünï+1.bin", hashlib.sha256()
        with open(file, "wb") as data:
            for index in range(SIZE >> 20):
                block = hashlib.sha256(index.to_bytes(4, "big")).digest() * 32768
                digest.update(block)
                data.write(block)
        location = self.python(REPOSITORY / "lambda/mlflow-proxy/upload.py", run["run_id"], str(file), "model")
        self.assertEqual(location, f"{run['artifact_uri']}/model/{file.name}")
        file.unlink()
        download = (
            "import hashlib, mlflow, sys\n"
            "path = mlflow.artifacts.download_artifacts(run_id=sys.argv[1], artifact_path=sys.argv[2], dst_path=sys.argv[3])\n"
            "print(hashlib.file_digest(open(path, 'rb'), 'sha256').hexdigest())")
        got = self.python("-c", download, run["run_id"], f"model/{file.name}", str(self.folder / "down"))
        self.assertEqual(got, digest.hexdigest())
        memory = self.front.most_memory()
        print(f"{SIZE >> 20} MiB up in parts and down; the function's memory was {memory / 1e6:.1f} MB at the most, its largest "
              f"request {self.front.largest_request} bytes, its largest answer {self.front.largest_answer} bytes")
        self.assertLess(memory, 64_000_000)
        self.assertLess(max(self.front.largest_answer, self.front.largest_request), LIMIT)
        log = "".join(self.front.log)
        self.assertNotIn("X-Amz-Signature", log)
        self.assertIn("/_proxy/uploads/complete", log)

    def test_a_small_artifact_goes_up_with_curl(self):
        run = self.new_run("small")
        file = self.folder / "small.csv"
        file.write_bytes(b"a,b\n1,2\n")
        status, begun = self.post("", run_id=run["run_id"], path="data/small.csv", size=file.stat().st_size, content_type="text/csv")
        self.assertEqual(status, 200, begun)
        headers = [part for name, value in begun["headers"].items() for part in ("-H", f"{name}: {value}")]
        subprocess.run(["curl", "-sf", "-T", file, *headers, begun["url"]], env=CLEAN, check=True, timeout=60)
        key = run["artifact_uri"].removeprefix(f"s3://{BUCKET}/") + "/data/small.csv"
        stored = self.s3.get_object(Bucket=BUCKET, Key=key)
        self.assertEqual((stored["Body"].read(), stored["ContentType"]), (b"a,b\n1,2\n", "text/csv"))

    def test_an_upload_that_is_given_up_leaves_nothing(self):
        run = self.new_run("aborted")
        about = {"run_id": run["run_id"], "path": "never.bin"}
        status, begun = self.post("", **about, size=40 << 20, multipart=True)
        self.assertEqual((status, begun["part_count"], [part["number"] for part in begun["parts"]]), (200, 2, [1, 2]))
        self.assertTrue(self.s3.list_multipart_uploads(Bucket=BUCKET).get("Uploads"))
        status, again = self.post("/parts", **about, size=40 << 20, upload_id=begun["upload_id"], first=2)
        self.assertEqual((status, len(again["parts"])), (200, 1))
        self.assertEqual(self.post("/abort", **about, upload_id=begun["upload_id"])[0], 200)
        self.assertFalse(self.s3.list_multipart_uploads(Bucket=BUCKET).get("Uploads"))

    def test_another_place_is_not_signed_for(self):
        experiment = self.api("experiments/create", name="elsewhere", artifact_location=f"s3://{BUCKET}/team/other")["experiment_id"]
        run = self.api("runs/create", experiment_id=experiment)["run"]["info"]
        status, answer = self.post("", run_id=run["run_id"], path="x", size=1)
        self.assertEqual((status, answer["error_code"]), (403, "PERMISSION_DENIED"))
        self.assertIn("PROXY_UPLOAD_LOCATIONS", answer["message"])

    def test_health_tells_that_the_bucket_is_there(self):
        with urllib.request.urlopen(self.front.url + "/_proxy/health?deep=1", timeout=30) as answer:
            checks = json.load(answer)["checks"]
        self.assertEqual({name: check["status"] for name, check in checks.items()},
                         {"credentials": "ok", "upstream": "ok", f"bucket {BUCKET}": "ok"})


class SlowWay:
    """The upload routes and S3 in one, on a line so slow that a URL ends when two parts have been sent since it was signed. A part has
    seven bytes, and there are no more than three in an answer. The tags of all parts are as long as those of thousands."""

    SIZE, MOST = 7, 3

    def __init__(self):
        self.signed, self.stored, self.sent, self.artifact = {}, {}, 0, None
        self.server = Server(("127.0.0.1", 0), self.handler())
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def sign(self, name):
        """A URL for a part, or for the whole."""
        path = f"/signed/{len(self.signed)}"
        self.signed[path] = name, self.sent
        return self.url + path

    @staticmethod
    def tag(number):
        return f'"{number}-{"x" * 20_000}"'

    def answer(self, step, asked):
        count = -(-asked["size"] // self.SIZE)
        if step == "" and not asked.get("multipart", True):
            return {"method": "PUT", "url": self.sign("whole"), "headers": {}, "location": "s3://there"}
        if step == "/complete":
            tags = [(part["number"], part["etag"]) for part in asked["parts"]]
            if asked["upload_id"] != "u-1" or tags != [(number, self.tag(number)) for number in range(1, count + 1)]:
                return {"message": "that is not what was uploaded"}
            self.artifact = b"".join(self.stored[number] for number in range(1, count + 1))
            return {"location": "s3://there"}
        first = asked.get("first", 1)
        parts = [
            {"number": number, "size": self.SIZE, "url": self.sign(number)}
            for number in range(first, min(count, first + min(asked.get("count", self.MOST), self.MOST) - 1) + 1)]
        return {"parts": parts, "upload_id": "u-1", "part_size": self.SIZE, "part_count": count, "location": "s3://there"}

    def handler(way):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *arguments):
                pass

            def reply(self, status, body=b"", **headers):
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self):
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                self.reply(200, json.dumps(way.answer(self.path.removeprefix("/_proxy/uploads"), asked)).encode())

            def do_PUT(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                name, since = way.signed[self.path]
                if way.sent - since >= 2:
                    return self.reply(403, b"<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>")
                way.sent += 1
                way.stored[name] = body
                self.reply(200, ETag=way.tag(name))

        return Handler


class RecipeTests(unittest.TestCase):
    """What users are given to upload with, for an artifact of more parts than an answer has and than are sent while a URL holds."""

    CONTENT = b"an artifact of more than three parts, the last of them short"

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        (self.folder / "weights.bin").write_bytes(self.CONTENT)
        self.way = SlowWay()
        self.addCleanup(self.way.stop)

    def run_here(self, *command):
        ended = subprocess.run(
            command, cwd=self.folder, env={**CLEAN, "TOKEN": "token", "MLFLOW_TRACKING_URI": self.way.url}, timeout=60,
            stdin=subprocess.DEVNULL, capture_output=True, text=True)
        self.assertEqual(ended.returncode, 0, ended.stderr[-2000:] + ended.stdout[-500:])

    def test_the_script_uploads_it(self):
        self.run_here(sys.executable, REPOSITORY / "lambda/mlflow-proxy/upload.py", "run-1", "weights.bin")
        self.assertEqual(self.way.artifact, self.CONTENT)

    def test_the_commands_of_the_readme_upload_it(self):
        readme = (REPOSITORY / "lambda/mlflow-proxy/README.md").read_text(encoding="utf-8")
        commands, = [block for block in markdown.code_blocks(readme) if "multipart" in block]
        self.run_here("bash", "-e", "-c", re.sub(r"https://[a-z.]+", self.way.url, commands, count=1))
        self.assertEqual(self.way.stored["whole"], self.CONTENT)
        self.assertEqual(self.way.artifact, self.CONTENT)


if __name__ == "__main__":
    unittest.main(verbosity=2)
