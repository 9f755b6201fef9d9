"""A front before the stand-in for SageMaker's control plane: it sees every call of a function as it is on the wire, checks it
against botocore's service model, and lets go wrong what goes wrong on the way.
"""

import collections
import contextlib
import dataclasses
import http.client
import http.server
import json
import random
import re
import socket
import struct
import threading
import unicodedata

import botocore.session
import botocore.validate

MODEL = botocore.session.get_session().get_service_model("sagemaker")


@dataclasses.dataclass
class Call:
    """One call. `number` counts from 1 since the front's counter was set back, `nth` those of the same operation; `status` is None
    until it was carried out."""

    number: int
    nth: int
    operation: str
    input: dict
    status: int = None

    @property
    def is_change(self):
        return not self.operation.startswith(("Describe", "List"))

    @property
    def is_applied(self):
        return self.is_change and self.status == 200


def faults_of(operation, value):
    """What botocore, before it would send it, finds wrong with an input: names, types, and what it leaves to the service:
    patterns, words and lengths."""
    shape = MODEL.operation_model(operation).input_shape
    report = botocore.validate.ParamValidator().validate(value, shape)
    found = [report.generate_report()] if report.has_errors() else []
    return [f"{operation}: {text}" for text in found + list(constraint_faults(shape, value, "input"))]


def constraint_faults(shape, value, path):
    kind, rules = shape.type_name, shape.metadata
    if kind == "structure":
        for name, member in value.items():
            if name in shape.members:
                yield from constraint_faults(shape.members[name], member, f"{path}.{name}")
    elif kind == "list":
        if not rules.get("min", 0) <= len(value) <= rules.get("max", len(value)):
            yield f"{path} has {len(value)} members"
        for member in value:
            yield from constraint_faults(shape.member, member, f"{path}[]")
    elif kind == "string":
        if not rules.get("min", 0) <= len(value) <= rules.get("max", len(value)):
            yield f"{path} has {len(value)} characters"
        if "pattern" in rules and not matches(rules["pattern"], value):
            yield f"{path} is {value!r}, which does not match {rules['pattern']}"
        if "enum" in rules and value not in rules["enum"]:
            yield f"{path} is {value!r}, which is none of {rules['enum']}"
    elif kind in ("integer", "long") and not rules.get("min", value) <= value <= rules.get("max", value):
        yield f"{path} is {value}"


def matches(pattern, text):
    """Whether a text is what a pattern of the service means. Python's re does not know the one of tags."""
    if r"\p{" in pattern:
        return all(unicodedata.category(character)[0] in "LZN" or character in "_.:/=+-@" for character in text)
    return re.fullmatch(pattern, text, re.ASCII) is not None


class Front:
    """Serves on a port of loopback until it is closed.

    `kills` maps a call's number, or its operation and which of these it is, to "before" or "after": the function is killed by `kill`
    when the call comes, before it is carried out or after. `meeting` holds the first creation until there is a second one. `lost` is
    the share of answers that are lost, `resets` that of connections that end before the call.
    """

    def __init__(self, plane):
        self.calls, self.invalid = [], []
        self.kills, self.kill, self.meeting = {}, None, None
        self.lost = self.resets = 0.0
        self.random = random.Random(7)
        self.lock = threading.Lock()
        self.upstream = plane.url.removeprefix("http://")
        front = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1
            disable_nagle_algorithm = True

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                answer = front.answer(self.headers, body)
                if answer is None:
                    self.close_connection = True
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    return
                status, headers, payload = answer
                self.send_response_only(status)
                for name, value in headers:
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(payload)
                self.wfile.flush()

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass  # A function is killed in the middle of whatever it does.

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = "http://127.0.0.1:%d" % self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def begin(self):
        """Counts calls from 1 again."""
        with self.lock:
            self.calls = []

    def answer(self, headers, body):
        """The answer's status, headers and body; None when the connection ends instead."""
        with self.lock:
            operation = headers.get("X-Amz-Target", "").removeprefix("SageMaker.")
            nth = 1 + sum(each.operation == operation for each in self.calls)
            call = Call(len(self.calls) + 1, nth, operation, json.loads(body))
            self.calls.append(call)
            self.invalid += faults_of(operation, call.input)
            killed = self.kills.pop(call.number, None) or self.kills.pop((operation, nth), None)
            is_reset, is_lost = self.random.random() < self.resets, self.random.random() < self.lost
        if self.meeting and operation.startswith("Create") and nth <= self.meeting.parties:
            with contextlib.suppress(threading.BrokenBarrierError):
                self.meeting.wait()
        if killed == "before":
            self.kill()
        if killed == "before" or is_reset:
            return None
        connection = http.client.HTTPConnection(self.upstream, timeout=30)
        try:
            connection.putrequest("POST", "/", skip_host=True, skip_accept_encoding=True)
            for name, value in headers.items():
                connection.putheader(name, value)
            connection.endheaders(body)
            response = connection.getresponse()
            payload, call.status = response.read(), response.status
            passed = [(name, value) for name, value in response.getheaders() if name.lower() != "connection"]
        finally:
            connection.close()
        if killed == "after":
            self.kill()
        return None if killed == "after" or is_lost else (call.status, passed, payload)

    def counts(self):
        return collections.Counter(call.operation for call in self.calls if call.is_applied)
