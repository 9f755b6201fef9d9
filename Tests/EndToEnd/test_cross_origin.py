"""Scripts of a portal's page that call MLflow, in a real browser: with the visitor's session and with bearer tokens, past a load
balancer that obeys the listener rules of a profile. Host names are the profile's own, over TLS."""

import http.client
import json
import pathlib
import ssl
import tempfile
import unittest

import browser
from listener_front import GOOD_TOKEN, ListenerFront, Upstream, certificate, serve

MLFLOW, PORTAL, STRANGER = "mlflow.example.com", "portal.example.com", "portal.example.net"
CREATE = "/api/2.0/mlflow/runs/create"
# What a script of the page sees: status and body, or that the browser keeps the answer back.
FETCH = """
fetch(%s, %s).then(async (answer) => [answer.status, await answer.text()]).catch((error) => [0, String(error)])
"""


class CrossOriginTests(unittest.TestCase):
    """What both kinds of callers have in common; `profile` is the shape of the stack."""

    @classmethod
    def setUpClass(cls):
        if not browser.find():
            raise unittest.SkipTest("no chromium is installed")
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        context = certificate(pathlib.Path(folder.name))
        cls.upstream = Upstream()
        cls.addClassCleanup(cls.upstream.stop)
        cls.front = ListenerFront(cls.profile, cls.upstream.url, context)
        cls.addClassCleanup(cls.front.stop)
        pages = serve(lambda handler, body: (200, [("Content-Type", "text/html")], b"<!doctype html><title>page</title>"), context)
        cls.addClassCleanup(pages.server_close)
        cls.addClassCleanup(pages.shutdown)
        names = [f"MAP {MLFLOW}:443 127.0.0.1:{cls.front.port}", *(f"MAP {name}:443 127.0.0.1:{pages.server_port}" for name in (PORTAL, STRANGER))]
        cls.page = browser.Browser(flags=[f"--host-resolver-rules={', '.join(names)}", "--ignore-certificate-errors"])
        cls.addClassCleanup(cls.page.close)

    def setUp(self):
        self.rules = self.front.listener.rules
        self.addCleanup(setattr, self.front.listener, "rules", self.rules)
        self.page.call("Network.clearBrowserCookies")
        self.upstream.requests.clear()

    def open(self, host, path="/"):
        self.page.open(f"https://{host}{path}")
        self.page.wait(f"location.host === '{host}' && document.readyState === 'complete'")

    def sign_in(self):
        self.open(MLFLOW, "/oauth2/idpresponse")
        self.upstream.requests.clear()

    def fetch(self, path=CREATE, method="POST", token=None, **options):
        headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
        options = {"method": method, "headers": headers, "cache": "no-store", **options}
        if method not in ("GET", "HEAD"):
            options["body"] = json.dumps({"experiment_id": "0"})
        return self.page.script(FETCH % (json.dumps(f"https://{MLFLOW}{path}"), json.dumps(options)))

    def asked(self):
        """What MLflow was asked: methods and paths. The tab that signs in asks for an icon when it likes."""
        return [request[:2] for request in self.upstream.requests if request[1] != "/favicon.ico"]

    def send(self, method, headers, body=b""):
        """A request of no browser, which says what it likes."""
        connection = http.client.HTTPSConnection("127.0.0.1", self.front.port, context=ssl._create_unverified_context(), timeout=60)
        self.addCleanup(connection.close)
        connection.putrequest(method, CREATE, skip_host=True)
        for name, value in {"Host": MLFLOW, "Content-Length": str(len(body)), **headers}.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        return connection.getresponse()

    def check_a_token_is_enough(self):
        self.open(PORTAL)
        status, text = self.fetch(token=GOOD_TOKEN)
        self.assertEqual((status, text), (200, '{"run":{"info":{}}}'))
        method, path, headers, body = self.upstream.requests[0]
        self.assertEqual((method, path, json.loads(body)), ("POST", CREATE, {"experiment_id": "0"}))
        self.assertNotIn(GOOD_TOKEN, str(headers))
        self.assertEqual(self.asked(), [("POST", CREATE)], "the preflight stays at the proxy")
        # With leave to send cookies too, and for a route of the proxy's own.
        self.assertEqual(self.fetch(token=GOOD_TOKEN, credentials="include")[0], 200)
        self.assertEqual(self.fetch("/_proxy/health", "GET", GOOD_TOKEN)[0], 200)

    def check_a_wrong_token_is_not(self):
        self.open(PORTAL)
        status, text = self.fetch(token="forged")
        self.assertEqual((status, "Failed to fetch" in text), (0, True), "the listener's 401 has no CORS header")
        self.assertEqual(self.asked(), [])

    def check_another_origin_is_kept_out(self):
        self.open(STRANGER)
        for options in ({"token": GOOD_TOKEN}, {"credentials": "include"}, {"token": GOOD_TOKEN, "credentials": "include"}):
            self.assertEqual(self.fetch(**options)[0], 0)
        self.assertEqual(self.asked(), [])

    def check_nothing_slips_past_as_a_preflight(self):
        forged = {"Origin": f"https://{PORTAL}", "Authorization": "Bearer forged", "X-Amzn-Oidc-Data": "a.b.c", "Cookie": "AWSELBAuthSessionCookie-0=forged"}
        asks = {"Access-Control-Request-Method": "POST"}
        for method, headers, expected in (
                ("OPTIONS", {**forged, **asks}, (204,)), ("OPTIONS", {**forged, **asks, "Connection": "origin, access-control-request-method"}, (204,)),
                ("OPTIONS", {**forged, **asks, "Origin": "https://evil.example.net"}, (403,)), ("OPTIONS", forged, (401,)),
                ("options", {**forged, **asks}, (401,)), ("POST", {**forged, **asks, "X-HTTP-Method-Override": "OPTIONS"}, (401,)),
                ("GET", {**forged, **asks}, (401,))):
            with self.subTest(method=method, headers=headers):
                answer = self.send(method, headers, b'{"experiment_id":"0"}')
                self.assertIn(answer.status, expected)
                self.assertEqual(answer.getheader("access-control-allow-origin"), f"https://{PORTAL}" if answer.status == 204 else None)
        self.assertEqual(self.asked(), [])

    def without_the_rule(self):
        self.front.listener.rules = [rule for rule in self.rules if rule["Priority"] != 1]


