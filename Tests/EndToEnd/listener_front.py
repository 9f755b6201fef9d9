"""A load balancer that does what a profile's listener rules say: sessions, bearer tokens and all, over TLS, before the packaged
functions as that profile configures them. A browser sees the profile's own host names.

Its checks of tokens are by name; what it tells the functions of a session is signed as the real one signs it."""

import base64
import datetime
import http.client
import http.server
import ipaddress
import json
import os
import secrets
import ssl
import sys
import threading
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

from function_front import REPOSITORY, FunctionFront, Server, wait_for

sys.path.insert(0, str(REPOSITORY / ".scripts/templates"))

import listener
import stack

BALANCER = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/mlflow-gateway/50dc6c495c0c9188"
KEY_ID = "8fa6f2b0-5c43-4b7e-9d0e-0123456789ab"
ISSUER, CLIENT = "https://login.example.com", "mlflow"
GOOD_TOKEN = "good.token.of-a-machine"
# The functions by their target groups, and what of their settings holds without AWS.
FUNCTIONS = {"RoutesProxyTargets": "ProxyFunction", "RoutesMachineTargets": "MachineProxyFunction"}
SETTINGS = ("PROXY_AUTH", "PROXY_ACCESS", "PROXY_PUBLIC_URL", "PROXY_ALLOWED_ORIGINS", "PROXY_FRAME_ANCESTORS")


def serve(answer, context=None):
    """Serves every method on a free port; `answer` gets the handler, the body and says status, headers, body."""
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *arguments):
            pass

        def handle_one_request(self):
            try:
                super().handle_one_request()
            except (ConnectionError, ssl.SSLError):
                self.close_connection = True

        def reply(self):
            body = self.rfile.read(int(self.headers["Content-Length"] or 0))
            status, headers, content = answer(self, body)
            self.send_response(status)
            for name, value in headers:
                self.send_header(name, value)
            if status not in (204, 304):
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        def __getattr__(self, name):
            if name.startswith("do_"):
                return self.reply
            raise AttributeError(name)

    server = Server(("127.0.0.1", 0), Handler)
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def certificate(folder):
    """A server's TLS for any name; the browser is told not to mind who signed it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "example.com")])
    now = datetime.datetime.now(datetime.timezone.utc)
    made = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(1)).not_valid_after(now + datetime.timedelta(1))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("*.example.com"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
            .sign(key, hashes.SHA256()))
    path = folder / "server.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


class Upstream:
    """MLflow, as far as a page of another origin is concerned: says yes, and remembers what it was asked."""

    def __init__(self):
        self.requests = []
        self.server = serve(self.answer)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def answer(self, handler, body):
        self.requests.append((handler.command, handler.path, dict(handler.headers.items()), body))
        return 200, [("Content-Type", "application/json"), ("Access-Control-Allow-Origin", "*")], b'{"run":{"info":{}}}'

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class ListenerFront:
    """The load balancer of a profile; `port` is that of its HTTPS listener."""

    def __init__(self, profile, upstream, context):
        template = stack.flatten(stack.profile(profile))
        self.listener = listener.Listener(template)
        self.sessions, self.key = set(), ec.generate_private_key(ec.SECP256R1())
        public = self.key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        self.keys = serve(lambda handler, body: (200, [("Content-Type", "text/plain")], public) if handler.path == f"/{KEY_ID}" else (404, [], b""))
        self.functions = {}
        for target, name in FUNCTIONS.items():
            if name in template["Resources"]:
                variables = template["Resources"][name]["Properties"]["Environment"]["Variables"]
                settings = {key: variables[key] for key in SETTINGS if key in variables}
                if settings["PROXY_AUTH"] == "alb-oidc":
                    settings |= {"PROXY_ALB_ARN": BALANCER, "PROXY_OIDC_CLIENT_ID": CLIENT, "PROXY_OIDC_ISSUER": ISSUER,
                                 "PROXY_OIDC_KEY_URL": f"http://127.0.0.1:{self.keys.server_port}/"}
                self.functions[target] = FunctionFront("mlflow-proxy", {
                    "MLFLOW_TRACKING_ARN": "arn:aws:sagemaker:us-east-1:123456789012:mlflow-tracking-server/team",
                    "SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT": upstream, **settings}, os.environ.get("FUNCTION_EXECUTABLE"))
        for function in self.functions.values():
            wait_for(function.url + "/_proxy/health", function.process)
        self.server = serve(self.answer, context)
        self.port = self.server.server_port

    def stop(self):
        for function in self.functions.values():
            function.stop()
        for server in (self.server, self.keys):
            server.shutdown()
            server.server_close()

    def identity(self):
        """`x-amzn-oidc-data`, with the padding that the load balancer leaves in."""
        end = int(time.time()) + 120
        header = {"typ": "JWT", "kid": KEY_ID, "alg": "ES256", "iss": ISSUER, "client": CLIENT, "signer": BALANCER, "exp": end}
        parts = [base64.urlsafe_b64encode(json.dumps(part).encode()) for part in (header, {"sub": "5e2c", "iss": ISSUER, "exp": end})]
        first, second = utils.decode_dss_signature(self.key.sign(b".".join(parts), ec.ECDSA(hashes.SHA256())))
        return b".".join([*parts, base64.urlsafe_b64encode(first.to_bytes(32, "big") + second.to_bytes(32, "big"))]).decode()

    def session(self, handler):
        cookies = dict(pair.strip().partition("=")[::2] for pair in (handler.headers["Cookie"] or "").split(";"))
        return cookies.get("AWSELBAuthSessionCookie-0") in self.sessions

    def answer(self, handler, body):
        path, host = handler.path.partition("?")[0], handler.headers["Host"] or ""
        if path == "/oauth2/idpresponse":
            # As the real one sets it: there is no word of SameSite.
            self.sessions.add(cookie := secrets.token_hex(8))
            return 302, [("Location", "/"), ("Set-Cookie", f"AWSELBAuthSessionCookie-0={cookie}; Path=/; Secure; HttpOnly")], b""
        headers = [(name.lower(), value) for name, value in handler.headers.items() if name.lower() not in ("host", "content-length", "connection")]
        decision = self.listener.answer(listener.Request(handler.command, path, host, dict(headers)))
        if decision.status:
            return decision.status, [("Content-Type", "text/plain")], b"fixed response"
        if decision.gate == "token" and handler.headers["Authorization"] != f"Bearer {GOOD_TOKEN}":
            return 401, [], b"<h1>401 Unauthorized</h1>"
        if decision.gate in ("deny", "authenticate"):
            if not self.session(handler):
                return (401, [], b"<h1>401 Authorization Required</h1>") if decision.gate == "deny" else (302, [("Location", ISSUER + "/authorize")], b"")
            headers = [each for each in headers if not each[0].startswith("x-amzn-oidc-")] + [("x-amzn-oidc-data", self.identity())]
        function = self.functions[decision.target]
        connection = http.client.HTTPConnection("127.0.0.1", function.servers[1].server_port, timeout=60)
        connection.putrequest(handler.command, handler.path, skip_host=True, skip_accept_encoding=True)
        for name, value in [("host", host), *headers, ("content-length", str(len(body)))]:
            connection.putheader(name, value)
        connection.endheaders(body)
        got = connection.getresponse()
        content = got.read()
        connection.close()
        return got.status, [each for each in got.getheaders() if each[0].lower() not in ("date", "server", "connection", "content-length")], content
