#!/usr/bin/env python3
"""`./build.sh verify` at what `./build.sh up` serves, and at a load balancer that signs people in and takes machines' tokens: all well,
and with one thing broken after the other, which the line about it has to find."""

import http.server
import os
import pathlib
import re
import ssl
import subprocess
import sys
import tempfile
import threading
import unittest
import warnings

import listener_front
from local_stack import FOREIGN, REPOSITORY, LocalStack

sys.path.append(str(REPOSITORY / "Tests/Packaging"))
from certificates import Authority  # noqa: E402  (the other folder of tests has it)

HOST = "mlflow.example.com"
TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJtbGZsb3cifQ.c2lnbmF0dXJl"
SIGN_IN = ("https://mlflow-gateway.auth.us-east-1.amazoncognito.com/oauth2/authorize?client_id=1h57kf5cpq17m0eml12EXAMPLE"
           "&redirect_uri=https%3A%2F%2Fmlflow.example.com%2Foauth2%2Fidpresponse&response_type=code&scope=openid&state=x")
ENVIRONMENT = {name: value for name, value in os.environ.items() if not FOREIGN.match(name)}


class LoadBalancer:
    """What the stack's load balancer does for somebody without a session, with one thing changed.

    `faults`: by the name of an occasion, the status and place that is answered then.
    """

    def __init__(self, certificate, key, old_tls=False, **faults):
        self.faults = faults
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        if old_tls:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                context.minimum_version = ssl.TLSVersion.TLSv1
            context.set_ciphers("ALL:@SECLEVEL=0")
        self.plain, self.secure = self.serve(self.redirect), self.serve(self.admit, context)
        self.ports = [f"--connect-to={HOST}:{port}:127.0.0.1:{server.server_port}" for port, server in ((80, self.plain), (443, self.secure))]

    def serve(self, decide, context=None):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                status, location = decide(self.path, self.headers, self.command)
                self.send_response(status)
                if location:
                    self.send_header("Location", location)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_OPTIONS = do_GET

            def log_message(self, *arguments):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request, address):
                pass

        server = Server(("127.0.0.1", 0), Handler)
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server

    def redirect(self, path, headers, method):
        return self.faults.get("plain", (301, f"https://{HOST}:443/"))

    def admit(self, path, headers, method):
        bearer = headers.get("Authorization", "").removeprefix("Bearer ")
        if headers["Host"] != HOST:
            return self.faults.get("other_host", (421, None))
        if method == "OPTIONS" and "Origin" in headers:
            asks = "Access-Control-Request-Method" in headers
            return self.faults.get("preflight", (403, None)) if asks else self.faults.get("options", (401, None))
        if "x-amzn-oidc-data" in headers and "invented" in self.faults:
            return self.faults["invented"]
        if bearer:
            return self.faults.get("token", (200, None)) if bearer == TOKEN else self.faults.get("altered", (401, None))
        if "%2e" in path:
            return self.faults.get("dots", (401, None))
        if path.startswith("/api/"):
            return self.faults.get("api", (401, None))
        return self.faults.get("page", (302, SIGN_IN))

    def stop(self):
        for server in (self.plain, self.secure):
            server.shutdown()
            server.server_close()


def verify(*arguments, **variables):
    """The exit status, the lines that say ok, and those that say FAIL."""
    done = subprocess.run(["./build.sh", "verify", *arguments], cwd=REPOSITORY, env={**ENVIRONMENT, **variables}, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300)
    found = {word: re.findall(rf"(?m)^  {word} +(.+)$", done.stdout) for word in ("ok", "FAIL", "--")}
    return done.returncode, found, done.stdout


