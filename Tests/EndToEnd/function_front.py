"""One function behind a Runtime API and a load balancer of a few lines, for tests that choose what it is configured with.

`lambda-local up` is the whole thing; here a test has the function's settings, its log and its process.
"""

import base64
import http.server
import json
import os
import pathlib
import queue
import re
import subprocess
import sys
import threading
import time
import urllib.request
import uuid

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
LIMIT = 1_048_576
FOREIGN = re.compile(r"^(AWS_|MLFLOW_|SAGEMAKER_|PROXY_|SSL_CERT_|.*_proxy$|.*_PROXY$)")
CLEAN = {name: value for name, value in os.environ.items() if not FOREIGN.match(name)}


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, address):
        """A browser that leaves before the end is no news."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, address)


class FunctionFront:
    """Runs a packaged function; `url` is the load balancer's."""

    def __init__(self, name, environment, executable=None):
        self.events, self.answers, self.log = queue.Queue(), {}, []
        self.largest_request = self.largest_answer = 0
        runtime = self._serve(self._runtime_handler())
        front = self._serve(self._front_handler())
        self.url = f"http://127.0.0.1:{front.server_port}"
        self.servers = [runtime, front]
        executable = executable or REPOSITORY / "dist" / "unpacked" / name / "bootstrap"
        self.process = subprocess.Popen(
            [executable], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            errors="replace",
            env={
                **CLEAN, "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{runtime.server_port}", "AWS_LAMBDA_FUNCTION_NAME": name,
                "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
                "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret",
                **environment})
        self.reader = threading.Thread(target=lambda: self.log.extend(self.process.stderr), daemon=True)
        self.reader.start()

    def most_memory(self):
        """The most memory that the function had resident so far, in bytes."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for server in self.servers:
            server.shutdown()
            server.server_close()
        self.reader.join(5)
        self.process.stderr.close()

    def _serve(self, handler):
        server = Server(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server

    def _runtime_handler(front):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *arguments):
                pass

            def do_GET(self):
                identifier, event = front.events.get()
                self.send_response(200)
                self.send_header("Lambda-Runtime-Aws-Request-Id", identifier)
                self.send_header("Lambda-Runtime-Deadline-Ms", str(int(time.time() * 1000) + 60_000))
                self.send_header("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:123456789012:function:x")
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(event)))
                self.end_headers()
                self.wfile.write(event)

            def do_POST(self):
                size = self.headers["Content-Length"]
                body = self.rfile.read(int(size)) if size else b"".join(self._chunks())
                identifier, kind = self.path.split("/")[-2:]
                if identifier in front.answers:
                    front.answers.pop(identifier).put((kind, body))
                self.send_response(202)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def _chunks(self):
                while size := int(self.rfile.readline().split(b";")[0], 16):
                    yield self.rfile.read(size)
                    self.rfile.readline()
                while self.rfile.readline().strip():
                    pass

        return Handler

    def _front_handler(front):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *arguments):
                pass

            def answer(self):
                body = self.rfile.read(int(self.headers["Content-Length"] or 0))
                front.largest_request = max(front.largest_request, len(body))
                if len(body) > LIMIT:
                    return self.reply(413, {}, b"Payload Too Large")
                path, _, query = self.path.partition("?")
                headers, parameters = {}, {}
                for header, value in self.headers.items():
                    headers.setdefault(header.lower(), []).append(value)
                headers["x-forwarded-for"], headers["x-forwarded-proto"] = ["203.0.113.7"], ["http"]
                for pair in filter(None, query.split("&")):
                    key, _, value = pair.partition("=")
                    parameters.setdefault(key, []).append(value)
                identifier, answer = str(uuid.uuid4()), queue.Queue()
                front.answers[identifier] = answer
                front.events.put((identifier, json.dumps({
                    "requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/a/b"}},
                    "httpMethod": self.command, "path": path, "multiValueQueryStringParameters": parameters,
                    "multiValueHeaders": headers, "body": base64.b64encode(body).decode(), "isBase64Encoded": True}).encode()))
                kind, answered = answer.get(timeout=90)
                front.largest_answer = max(front.largest_answer, len(answered))
                if kind != "response" or len(answered) > LIMIT:
                    return self.reply(502, {"Content-Type": ["text/html"]}, b"<h1>502 Bad Gateway</h1>")
                response = json.loads(answered)
                body = response.get("body", "")
                body = base64.b64decode(body) if response["isBase64Encoded"] else body.encode()
                self.reply(response["statusCode"], response["multiValueHeaders"], body)

            do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer

            def reply(self, status, headers, body):
                self.send_response(status)
                for header, values in headers.items():
                    for value in values:
                        self.send_header(header, value)
                if status not in (204, 304):
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

        return Handler


def wait_for(url, process, seconds=120):
    """Waits until a server answers."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise AssertionError(f"the server of {url} ended with {process.returncode}")
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return answer.read()
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"no answer from {url} within {seconds} seconds")