class PeopleAndMachinesTests(CrossOriginTests):
    """People have sessions, machines have tokens, and a page may use both."""

    profile = "app-cognito-machines"

    def test_a_portals_script_posts_json_with_the_visitors_session(self):
        self.sign_in()
        self.open(PORTAL)
        self.assertEqual(self.fetch(credentials="include"), [200, '{"run":{"info":{}}}'])
        self.assertEqual(self.asked(), [("POST", CREATE)])
        self.assertNotIn("AWSELB", str(self.upstream.requests))

    def test_what_the_proxy_refuses_can_be_read(self):
        self.sign_in()
        self.open(PORTAL)
        status, text = self.fetch("/api/2.0/mlflow/runs/delete", credentials="include")
        self.assertEqual((status, json.loads(text)["error_code"]), (403, "PERMISSION_DENIED"))
        self.assertEqual(self.asked(), [])

    def test_without_a_session_the_script_sees_a_failure_alone(self):
        self.open(PORTAL)
        self.assertEqual(self.fetch(credentials="include")[0], 0)
        self.assertEqual(self.asked(), [])

    def test_a_session_is_not_for_pages_of_other_sites(self):
        self.sign_in()
        self.check_another_origin_is_kept_out()

    def test_a_portals_script_comes_with_a_token(self):
        self.check_a_token_is_enough()
        self.assertIn('"path":"/api/2.0/mlflow/runs/create"', "".join(self.front.functions["RoutesMachineTargets"].log))

    def test_a_wrong_token_is_refused(self):
        self.check_a_wrong_token_is_not()

    def test_nothing_slips_past_sign_in_as_a_preflight(self):
        self.check_nothing_slips_past_as_a_preflight()

    def test_without_the_rule_a_script_could_do_neither(self):
        self.sign_in()
        self.open(PORTAL)
        self.without_the_rule()
        for options in ({"credentials": "include"}, {"token": GOOD_TOKEN}):
            self.assertEqual(self.fetch(**options)[0], 0)
        self.assertEqual(self.asked(), [])


class TokensTests(CrossOriginTests):
    """Tokens alone, which the proxy takes the listener's word for."""

    profile = "server-jwt-portal"

    def test_a_portals_script_comes_with_a_token(self):
        self.check_a_token_is_enough()

    def test_a_wrong_token_is_refused(self):
        self.check_a_wrong_token_is_not()

    def test_another_origin_is_kept_out(self):
        self.check_another_origin_is_kept_out()

    def test_nothing_slips_past_the_token_check_as_a_preflight(self):
        self.check_nothing_slips_past_as_a_preflight()


# The base has nothing to run of its own.
del CrossOriginTests

if __name__ == "__main__":
    unittest.main(verbosity=2)
