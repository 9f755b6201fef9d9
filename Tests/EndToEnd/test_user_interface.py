"""MLflow's user interface through the packaged proxy, which has no bucket, and a load balancer that takes 1 MiB: every file
of it byte for byte, and its pages in a real browser."""

import gzip
import http.client
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import mlflow

from local_stack import LocalStack

FILES = pathlib.Path(mlflow.__file__).parent / "server" / "js" / "build"
LOADER = re.compile(rb"index < (\d+);")
SCREENSHOTS = pathlib.Path(__file__).resolve().parents[2] / ".build" / "screenshots"


class UserInterfaceTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = LocalStack(bucket=False)
        cls.addClassCleanup(cls.stack.stop)

    def get(self, connection, path, headers):
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        body = response.read()
        size = len(body)
        if response.headers["Content-Encoding"] == "gzip":
            body = gzip.decompress(body)
        return response, body, size

    def test_every_file_arrives_byte_for_byte(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.stack.port, timeout=60)
        asked = equal = in_parts = largest = 0
        # What a browser says when a page loads a script, which is when a large one may come in parts.
        headers = {"Accept-Encoding": "gzip, deflate, br", "Sec-Fetch-Dest": "script", "Sec-Fetch-Site": "same-origin"}
        for file in sorted((FILES / "static").rglob("*")):
            if not file.is_file():
                continue
            path = "/static-files/" + str(file.relative_to(FILES))
            response, body, size = self.get(connection, path, headers)
            asked, largest = asked + 1, max(largest, size)
            loader = LOADER.search(body) if file.suffix == ".js" and len(body) < file.stat().st_size else None
            if loader:
                in_parts, body, count = in_parts + 1, b"", int(loader[1])
                for index in range(count):
                    part, piece, size = self.get(connection, f"/_proxy/parts/{index}-{count}{path}", headers)
                    self.assertEqual(part.status, 200, path)
                    body, largest = body + piece, max(largest, size)
            if response.status == 200 and body == file.read_bytes():
                equal += 1
            else:
                print(f"{path}: status {response.status}, {len(body)} of {file.stat().st_size} bytes")
        connection.close()
        print(f"{asked} files asked for, {equal} served byte-equal, {in_parts} of them in parts; largest answer {largest} bytes")
        self.assertEqual(equal, asked)
        self.assertGreater(asked, 300)
        self.assertGreater(in_parts, 0)
        self.assertLess(largest, 1_048_576 * 3 // 4)

    def test_a_file_is_not_sent_again_while_the_client_has_it(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.stack.port, timeout=60)
        path = "/static-files/static/css/" + next((FILES / "static" / "css").glob("main.*.css")).name
        first, _, _ = self.get(connection, path, {"Accept-Encoding": "gzip"})
        again, body, _ = self.get(connection, path, {"Accept-Encoding": "gzip", "If-None-Match": first.headers["ETag"]})
        connection.close()
        self.assertEqual((again.status, body), (304, b""))

    def test_the_pages_show_in_a_browser(self):
        browser = shutil.which("chromium") or shutil.which("google-chrome")
        if not browser:
            self.skipTest("no chromium is installed")
        pages = {
            "experiments": ("#/experiments", "local-demo"),
            "runs": ("#/experiments/1/runs", "first-run"),
            "models": ("#/models", "Registered Models"),
        }
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        for name, (fragment, expected) in pages.items():
            with self.subTest(page=name), tempfile.TemporaryDirectory() as profile:
                command = [
                    browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=1400,900",
                    f"--user-data-dir={profile}", "--virtual-time-budget=30000", f"{self.stack.url}/{fragment}"]
                page = subprocess.run(
                    [*command, "--dump-dom"], capture_output=True, text=True, errors="replace", timeout=180)
                self.assertIn(expected, page.stdout, f"{name}: the page does not show it; {page.stderr[-500:]}")
                subprocess.run(
                    [*command, f"--screenshot={SCREENSHOTS / name}.png"], capture_output=True, timeout=180, check=True)
                print(f"{name}: shows {expected!r}; screenshot in {SCREENSHOTS / name}.png")


class StoppingTests(unittest.TestCase):
    def test_ctrl_c_leaves_no_process_behind(self):
        status, left = LocalStack().stop()
        self.assertEqual((status, left), (0, []))


if __name__ == "__main__":
    unittest.main(verbosity=2)
