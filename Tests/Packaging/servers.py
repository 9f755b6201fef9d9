"""The outside world of a function under test: a DNS server, an HTTPS upstream, and a Lambda Runtime API, all on loopback."""

import email.message
import http.server
import json
import queue
import socket
import ssl
import struct
import threading
import typing


class Names(threading.Thread):
    """Answers A queries for any name below `.test` with 127.0.0.1, AAAA with no data, and everything else with NXDOMAIN."""

    def __init__(self, address=("127.0.0.1", 53)):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(address)
        self.start()

    def run(self):
        while True:
            query, client = self.socket.recvfrom(4096)
            labels, position = [], 12
            while query[position]:
                labels.append(query[position + 1 : position + 1 + query[position]])
                position += 1 + query[position]
            question = query[12 : position + 5]
            kind = struct.unpack("!H", query[position + 1 : position + 3])[0]
            known = labels[-1:] == [b"test"] and b"missing" not in labels
            answers = 1 if known and kind == 1 else 0
            header = query[:2] + struct.pack("!HHHHH", 0x8180 if known else 0x8183, 1, answers, 0, 0)
            record = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 5, 4) + bytes([127, 0, 0, 1]) if answers else b""
            self.socket.sendto(header + question + record, client)


class Upstream:
    """An HTTPS server that offers HTTP/2 before HTTP/1.1, as many do, and remembers what was chosen."""

    def __init__(self, certificate, key):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        context.set_alpn_protocols(["h2", "http/1.1"])
        self.protocols = []
        self.requests = []
        upstream = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                upstream.protocols.append(self.connection.selected_alpn_protocol())
                upstream.requests.append((self.path, dict(self.headers)))
                body = b"3.0.0 from the upstream"
                self.send_response(200)
                self.send_header("Content-Type", "text/plain")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            def handle_error(self, *_):
                pass  # A client that refuses our certificate is what some tests are about.

        self.server = Server(("127.0.0.1", 0), Handler)
        # With the handshake in the handler's thread, a client that breaks it off does not stop the server.
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class PlainUpstream:
    """An HTTP server that takes every method, remembers what came as (method, target, header fields, body), and answers 200.

    While `held` is clear, requests wait for it; `arrived` says that one does.
    """

    def __init__(self, body=b"from the upstream"):
        self.requests = []
        self.arrived = threading.Event()
        self.held = threading.Event()
        self.held.set()
        upstream = self

        class Handler(QuietHandler):
            def answer(self):
                request = self.read_body()
                upstream.requests.append((self.command, self.path, self.headers.items(), request))
                upstream.arrived.set()
                upstream.held.wait()
                self.reply(200, b"" if self.command == "HEAD" else body, {"Content-Type": "text/plain"})

            do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer

        self.server = QuietServer(("127.0.0.1", 0), Handler)
        self.address = "127.0.0.1:%d" % self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self):
        self.held.set()
        self.server.shutdown()
        self.server.server_close()


class QuietServer(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_):
        pass  # A function is stopped in the middle of whatever it does.


class QuietHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # An answer leaves in one piece: otherwise each waits 40 ms for the acknowledgement of its head.
    wbufsize = -1
    disable_nagle_algorithm = True

    def handle_expect_100(self):
        # Leaves at once: the client holds its body back until it comes.
        expected = super().handle_expect_100()
        self.wfile.flush()
        return expected

    def reply(self, status, body=b"", headers=None):
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def read_body(self):
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return body

    def hang_up(self, reset=False):
        """Closes the connection; with `reset`, so that the other side's read fails."""
        self.close_connection = True
        self.wfile.flush()
        if reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            # The files of the handler hold the socket open.
            self.wfile.detach()
            self.rfile.detach()
            self.connection.close()
        else:
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *_):
        pass


class Posted(typing.NamedTuple):
    """What a function posted: `response` or `error`, or `init/error`."""

    kind: str
    body: bytes
    path: str
    headers: email.message.Message


class Event(typing.NamedTuple):
    """One event as bytes. `headers` are in addition to the request id, and all there are."""

    body: bytes
    request_id: str = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"
    headers: dict = {}


ORDINARY_HEADERS = {
    "Content-Type": "application/json",
    "Lambda-Runtime-Deadline-Ms": "4102444800000",
    "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:eu-west-1:123456789012:function:proxy",
    "Lambda-Runtime-Trace-Id": "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=0",
}


class RuntimeAPI:
    """Hands out events one by one and collects what the function posts.

    An event is an `Event`, any JSON value, or a function that is called with the HTTP handler and answers as it likes.
    `on_post`, where it is set, is called with the HTTP handler and what was posted, and answers.
    """

    def __init__(self, events=(), on_post=None):
        self.waiting = queue.Queue()
        self.posted = queue.Queue()
        self.idle = threading.Event()
        self.on_post = on_post
        # Whether a connection is closed without an answer at its second call.
        self.one_call_a_connection = False
        # The targets of all the calls, and how many calls for an event are waiting for one.
        self.calls = []
        self.waiters = 0
        self.changed = threading.Condition()
        for event in events:
            self.waiting.put(event)
        api = self

        class Handler(QuietHandler):
            def parse_request(self):
                if not super().parse_request():
                    return False
                if api.one_call_a_connection and hasattr(self, "was_used"):
                    self.hang_up()
                    return False
                self.was_used = True
                return True

            def do_GET(self):
                api.note(self.path, 1)
                if api.waiting.empty():
                    api.idle.set()
                event = api.waiting.get()
                api.note(None, -1)
                if callable(event):
                    return event(self)
                if not isinstance(event, Event):
                    event = Event(json.dumps(event).encode(), headers=ORDINARY_HEADERS)
                self.reply(200, event.body, {"Lambda-Runtime-Aws-Request-Id": event.request_id, **event.headers})

            def do_POST(self):
                api.note(self.path, 0)
                kind = "init/error" if self.path.endswith("/init/error") else self.path.rsplit("/", 1)[1]
                posted = Posted(kind, self.read_body(), self.path, self.headers)
                # Before the answer: whoever has it may post the next one at once.
                api.posted.put(posted)
                if api.on_post:
                    api.on_post(self, posted)
                else:
                    self.reply(202)

        self.server = QuietServer(("127.0.0.1", 0), Handler)
        self.address = "127.0.0.1:%d" % self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def note(self, path, waiters):
        with self.changed:
            if path:
                self.calls.append(path)
            self.waiters += waiters
            self.changed.notify_all()

    def wait_for_waiters(self, count, timeout=30):
        """Whether so many calls for an event came to wait at once."""
        with self.changed:
            return self.changed.wait_for(lambda: self.waiters == count, timeout)

    def close(self):
        # The handlers' threads, which may be waiting, go with the process.
        self.server.shutdown()
        self.server.server_close()
