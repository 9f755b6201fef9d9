"""The packaged functions behind the local load balancer, with a real MLflow server, for the length of a test."""

import os
import pathlib
import re
import signal
import subprocess
import tempfile
import threading
import unittest

from free_port import free_port

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
FOREIGN = re.compile(r"^(AWS_|MLFLOW_|SAGEMAKER_|PROXY_|SSL_CERT_|.*_proxy$|.*_PROXY$)")


def local_tool():
    """The newest build of lambda-local."""
    builds = [path for kind in ("release", "debug") if (path := REPOSITORY / ".build" / kind / "lambda-local").exists()]
    if not builds:
        raise unittest.SkipTest("lambda-local is not built: run ./build.sh test")
    return max(builds, key=lambda path: path.stat().st_mtime)


class LocalStack:
    """`lambda-local up` on a free port, its data in a folder of its own."""

    def __init__(self, bucket=True, **settings):
        self.directory = tempfile.TemporaryDirectory()
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.output = []
        environment = {name: value for name, value in os.environ.items() if not FOREIGN.match(name)}
        self.process = subprocess.Popen(
            [local_tool(), "up", "--functions", "dist/unpacked", "--events", "events", "--state", self.directory.name,
             "--port", str(self.port), "--mlflow", ".venv/bin/mlflow", "--moto", ".venv/bin/moto_server",
             *([] if bucket else ["--no-bucket"]), *(f"--env={name}={value}" for name, value in settings.items())],
            cwd=REPOSITORY, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, errors="replace", start_new_session=True)
        self.ready = threading.Event()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        self.ready.wait(180)
        if self.process.poll() is not None or not self.ready.is_set():
            self.stop()
            raise AssertionError("lambda-local up did not start:\n" + "".join(self.output))

    def _read(self):
        for line in self.process.stdout:
            self.output.append(line)
            if line.startswith("Open "):
                self.ready.set()
        self.ready.set()

    def port_of(self, name):
        """The port of one of the servers behind: `MLflow`, `AWS stand-in`."""
        return int(re.search(rf"^ *{re.escape(name)}\b.* is ready on port (\d+)", "".join(self.output), re.M)[1])

    def log(self, name):
        """What a server has logged so far: `functions`, `mlflow`, `moto`."""
        return (pathlib.Path(self.directory.name) / "logs" / f"{name}.log").read_text(errors="replace")

    def function_processes(self):
        """The process ids of the function's instances."""
        found = []
        for entry in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                if "mlflow-proxy/bootstrap" in os.readlink(entry / "exe") and self._is_ours(int(entry.name)):
                    found.append(int(entry.name))
            except OSError:
                continue
        return found

    def _is_ours(self, process):
        while process > 1:
            if process == self.process.pid:
                return True
            process = int(pathlib.Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])
        return False

    def stop(self):
        """Ends it as Ctrl-C does. Returns the exit status and the processes it left behind."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            status = self.process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            status = None
        left = processes_naming(self.directory.name)
        self.reader.join(5)
        self.process.stdout.close()
        self.directory.cleanup()
        return status, left


def processes_naming(text):
    """The command lines that hold a text, such as the folder of a server's data."""
    found = []
    for entry in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if text in command and entry.parent.name != str(os.getpid()):
            found.append(command)
    return found
