"""The outside world of a function under test: a DNS server, an HTTPS upstream, and a Lambda Runtime API, all on loopback."""

import http.server
import json
import queue
import socket
import ssl
import struct
import threading


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
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class RuntimeAPI:
    """Hands out events one by one and collects what the function posts, as (kind, body)."""

    def __init__(self, events):
        self.waiting = queue.Queue()
        self.posted = queue.Queue()
        self.idle = threading.Event()
        for event in events:
            self.waiting.put(event)
        api = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                if api.waiting.empty():
                    api.idle.set()
                body = json.dumps(api.waiting.get()).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Lambda-Runtime-Aws-Request-Id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd")
                self.send_header("Lambda-Runtime-Deadline-Ms", "4102444800000")
                self.send_header(
                    "Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:eu-west-1:123456789012:function:proxy")
                self.send_header("Lambda-Runtime-Trace-Id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=0")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self):
                api.posted.put((self.path.rsplit("/", 1)[1], self.read_body()))
                self.send_response(202)
                self.send_header("Content-Length", "0")
                self.end_headers()

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

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass  # The function is stopped while it waits for its next event.

        self.server = Server(("127.0.0.1", 0), Handler)
        self.address = "127.0.0.1:%d" % self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.waiting.put(None)
        self.server.shutdown()
        self.server.server_close()
