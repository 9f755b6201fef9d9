"""Plays Lambda: runs the code that a function at moto really has, with the variables that it really has."""

import base64
import hashlib
import json
import pathlib
import subprocess
import tempfile
import time
import urllib.parse
import zipfile

import stack
from aws_cli import STAND_IN_KEY
from console import Failure

# Nothing takes minutes at a stand-in; a function that does has got stuck.
LONGEST_SECONDS = 60
LOG_LINES = 30


class Answer:
    """What a function said of a request, its log, and how long that took."""

    def __init__(self, status, physical_id, reason, log, seconds):
        self.status, self.physical_id, self.reason, self.log, self.seconds = status, physical_id, reason, log, seconds


class Functions:
    """The functions at moto, whose code is in a bucket."""

    def __init__(self, aws, code_bucket):
        self.aws, self.code_bucket = aws, code_bucket
        self.folder = tempfile.TemporaryDirectory()

    def invoke(self, arn, event, endpoints):
        """Runs a function with the request of a custom resource. `endpoints`: variables for services that moto does not have."""
        about = self.aws("lambda", "get-function", "--function-name", arn)
        configuration = about["Configuration"]
        bootstrap = self._unpacked(configuration, about["Code"]["Location"])
        limit = min(configuration["Timeout"], LONGEST_SECONDS)
        variables = {
            **configuration.get("Environment", {}).get("Variables", {}), **endpoints, "AWS_REGION": self.aws.region,
            "AWS_ENDPOINT_URL": self.aws.endpoint, "AWS_ACCESS_KEY_ID": STAND_IN_KEY, "AWS_SECRET_ACCESS_KEY": STAND_IN_KEY,
            # Things take seconds here that take minutes in AWS.
            "POLL_INTERVAL_SECONDS": "0.2"}
        file = pathlib.Path(self.folder.name) / "event.json"
        file.write_text(json.dumps(event))
        command = [local_tool(), "invoke", bootstrap, file, "--timeout", str(limit), "--memory", str(configuration["MemorySize"])]
        for name, value in variables.items():
            command += ["--env", f"{name}={value}"]
        started = time.monotonic()
        try:
            result = subprocess.run(command, capture_output=True, text=True, errors="replace", stdin=subprocess.DEVNULL, timeout=limit + 30)
            output, log = result.stdout, result.stderr
        except subprocess.TimeoutExpired as late:
            output, log = "", (late.stderr or b"").decode(errors="replace")
        return self._answer(output, log, time.monotonic() - started)

    def _answer(self, output, log, seconds):
        try:
            said = json.loads(output)
        except ValueError:
            said = {}
        said = said if isinstance(said, dict) else {}
        log = "\n".join(log.splitlines()[-LOG_LINES:])
        if said.get("Status") in ("SUCCESS", "FAILED"):
            return Answer(said["Status"], said["PhysicalResourceId"], said.get("Reason", ""), log, seconds)
        why = said.get("errorMessage") or output.strip() or "it ended without a word"
        return Answer(None, None, f"it gave no answer: {why}", log, seconds)

    def _unpacked(self, configuration, location):
        """The executable, out of the zip that the function's hash is of."""
        folder = pathlib.Path(self.folder.name) / configuration["CodeSha256"].replace("/", "_") / configuration["FunctionName"]
        if not folder.is_dir():
            key = urllib.parse.unquote(urllib.parse.urlsplit(location).path.lstrip("/"))
            file = pathlib.Path(self.folder.name) / "code.zip"
            self.aws("s3api", "get-object", "--bucket", self.code_bucket, "--key", key, file)
            found = base64.b64encode(hashlib.sha256(file.read_bytes()).digest()).decode()
            if found != configuration["CodeSha256"]:
                raise Failure(f"s3://{self.code_bucket}/{key} is not the code of {configuration['FunctionName']}: its SHA-256 is {found}, "
                              f"the function's {configuration['CodeSha256']}")
            with zipfile.ZipFile(file) as packed:
                packed.extractall(folder)
            (folder / "bootstrap").chmod(0o755)
        return folder / "bootstrap"


def local_tool():
    """The newest build of lambda-local, which runs functions."""
    builds = [path for kind in ("release", "debug") if (path := stack.REPOSITORY / ".build" / kind / "lambda-local").is_file()]
    if not builds:
        raise Failure("lambda-local is not built, which runs the functions at a stand-in. Build it: swift build -c release --product lambda-local")
    return max(builds, key=lambda path: path.stat().st_mtime)
