"""What is asked of moto itself: its CloudFormation, and its own settings."""

import json
import pathlib
import tempfile
import urllib.error
import urllib.parse
import urllib.request

import progress
from aws_cli import CommandFailed
from console import Failure

TIMEOUT_SECONDS = 60


class Moto:
    """One stack at a moto server."""

    def __init__(self, aws, stack_name):
        self.aws, self.stack_name = aws, stack_name
        self.stack_id = None

    def show_functions(self):
        """moto keeps the functions of its CloudFormation where it shows them only while it would run functions in Docker."""
        self._send("POST", f"{self.aws.endpoint}/moto-api/config", {"lambda": {"use_docker": True}})

    def put(self, template):
        """Makes or changes the stack, which is done when this returns."""
        is_there = self.is_there()
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "template.json"
            file.write_text(json.dumps(template))
            try:
                answer = self.aws("cloudformation", "update-stack" if is_there else "create-stack", "--stack-name", self.stack_name,
                                  "--template-body", f"file://{file}", "--capabilities", "CAPABILITY_NAMED_IAM")
                self.stack_id = answer["StackId"]
            except CommandFailed as problem:
                raise Failure(f"moto does not take the template: {problem}") from None

    def is_there(self):
        if self.stack_id is None:
            self.stack_id = (self.describe() or {}).get("StackId")
        return self.stack_id is not None

    def describe(self):
        return progress.describe(self.aws, self.stack_name)

    def template(self):
        """The template of the stack, or None when it is not there."""
        answer = self.aws.find("cloudformation", "get-template", "--stack-name", self.stack_name)
        body = answer and answer.get("TemplateBody")
        return json.loads(body) if isinstance(body, str) else body

    @property
    def response_url(self):
        """Where moto takes the answers of custom resources. It does not look at the signature; that there is one, others may. The region it
        finds in a host of AWS's anywhere in the URL; without, the answer would be for a stack of us-east-1."""
        name, host = urllib.parse.quote(self.stack_id, safe=""), f"cloudformation.{self.aws.region}.amazonaws.com"
        return f"{self.aws.endpoint}/cloudformation_{self.aws.region}/cfnresponse?stack={name}&for={host}&X-Amz-Signature=none"

    def answer(self, logical_id):
        """Says that a resource is there which only holds a place."""
        self._send("PUT", self.response_url, {
            "Status": "SUCCESS", "PhysicalResourceId": logical_id, "StackId": self.stack_id, "RequestId": "1", "LogicalResourceId": logical_id,
            "Data": {}})

    def _send(self, method, url, content):
        request = urllib.request.Request(url, json.dumps(content).encode(), {"Content-Type": "application/json"}, method=method)
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            direct.open(request, timeout=TIMEOUT_SECONDS).read()
        except (urllib.error.URLError, OSError) as problem:
            raise Failure(f"{self.aws.endpoint} does not answer as a moto server: {problem}") from None
