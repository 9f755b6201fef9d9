"""What the parts of the benchmark share: where things are, how often they run, and one run of a function."""

import contextlib
import dataclasses
import json
import os
import pathlib
import platform
import shutil
import subprocess
import tempfile

from processes import Measured, Tool, tail

FOLDER = pathlib.Path(__file__).resolve().parent
REPOSITORY = FOLDER.parents[1]
# What events say of the load balancer that sent them.
LOAD_BALANCER = {"elb": {
    "targetGroupArn": "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/mlflow/6d0ecf831eec9f09"}}
ACCOUNT = {
    "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "AWS_SESSION_TOKEN": "FwoGZXIvYXdzEXAMPLE" * 40}


def function_environment(name, **more):
    """What Lambda gives a function."""
    return {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LANG": "C.UTF-8", "AWS_LAMBDA_FUNCTION_NAME": name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{name}", "AWS_LAMBDA_LOG_STREAM_NAME": "2026/08/01/[$LATEST]0",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand", **ACCOUNT, **more}


@dataclasses.dataclass
class Invocations:
    """What was seen of a function that answered some invocations; times in seconds, processor time of one of them."""

    to_next: float
    to_answer: float = 0
    processor: float = 0
    per_second: float = 0
    p50: float = 0
    p99: float = 0
    peak_bytes: int = 0
    resident_bytes: int = 0


class Bench:
    """The compiled tools, a folder for files, and the effort: `quick` shows that everything works and measures next to nothing."""

    def __init__(self, python, quick, signing=None, tool=None):
        self.python, self.quick = python, quick
        self.signing = signing or REPOSITORY / ".build-static/swift/release/signing-benchmark"
        self.local_tool = tool or REPOSITORY / ".build/release/lambda-local"
        self.rounds = 1 if quick else 7
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="benchmark-"))
        self.missing = self.missing_modules()
        for name in ("runtime_api", "upstream", "client"):
            self.compile(name, "http.c")
        libraries = REPOSITORY / ".build-static/libraries"
        static = ["-static", f"-I{libraries}/include", f"-L{libraries}/lib", "-lcurl", "-lssl", "-lcrypto", "-lz"]
        self.compile("floor", *(static if (libraries / "lib/libcurl.a").exists() else ["-lcurl"]))

        # A function and what calls it share one processor: on two, waking the other one up would be most of
        # what is measured.
        self.processors = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {max(self.processors)})

    @contextlib.contextmanager
    def all_processors(self):
        """Within it, processes are started on all processors."""
        mine = os.sched_getaffinity(0)
        os.sched_setaffinity(0, self.processors)
        try:
            yield
        finally:
            os.sched_setaffinity(0, mine)

    def compile(self, name, *arguments):
        built = subprocess.run(
            ["cc", "-O2", "-std=gnu11", "-o", self.folder / name, f"{name}.c", *arguments], cwd=FOLDER / "Wire", capture_output=True,
            text=True, check=False)
        if built.returncode:
            raise RuntimeError(f"Wire/{name}.c cannot be compiled: {built.stderr[-2000:]}")

    def missing_modules(self):
        """The peers that this Python does not have."""
        names = ("awslambdaric", "boto3", "cryptography", "flask", "gunicorn", "moto", "pyjwt", "requests")
        modules = {"pyjwt": "jwt"}
        script = ("import importlib.util, json; "
                  f"print(json.dumps([n for n in {names!r} if not importlib.util.find_spec({modules!r}.get(n, n))]))")
        return json.loads(subprocess.run([self.python, "-c", script], capture_output=True, check=True).stdout)

    def has(self, *modules):
        return not set(modules) & set(self.missing)

    def count(self, number):
        """How many of something, the effort being what it is."""
        return max(number // 50, 5) if self.quick else number

    def file(self, name, content):
        """A file with this content; what is not bytes is written as JSON."""
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return path

    def bootstrap(self, name):
        return REPOSITORY / "dist" / ("examples/unpacked" if name.startswith("example-") else "unpacked") / name / "bootstrap"

    def python_function(self, module):
        """The command of a function in Python, `handler` of a file in Peers."""
        return [self.python, "-m", "awslambdaric", f"{module}.handler"]

    def python_environment(self, name, **more):
        return function_environment(name, PYTHONPATH=str(FOLDER / "Peers"), **more)

    def invoke(self, command, environment, event, count, warmup=0, text=None):
        """Starts a function, sends it the event `count` times and looks at it. Without `text` it has to echo. A `count` of 0:
        it is looked at when it first asks for an event."""
        words = [text] if text else []
        with Tool(self.folder / "runtime_api", event, warmup, count, *words) as api:
            port = api.read()["port"]
            environment = {**environment, "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{port}"}
            with Measured(command, environment, self.folder / "log") as function:
                to_next = api.read(function)["firstNext"] - function.started
                if count == 0:
                    return Invocations(to_next, processor=function.processor_seconds(), peak_bytes=function.peak_bytes())
                to_answer = api.read(function)["firstAnswer"] - function.started
                before = 0.0
                if warmup:
                    api.read(function)
                    before = function.processor_seconds()
                    api.go_on()
                result = api.read(function)
                used = function.processor_seconds() - before
                seen = Invocations(
                    to_next, to_answer, used / count, count / result["seconds"], result["p50"], result["p99"], function.peak_bytes(),
                    function.resident_bytes())
                if result["wrong"]:
                    raise RuntimeError(f"{command[0]}: {result['wrong']} wrong answers: {api.close()}; its log: {tail(function.log)}")
                return seen

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def machine():
    """What the figures depend on, in a line."""
    model = next((line.split(":", 1)[1].strip() for line in pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
                  if line.startswith("model name")), platform.machine())
    return f"{os.cpu_count()} processors ({model}), Linux {platform.release().split('-')[0]}"
