"""A packaged function as a process, in an environment of its own."""

import array
import fcntl
import json
import os
import pathlib
import queue
import re
import select
import signal
import subprocess
import termios
import threading
import time

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
# How long a test waits for what must happen; far more than it takes, since the machine may be busy.
PATIENCE = 30

SECRET_KEY = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
SESSION_TOKEN = "FwoGZXIvYXdzEXAMPLESESSIONTOKENcanary7f3a"

PROXY_SETTINGS = {
    "MLFLOW_TRACKING_ARN": "arn:aws:sagemaker:eu-west-1:123456789012:mlflow-tracking-server/team",
    "PROXY_AUTH": "network",
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
    "AWS_SESSION_TOKEN": SESSION_TOKEN,
}


def unpacked(name):
    folder = REPOSITORY / "dist" / ("examples/unpacked" if name.startswith("example-") else "unpacked")
    return folder / name / "bootstrap"


class Function:
    """A running function. It is given the variables that Lambda sets, `environment`, and nothing else."""

    def __init__(self, test, name, api=None, environment=None, pass_fds=()):
        self.test = test
        self.api = api
        variables = {
            "AWS_LAMBDA_FUNCTION_NAME": name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
            "AWS_REGION": "eu-west-1",
            "LAMBDA_TASK_ROOT": str(unpacked(name).parent),
            **({"AWS_LAMBDA_RUNTIME_API": api.address} if api else {}),
            **(environment or {}),
        }
        self.process = subprocess.Popen(
            [unpacked(name)], env=variables, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, pass_fds=pass_fds)
        self.output = b""
        self.lock = threading.Lock()
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        test.addCleanup(self.close)

    def read(self):
        descriptor = self.process.stdout.fileno()
        piece = b"?"
        while piece:
            select.select([descriptor], [], [])
            with self.lock:
                piece = os.read(descriptor, 65_536)
                self.output += piece

    @property
    def log(self):
        """All that was written up to now."""
        while True:
            with self.lock:
                if self.process.stdout.closed or not self.unread():
                    return self.output.decode(errors="replace")
            time.sleep(0.001)

    def unread(self):
        count = array.array("i", [0])
        fcntl.ioctl(self.process.stdout.fileno(), termios.FIONREAD, count)
        return count[0]

    def posted(self):
        """What the function posts next; the test fails where it ends or posts nothing."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            ended = self.process.poll() is not None
            try:
                return self.api.posted.get(timeout=0.1)
            except queue.Empty:
                if ended:
                    break
        return self.test.fail(f"nothing was posted; exit status {self.process.poll()}; log: {self.log[-4000:]}")

    def status(self):
        """The exit status, once the function has ended by itself, its log read to the end."""
        try:
            status = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.test.fail(f"the function did not end; log: {self.log[-4000:]}")
        self.reader.join(PATIENCE)
        return status

    def terminate(self, number=signal.SIGTERM):
        """Sends the signal and waits until the function has taken it."""
        self.process.send_signal(number)
        self.wait_until(lambda: not self.is_pending(number), "the signal was not taken")

    def is_pending(self, number):
        try:
            status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        except (FileNotFoundError, ProcessLookupError):
            return False
        masks = re.findall(r"^(?:SigPnd|ShdPnd):\s*([0-9a-f]+)$", status, re.M)
        return any(int(mask, 16) >> (number - 1) & 1 for mask in masks)

    def is_asleep(self):
        stat = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text(encoding="utf-8")
        return stat.rsplit(")", 1)[1].split()[0] == "S"

    def wait_until(self, condition, otherwise):
        """Waits for what nothing announces."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > deadline:
                self.test.fail(f"{otherwise}; log: {self.log[-4000:]}")
            time.sleep(0.01)

    def wait_for_log(self, text):
        self.wait_until(lambda: text in self.log, f"the log never said {text!r}")

    def assert_alive(self):
        self.test.assertIsNone(self.process.poll(), f"the function ended; log: {self.log[-4000:]}")

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.reader.join(PATIENCE)
        self.process.stdout.close()


def error_message(posted):
    """The sentence of an error that was posted."""
    return json.loads(posted.body)["errorMessage"]
