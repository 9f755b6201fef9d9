"""The portal's page in a real browser: the addresses that follow each other, the keyboard, what it says of faults, and how
it looks on a desk, on a phone and in the dark."""

import http.server
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.request

import browser
from free_port import free_port
from function_front import CLEAN, REPOSITORY, FunctionFront, wait_for

SCREENSHOTS = REPOSITORY / ".build" / "screenshots"
PAGE = "document.getElementById('loading').hidden && document.getElementById('fault').hidden"
FAULT = "!document.getElementById('fault').hidden"
FRAME = "document.getElementById('mlflow').contentWindow"

# The contrast of every visible text to its ground, by the formula of WCAG 2.2; the least of them.
CONTRAST = """
(() => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const color = (text) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = text; canvas.fillRect(0, 0, 1, 1); return canvas.getImageData(0, 0, 1, 1).data; };
  const luminance = (data) => [0.2126, 0.7152, 0.0722].reduce((sum, weight, index) => {
    const part = data[index] / 255;
    return sum + weight * (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  }, 0);
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const data = color(getComputedStyle(at).backgroundColor);
      if (data[3] === 255) return data;
    }
    return [255, 255, 255, 255];
  };
  let least = 99, count = 0;
  for (const element of document.body.querySelectorAll("*")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!own || ["SCRIPT", "STYLE", "NOSCRIPT"].includes(element.tagName) || !element.checkVisibility()) continue;
    const [one, other] = [luminance(color(getComputedStyle(element).color)), luminance(ground(element))].sort((a, b) => b - a);
    least = Math.min(least, (one + 0.05) / (other + 0.05));
    count += 1;
  }
  return { least, count };
})()
"""


class PortalTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not browser.find():
            raise unittest.SkipTest("no chromium is installed")
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        port = free_port()
        log = open(pathlib.Path(folder.name) / "mlflow.log", "wb")
        server = subprocess.Popen(
            [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
             "--backend-store-uri", f"sqlite:///{folder.name}/mlflow.db", "--artifacts-destination", f"{folder.name}/artifacts"],
            env=CLEAN, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)

        def stop():
            os.killpg(server.pid, signal.SIGTERM)
            server.wait()
            log.close()

        cls.addClassCleanup(stop)
        cls.mlflow = f"http://127.0.0.1:{port}"
        wait_for(cls.mlflow + "/health", server)
        created = urllib.request.Request(
            cls.mlflow + "/api/2.0/mlflow/experiments/create", json.dumps({"name": "churn"}).encode(), {"Content-Type": "application/json"})
        urllib.request.urlopen(created, timeout=30).close()
        cls.front = cls.proxy(cls.mlflow)

    @classmethod
    def proxy(cls, upstream, **settings):
        front = FunctionFront("mlflow-proxy", {
            "MLFLOW_TRACKING_ARN": "arn:aws:sagemaker:us-east-1:123456789012:mlflow-tracking-server/team-analytics",
            "SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT": upstream, "PROXY_AUTH": "network", **settings}, os.environ.get("FUNCTION_EXECUTABLE"))
        cls.addClassCleanup(front.stop)
        wait_for(front.url + "/_proxy/health", front.process)
        return front

    def page(self, address, until=PAGE, **options):
        page = browser.Browser(**options)
        self.addCleanup(page.close)
        page.open(address)
        page.wait(until)
        return page

    def test_it_looks_right_on_a_desk_on_a_phone_and_in_the_dark(self):
        kinds = {
            "desktop": {}, "phone": {"width": 390, "height": 844, "mobile": True},
            "dark": {"media": [("prefers-color-scheme", "dark"), ("prefers-reduced-motion", "reduce")]}}
        for kind, options in kinds.items():
            with self.subTest(kind):
                page = self.page(self.front.url + "/_proxy/portal#/experiments", **options)
                page.wait(f"{FRAME}.document.body.innerText.includes('churn')")
                page.screenshot(SCREENSHOTS / f"portal-{kind}.png")
                contrast = page.script(CONTRAST)
                print(f"{kind}: least contrast {contrast['least']:.2f} of {contrast['count']} texts")
                self.assertGreaterEqual(contrast["least"], 4.5)
                self.assertGreaterEqual(contrast["count"], 4)
                self.assertEqual(page.script("document.documentElement.scrollWidth <= innerWidth"), True)
                self.assertFalse([text for text in page.messages() if "Content Security Policy" in text or "portal" in text])

    def test_the_two_addresses_follow_each_other(self):
        page = self.page(self.front.url + "/_proxy/portal#/experiments")
        page.wait(f"{FRAME}.document.body.innerText.includes('churn')")
        page.script(f"[...{FRAME}.document.querySelectorAll('a')].find((link) => link.innerText === 'churn').click()")
        page.wait("location.hash.startsWith('#/experiments/1')")
        page.wait(f"document.getElementById('tab').getAttribute('href') === '/' + {FRAME}.location.hash")
        page.script("history.back()")
        page.wait(f"location.hash === '#/experiments' && {FRAME}.location.hash === location.hash")
        page.script("location.hash = '#/models'")
        page.wait(f"{FRAME}.location.hash === '#/models'")
        page.wait(f"{FRAME}.document.body.innerText.includes('Registered Models')")
        page.wait("location.hash === '#/models'")
        page.wait("document.title.endsWith('MLflow · team-analytics')")

    def test_everything_is_reached_with_the_keyboard(self):
        page = self.page(self.front.url + "/_proxy/portal")
        focus = "document.activeElement.id || document.activeElement.innerText.trim()"
        seen = []
        for _ in range(4):
            page.press("Tab", 9)
            seen.append(page.script(focus))
            self.assertNotEqual(page.script("getComputedStyle(document.activeElement).outlineStyle"), "none", seen)
        self.assertEqual(seen[:3], ["skip", "reload", "tab"])
        self.assertIn("Open in SageMaker", seen[3])
        page.script("document.getElementById('skip').focus()")
        page.press("Enter", 13)
        page.wait("document.activeElement.id === 'mlflow'")
        names = page.script(
            "[...document.querySelectorAll('a, button, iframe')].map((item) => (item.innerText || item.title || item.textContent).trim())")
        self.assertTrue(all(names), names)
        self.assertEqual(page.script("document.documentElement.lang"), "en")
        self.assertEqual(page.script("document.querySelectorAll('h1, main, header, nav').length"), 4)

    def test_a_service_that_does_not_answer_is_told_of_and_tried_again(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            dead = f"http://127.0.0.1:{probe.getsockname()[1]}"
        front = self.proxy(dead)
        page = self.page(front.url + "/_proxy/portal#/models", FAULT)
        text = page.script("document.getElementById('fault').innerText")
        self.assertIn("MLflow does not answer", text)
        self.assertIn("cannot be reached", text)
        self.assertIn("Request ", text)
        self.assertNotIn("Sign in", text)
        self.assertEqual(page.script("document.activeElement.id"), "fault")
        self.assertGreaterEqual(page.script(CONTRAST)["least"], 4.5)
        page.screenshot(SCREENSHOTS / "portal-fault.png")
        page.script("document.getElementById('again').click()")
        page.wait(FAULT)

    def test_a_session_that_has_ended_asks_to_sign_in_again(self):
        """The listener's part is played here: it lets the page pass, and then no more."""
        listener = Listener(self.front.url)
        self.addCleanup(listener.stop)
        for answer in ("deny", "redirect"):
            with self.subTest(answer):
                listener.mode = "pass"
                page = self.page(listener.url + "/_proxy/portal#/experiments")
                listener.mode = answer
                page.script("document.getElementById('reload').click()")
                page.wait(FAULT)
                self.assertIn("Your session has ended", page.script("document.getElementById('fault').innerText"))
                self.assertEqual(page.script("document.getElementById('sign-in').href"), listener.url + "/_proxy/portal#/experiments")
                page.screenshot(SCREENSHOTS / f"portal-signed-out-{answer}.png")
                listener.mode = "pass"
                page.script("document.getElementById('again').click()")
                page.wait(PAGE)

    def test_a_page_of_another_origin_may_embed_it_where_that_is_allowed(self):
        for allowed in (True, False):
            with self.subTest(allowed=allowed):
                outside = Site()
                self.addCleanup(outside.stop)
                front = self.proxy(self.mlflow, PROXY_FRAME_ANCESTORS=outside.url if allowed else "https://other.example.com")
                outside.body = f"<title>Outside</title><iframe src='{front.url}/_proxy/portal#/models' width=1000 height=700></iframe>".encode()
                page = browser.Browser(width=1040, height=740)
                self.addCleanup(page.close)
                page.open(outside.url)
                deadline, texts = time.monotonic() + (60 if allowed else 5), ""
                while time.monotonic() < deadline and "/ajax-api/" not in texts:
                    time.sleep(0.5)
                    texts = "".join(front.log)
                self.assertEqual("/ajax-api/" in texts, allowed)
                time.sleep(2)
                page.screenshot(SCREENSHOTS / f"portal-{'embedded' if allowed else 'refused'}.png")


class Site:
    """A page of another origin."""

    def __init__(self):
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *arguments):
                pass

            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write(site.body)

        self.body = b""
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class Listener(Site):
    """A load balancer that signs visitors in: passes requests on, denies them, or sends them to an identity provider."""

    def __init__(self, target):
        super().__init__()
        listener = self
        self.mode, handler = "pass", self.server.RequestHandlerClass

        def answer(request):
            if listener.mode == "pass":
                headers = {name: value for name, value in request.headers.items() if name.lower() not in ("host", "connection")}
                size = int(request.headers["Content-Length"] or 0)
                passed = urllib.request.Request(
                    target + request.path, request.rfile.read(size) or None, {**headers, "Origin": target}, method=request.command)
                try:
                    got = urllib.request.urlopen(passed, timeout=60)
                except urllib.error.HTTPError as error:
                    got = error
                with got:
                    request.send_response(got.status)
                    for name, value in got.headers.items():
                        if name.lower() not in ("date", "server", "connection"):
                            request.send_header(name, value)
                    request.end_headers()
                    request.wfile.write(got.read())
                return
            request.send_response(401 if listener.mode == "deny" else 302)
            request.send_header("Location", "https://login.example.invalid/authorize")
            request.send_header("Content-Length", "0")
            request.end_headers()

        for method in ("GET", "HEAD", "POST"):
            setattr(handler, f"do_{method}", answer)


if __name__ == "__main__":
    unittest.main(verbosity=2)