class SignedIn(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.authority = Authority(cls.folder.name, "authority")
        cls.certificate = cls.authority.issue(HOST)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def look(self, *arguments, old_tls=False, **faults):
        balancer = LoadBalancer(*self.certificate, old_tls, **faults)
        try:
            return verify(f"https://{HOST}", "--ca", str(self.authority.certificate), *balancer.ports, *arguments)
        finally:
            balancer.stop()

    def finds(self, line, *arguments, **faults):
        """What is broken is found, and nothing else is said to be."""
        status, found, output = self.look(*arguments, **faults)
        self.assertEqual((status, len(found["FAIL"])), (1, 1), output)
        self.assertTrue(found["FAIL"][0].startswith(line), output)
        self.assertIn("1 of these are not as they should be.", output)

    def test_all_is_well(self):
        status, found, output = self.look()
        self.assertEqual((status, found["FAIL"]), (0, []), output)
        self.assertEqual(found["ok"], [
            "the page sends to sign in, and back here", "an API call without a session is 401, not a redirect", "another host name is 421",
            "an invented sign-in does not let anybody in", "OPTIONS that is no preflight stops at the load balancer",
            "a preflight of an unknown origin is refused", "a path with .. is not forwarded", "port 80 redirects to HTTPS or is closed", "TLS 1.1 is refused"])

    def test_all_is_well_for_a_machine(self):
        status, found, output = self.look("--token", TOKEN)
        self.assertEqual((status, found["FAIL"]), (0, []), output)
        self.assertIn("an API call with the token answers", found["ok"])
        self.assertIn("a token with another signature is refused", found["ok"])

    def test_tokens_alone(self):
        status, found, output = self.look("--token", TOKEN, page=(401, None))
        self.assertEqual((status, found["FAIL"]), (0, []), output)
        self.assertIn("the page wants a sign-in or a token", found["ok"])

    def test_whoever_reaches_it_may_when_that_is_said(self):
        open_to_all = {"page": (200, None), "api": (200, None)}
        self.finds("the page asks who you are (say --open if whoever reaches it may): 200", **open_to_all)
        self.assertEqual(self.look("--open", **open_to_all)[0], 0)

    def test_the_page_is_broken(self):
        self.finds("the page wants a sign-in or a token: 503", page=(503, None))

    def test_sign_in_is_not_encrypted(self):
        self.finds("the page sends to sign in, and back here: 302 http://", page=(302, SIGN_IN.replace("https://", "http://", 1)))

    def test_sign_in_leads_back_to_somebody_else(self):
        self.finds("the page sends to sign in, and back here: 302 https://", page=(302, SIGN_IN.replace("mlflow.example.com", "mlflow.example.net")))

    def test_an_expired_session_is_sent_to_sign_in_by_the_api(self):
        self.finds("an API call without a session is 401, not a redirect: 302", api=(302, SIGN_IN))

    def test_the_api_is_open(self):
        self.finds("an API call without a session is 401, not a redirect: 200", api=(200, None))

    def test_any_host_name_is_served(self):
        self.finds("another host name is 421: 302", other_host=(302, SIGN_IN))

    def test_an_invented_sign_in_is_believed(self):
        self.finds("an invented sign-in does not let anybody in: 200", invented=(200, None))

    def test_options_get_past_sign_in_whatever_they_ask(self):
        for status in (200, 204, 302):
            self.finds(f"OPTIONS that is no preflight stops at the load balancer: {status}", options=(status, None))

    def test_pages_of_any_origin_may_call(self):
        self.finds("a preflight of an unknown origin is refused: 204", preflight=(204, None))

    def test_a_path_with_dots_gets_through(self):
        self.finds("a path with .. is not forwarded: 404", dots=(404, None))

    def test_port_80_serves_in_the_clear(self):
        self.finds("port 80 redirects to HTTPS or is closed: 200", plain=(200, None))

    def test_port_80_redirects_to_somebody_else(self):
        self.finds("port 80 redirects to HTTPS or is closed: 301 https://mlflow.example.com.attacker.example/",
                   plain=(301, "https://mlflow.example.com.attacker.example/"))

    def test_a_token_is_not_taken(self):
        self.finds("an API call with the token answers: 403", "--token", TOKEN, token=(403, None))

    def test_an_altered_token_is_taken(self):
        self.finds("a token with another signature is refused: 200", "--token", TOKEN, altered=(200, None))

    def test_old_tls_is_spoken(self):
        self.finds("TLS 1.1 is refused: 302", old_tls=True)

    def test_a_certificate_of_somebody_else(self):
        balancer = LoadBalancer(*self.certificate)
        try:
            status, _, output = verify(f"https://{HOST}", *balancer.ports)
        finally:
            balancer.stop()
        self.assertEqual(status, 1)
        self.assertRegex(output, r"(?m)^build\.sh: https://mlflow\.example\.com cannot be reached: curl: \(60\)")

    def test_a_setting_of_the_machine_does_not_matter(self):
        balancer = LoadBalancer(*self.certificate)
        try:
            status, found, output = verify(f"https://{HOST}", "--ca", str(self.authority.certificate), *balancer.ports,
                                           https_proxy="http://127.0.0.1:1", http_proxy="http://127.0.0.1:1")
        finally:
            balancer.stop()
        self.assertEqual((status, found["FAIL"]), (0, []), output)

    def test_an_address_that_is_none(self):
        for address in ("mlflow.example.com", "https://mlflow.example.com/portal", "ftp://mlflow.example.com", "https://"):
            with self.subTest(address):
                status, _, output = verify(address)
                self.assertEqual((status, output), (1, f"build.sh: '{address}' is no https://HOST.\n"))


class Rules(unittest.TestCase):
    """The listener rules of a profile, and the packaged function behind them."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.certificate = pathlib.Path(folder.name) / "server.pem"
        upstream = listener_front.Upstream()
        self.addCleanup(upstream.stop)
        self.front = listener_front.ListenerFront("server-jwt-portal", upstream.url, listener_front.certificate(self.certificate.parent))
        self.addCleanup(self.front.stop)

    def look(self):
        return verify(f"https://{HOST}", "--ca", str(self.certificate), "--token", listener_front.GOOD_TOKEN,
                      f"--connect-to={HOST}:443:127.0.0.1:{self.front.port}", f"--connect-to={HOST}:80:127.0.0.1:1")

    def test_the_rules_for_tokens_and_a_portal_are_as_they_should_be(self):
        status, found, output = self.look()
        self.assertEqual((status, found["FAIL"]), (0, []), output)
        self.assertIn("an API call with the token answers", found["ok"])

    def test_a_rule_that_takes_any_options_for_a_preflight_is_found_though_the_proxy_refuses_them(self):
        rule, = [each for each in self.front.listener.rules if each["Priority"] == 1]
        rule["Conditions"] = [each for each in rule["Conditions"] if each.get("HttpHeaderConfig", {}).get("HttpHeaderName") != "Access-Control-Request-Method"]
        status, found, output = self.look()
        self.assertEqual((status, found["FAIL"]), (1, ["OPTIONS that is no preflight stops at the load balancer: 405"]), output)


class Up(unittest.TestCase):
    def test_what_up_serves_is_as_it_should_be_without_sign_in_and_https(self):
        stack = LocalStack()
        try:
            status, found, output = verify(stack.url)
        finally:
            stack.stop()
        self.assertEqual((status, found["FAIL"]), (0, []), output)
        self.assertEqual(found["ok"], ["the page answers, to whoever reaches it", "the API answers", "another host name is 421", "a path with .. is not forwarded"])


if __name__ == "__main__":
    unittest.main()
