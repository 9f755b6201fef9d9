"""Sends a packaged function the requests of a custom resource through `lambda-local cloudformation`, and kills it on demand."""

import dataclasses
import json
import os
import pathlib
import signal
import subprocess
import tempfile

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
# What a function and the tool are given of this process's environment.
PASSED_ON = ("HOME", "LANG", "PATH", "TMPDIR")


def local_tool():
    """The newest build of lambda-local, None where there is none."""
    builds = [path for kind in ("release", "debug") if (path := REPOSITORY / ".build" / kind / "lambda-local").exists()]
    return max(builds, key=lambda path: path.stat().st_mtime, default=None)


@dataclasses.dataclass
class Outcome:
    """What CloudFormation got, in the words of lambda-local's report; `log` is what the function and the tool wrote."""

    outcome: str
    answer: dict
    counts: dict
    report: dict
    log: str

    @property
    def identifier(self):
        return (self.answer or {}).get("PhysicalResourceId")


class CustomResource:
    """A packaged function as a custom resource. `environment` is what the function is given."""

    def __init__(self, bootstrap, environment, tool=None, patience=120):
        self.bootstrap, self.environment = pathlib.Path(bootstrap).resolve(), environment
        self.tool, self.patience = tool or local_tool(), patience
        self.process = None

    def send(self, event, *arguments):
        """Sends one request, and waits until everything about it has ended."""
        variables = [part for name, value in self.environment.items() for part in ("--env", f"{name}={value}")]
        passed = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(event, file)
            file.flush()
            self.process = subprocess.Popen(
                [self.tool, "cloudformation", self.bootstrap, file.name, *variables, *arguments], env=passed, cwd=REPOSITORY,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace")
            try:
                printed, log = self.process.communicate(timeout=self.patience)
            except subprocess.TimeoutExpired:
                self.process.kill()
                _, log = self.process.communicate()
                return Outcome("NOTHING", None, {}, {}, f"no end within {self.patience} s; log: {log}")
        try:
            report = json.loads(printed)
        except ValueError:
            return Outcome("NOTHING", None, {}, {}, f"exit status {self.process.returncode}; log: {log}")
        return Outcome(report["outcome"], report["answer"], report["counts"], report, log)

    def kill(self):
        """Kills the function's processes, those that the tool started, as the kernel does when memory runs out."""
        for process in self.functions():
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def functions(self):
        """The processes of the function below the tool. Its other helpers live on, or it could start no further one."""
        children = {}
        for folder in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                parent = int((folder / "stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[1])
                children.setdefault(parent, []).append((int(folder.name), self.is_function(folder)))
            except OSError:
                continue
        found, parents = [], [self.process.pid]
        while parents:
            below = children.get(parents.pop(), [])
            parents += [process for process, _ in below]
            found += [process for process, is_function in below if is_function]
        return found

    def is_function(self, folder):
        """Whether a process runs the bootstrap, or an interpreter that reads it."""
        program = os.readlink(folder / "exe")
        arguments = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
        return program == str(self.bootstrap) or (str(self.bootstrap) in arguments[:2] and program != os.path.realpath(self.tool))
