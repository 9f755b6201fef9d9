"""The AWS CLI: one way to call it, JSON back."""

import json
import os
import subprocess

from console import Failure

# A stand-in has no accounts: any keys will do, and none of a real account should get there.
STAND_IN_KEY = "stand-in"


class CommandFailed(Exception):
    """What the AWS CLI said, in one line."""


class AWS:
    """The services of one region, or of a stand-in at an endpoint of its own."""

    def __init__(self, region=None, endpoint=None):
        self.command = os.environ.get("AWS_COMMAND", "aws")
        self.endpoint = endpoint.rstrip("/") if endpoint else None
        self.environment = {**os.environ, "AWS_PAGER": "", "AWS_EC2_METADATA_DISABLED": os.environ.get("AWS_EC2_METADATA_DISABLED", "false")}
        if endpoint:
            self.environment |= {"AWS_ACCESS_KEY_ID": STAND_IN_KEY, "AWS_SECRET_ACCESS_KEY": STAND_IN_KEY, "NO_PROXY": "*"}
            for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"):
                self.environment.pop(name, None)
        self.region = region or self._configured_region()

    def _configured_region(self):
        region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or ("us-east-1" if self.endpoint else "")
        if region:
            return region
        result = subprocess.run([self.command, "configure", "get", "region"], capture_output=True, text=True, env=self.environment)
        if not result.stdout.strip():
            raise Failure("there is no region. Give one: --region us-east-1, or export AWS_REGION=us-east-1")
        return result.stdout.strip()

    def __call__(self, service, operation, *arguments):
        result = self._run(service, operation, *arguments, "--output", "json")
        return json.loads(result) if result.strip() else {}

    def maybe(self, *arguments):
        """The same, or None where AWS refuses it, such as for what is not there."""
        try:
            return self(*arguments)
        except CommandFailed:
            return None

    def copy_folder(self, folder, location, pattern):
        """The files of a folder whose names match, to a place in S3."""
        self._run("s3", "cp", "--recursive", "--only-show-errors", "--exclude", "*", "--include", pattern, folder, location)

    def _run(self, service, operation, *arguments):
        command = [self.command, service, operation, *map(str, arguments), "--region", self.region]
        if self.endpoint:
            command += ["--endpoint-url", self.endpoint]
        result = subprocess.run(command, capture_output=True, text=True, env=self.environment, stdin=subprocess.DEVNULL)
        if result.returncode != 0:
            raise CommandFailed(" ".join(result.stderr.split()) or f"{command[0]} {service} {operation} ended with {result.returncode}")
        return result.stdout


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

    @property
    def role_or_user_arn(self):
        """As IAM has it: the role itself where somebody has taken it on."""
        if ":assumed-role/" not in self.arn:
            return self.arn
        return f"arn:{self.partition}:iam::{self.account}:role/{self.arn.split('/')[1]}"
