"""The AWS CLI: one way to call it, JSON back."""

import contextlib
import io
import json
import os
import re
import subprocess

from console import Failure

# A stand-in has no accounts: any keys will do, and none of a real account should get there.
STAND_IN_KEY = "stand-in"


class CommandFailed(Exception):
    """What the AWS CLI said, in one line. `code` is AWS's name of the error; without one, AWS said nothing."""

    def __init__(self, text):
        super().__init__(text.rstrip("."))
        named = re.search(r"An error occurred \(([\w.]+)\)", text)
        self.code = named[1] if named else ""

    @property
    def says_absent(self):
        """Whether what was asked for is not there. Everything else, such as a lack of permissions or too many requests, leaves that open."""
        if self.code == "ValidationError":
            return "does not exist" in str(self)
        return self.code == "404" or "NotFound" in self.code or self.code.startswith("NoSuch")

    @property
    def says_denied(self):
        """Whether the caller lacks the permission."""
        return self.code in ("403", "AccessDenied", "AccessDeniedException", "UnauthorizedOperation")


class AWS:
    """The services of one region, or of a stand-in at an endpoint of its own."""

    def __init__(self, region=None, endpoint=None):
        self.endpoint = endpoint.rstrip("/") if endpoint else None
        self._command = _Here() if endpoint else _Process()
        self.region = region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or self._configured_region()

    def _configured_region(self):
        if self.endpoint:
            return "us-east-1"
        status, output, _ = self._command("configure", "get", "region")
        if status != 0 or not output.strip():
            raise Failure("there is no region. Give one: --region us-east-1, or export AWS_REGION=us-east-1")
        return output.strip()

    def __call__(self, service, operation, *arguments):
        result = self._run(service, operation, *arguments, "--output", "json")
        return json.loads(result) if result.strip() else {}

    def find(self, *arguments):
        """The same, or None when AWS says that it is not there."""
        try:
            return self(*arguments)
        except CommandFailed as problem:
            if problem.says_absent:
                return None
            raise

    def copy_folder(self, folder, location, pattern):
        """The files of a folder whose names match, to a place in S3."""
        self._run("s3", "cp", "--recursive", "--only-show-errors", "--exclude", "*", "--include", pattern, folder, location)

    def _run(self, service, operation, *arguments):
        place = ["--region", self.region] + (["--endpoint-url", self.endpoint] if self.endpoint else [])
        status, output, errors = self._command(service, operation, *map(str, arguments), *place)
        if status != 0:
            raise CommandFailed(" ".join(errors.split()) or f"aws {service} {operation} ended with {status}")
        return output


class _Process:
    """The AWS CLI of this machine, with its profiles and ways to sign in."""

    def __init__(self):
        self.command = os.environ.get("AWS_COMMAND", "aws")
        self.environment = {**os.environ, "AWS_PAGER": ""}

    def __call__(self, *arguments):
        done = subprocess.run([self.command, *arguments], capture_output=True, text=True, env=self.environment, stdin=subprocess.DEVNULL)
        return done.returncode, done.stdout, done.stderr


class _Here:
    """The AWS CLI that this Python has, in this process, which takes a tenth of the time. For a stand-in alone: nothing of how the
    person signs in to AWS gets there."""

    # The last one is what the AWS CLI itself sets.
    kept = ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL_SAGEMAKER", "AWS_DATA_PATH")

    def __init__(self):
        for name in [name for name in os.environ if name.startswith("AWS_") and name not in self.kept]:
            del os.environ[name]
        os.environ |= {"AWS_ACCESS_KEY_ID": STAND_IN_KEY, "AWS_SECRET_ACCESS_KEY": STAND_IN_KEY, "AWS_PAGER": "", "AWS_CONFIG_FILE": os.devnull,
                       "AWS_SHARED_CREDENTIALS_FILE": os.devnull, "AWS_EC2_METADATA_DISABLED": "true", "NO_PROXY": "*", "no_proxy": "*"}
        from awscli.clidriver import create_clidriver
        self.driver = create_clidriver()

    def __call__(self, *arguments):
        output, errors = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
            try:
                status = self.driver.main(arguments)
            except SystemExit as ended:
                status = ended.code
        return status, output.getvalue(), errors.getvalue()


class Caller:
    """Who the AWS CLI's credentials belong to."""

    def __init__(self, aws):
        try:
            answer = aws("sts", "get-caller-identity")
        except CommandFailed as problem:
            if aws.endpoint:
                raise Failure(f"nothing answers as AWS at {aws.endpoint}: {problem}. Start the stand-in first.") from None
            raise Failure(f"AWS does not know you: {problem}. Sign in, such as by `aws configure sso` and `export AWS_PROFILE=NAME`, "
                          "and run it again.") from None
        self.account, self.arn = answer["Account"], answer["Arn"]
        self.partition = self.arn.split(":")[1]
