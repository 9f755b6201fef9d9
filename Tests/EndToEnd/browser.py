"""Chromium without a window, driven over its debugging pipe, so that a test can click, type and look."""

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import tempfile
import time


def find():
    """The browser's path, or nothing."""
    return shutil.which("chromium") or shutil.which("google-chrome")


class Browser:
    """One page of a browser with a profile of its own."""

    def __init__(self, width=1280, height=800, mobile=False, media=(), flags=()):
        self.profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        here_read, there_write = os.pipe()
        there_read, here_write = os.pipe()

        def attach():
            # Out of the way first: one of them may be 3 or 4 itself.
            source, sink = (fcntl.fcntl(number, fcntl.F_DUPFD, 16) for number in (there_read, there_write))
            os.dup2(source, 3)
            os.dup2(sink, 4)

        self.process = subprocess.Popen(
            [find(), "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--remote-debugging-pipe",
             f"--user-data-dir={self.profile.name}", *flags, "about:blank"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=attach,
            close_fds=False)
        os.close(there_read)
        os.close(there_write)
        self.read, self.write, self.buffer, self.count, self.events = here_read, here_write, b"", 0, []
        self.session = None
        target = next(item for item in self.call("Target.getTargets")["targetInfos"] if item["type"] == "page")
        self.session = self.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=2 if mobile else 1, mobile=mobile)
        self.call("Emulation.setEmulatedMedia", features=[{"name": name, "value": value} for name, value in media])

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.read)
        os.close(self.write)
        self.profile.cleanup()

    def call(self, method, **parameters):
        self.count += 1
        message = {"id": self.count, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next(60)
            if answer.get("id") == self.count:
                if "error" in answer:
                    raise AssertionError(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def _next(self, seconds):
        deadline = time.monotonic() + seconds
        while b"\0" not in self.buffer:
            ready, _, _ = select.select([self.read], [], [], max(0, deadline - time.monotonic()))
            if not ready:
                raise AssertionError("the browser does not answer")
            piece = os.read(self.read, 1 << 20)
            if not piece:
                raise AssertionError("the browser has ended")
            self.buffer += piece
        message, _, self.buffer = self.buffer.partition(b"\0")
        return json.loads(message)

    def open(self, url):
        self.call("Page.navigate", url=url)

    def script(self, expression):
        """The value of an expression in the page; promises are waited for."""
        answer = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True, userGesture=True)
        if "exceptionDetails" in answer:
            raise AssertionError(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def wait(self, expression, seconds=60):
        """Waits until an expression holds."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                if self.script(expression):
                    return
            except AssertionError:
                pass
            time.sleep(0.1)
        raise AssertionError(f"does not come true: {expression}")

    def frame_text(self, part):
        """What is to be read in the frame whose address has the part in it, however deep it is; nothing when there is none."""
        def inside(tree):
            yield tree["frame"]
            for child in tree.get("childFrames", []):
                yield from inside(child)

        for frame in inside(self.call("Page.getFrameTree")["frameTree"]):
            if part in frame["url"] + frame.get("urlFragment", ""):
                context = self.call("Page.createIsolatedWorld", frameId=frame["id"])["executionContextId"]
                answer = self.call("Runtime.evaluate", expression="document.body.innerText", contextId=context, returnByValue=True)
                return answer["result"].get("value") or ""
        return ""

    def press(self, key, code, modifiers=0):
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code, modifiers=modifiers,
                      **({"text": "\r"} if key == "Enter" and kind == "keyDown" else {}))

    def screenshot(self, path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))

    def messages(self):
        """What the page said on its console as an error, refusals by its policy among them."""
        found = []
        for event in self.events:
            if event["method"] == "Log.entryAdded" and event["params"]["entry"]["level"] == "error":
                found.append(event["params"]["entry"]["text"])
            if event["method"] == "Runtime.exceptionThrown":
                found.append(str(event["params"]["exceptionDetails"]))
        return found
