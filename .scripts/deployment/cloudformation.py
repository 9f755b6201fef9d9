"""The stack as AWS CloudFormation makes it: a change set that is looked at, then carried out."""

import json
import pathlib
import tempfile
import time

import progress
import stack
from aws_cli import CommandFailed
from code_bucket import digest
from console import Failure, say


class Stack:
    """One stack by its name."""

    duration = "15 to 45 minutes, a tracking server being the longest"
    deletion_duration = "10 to 60 minutes, since functions' network interfaces go slowly"

    def __init__(self, aws, name):
        self.aws, self.name = aws, name

    def change(self, parameters, bucket, is_update):
        """What carrying out the parameters would do, or None when that is nothing."""
        key = f"templates/{digest(stack.ROOT_TEMPLATE.read_bytes())}/template"
        bucket.send(key, stack.ROOT_TEMPLATE)
        self._call("validate-template", "--template-url", bucket.url(key))
        name = f"release-{parameters['Release']}-{int(time.time())}"
        with tempfile.TemporaryDirectory() as folder:
            values = pathlib.Path(folder) / "parameters.json"
            values.write_text(json.dumps([{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()]))
            self._call("create-change-set", "--stack-name", self.name, "--change-set-name", name, "--change-set-type",
                       "UPDATE" if is_update else "CREATE", "--template-url", bucket.url(key), "--parameters", f"file://{values}",
                       "--capabilities", "CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND",
                       "--tags", f"Key=gateway,Value={self.name}", "--include-nested-stacks")
        change = ChangeSet(self.aws, self.name, name, is_update)
        reason = change.wait()
        if reason is None:
            return change
        change.discard()
        if "didn't contain changes" in reason or "No updates" in reason:
            return None
        raise Failure(f"the changes could not be worked out: {reason}")

    def _call(self, operation, *arguments):
        try:
            return self.aws("cloudformation", operation, *arguments)
        except CommandFailed as problem:
            raise Failure(f"CloudFormation does not take the template or parameters: {problem}") from None

    def environment(self):
        """Variables that AWS's own tools need for it beside the region."""
        return {}

    def keeps_mlflow(self, found):
        """Whether App or tracking server stay when the stack goes."""
        return {"ParameterKey": "MlflowOnDelete", "ParameterValue": "Delete"} not in found.get("Parameters", [])

    def delete(self, found):
        """Removes the stack."""
        since = progress.now()
        self.aws("cloudformation", "delete-stack", "--stack-name", self.name)
        end, causes = progress.wait(self.aws, found, since)
        if end is not None:
            raise Failure(f"the stack is {end}, because of\n{causes}\nMend that and run this again: what is gone already stays gone.")


class ChangeSet:
    """Changes that CloudFormation has worked out, to be carried out or not."""

    def __init__(self, aws, stack_name, name, is_update):
        self.aws, self.stack_name, self.is_update = aws, stack_name, is_update
        self.names = ("--stack-name", stack_name, "--change-set-name", name)
        self.changes = []

    def wait(self):
        """Until it is worked out. Returns why it could not be."""
        while True:
            about = self.aws("cloudformation", "describe-change-set", *self.names)
            if about["Status"] in ("CREATE_COMPLETE", "FAILED"):
                break
            time.sleep(2)
        for each in about.get("Changes", []):
            change = each["ResourceChange"]
            self.changes.append((change["Action"], change["LogicalResourceId"], change["ResourceType"], change.get("Replacement")))
        return about.get("StatusReason", "CloudFormation does not say why") if about["Status"] == "FAILED" else None

    def discard(self):
        self.aws.maybe("cloudformation", "delete-change-set", *self.names)
        if not self.is_update:
            self.aws.maybe("cloudformation", "delete-stack", "--stack-name", self.stack_name)

    def carry_out(self):
        since = progress.now() if self.is_update else ""
        self.aws("cloudformation", "execute-change-set", *self.names)
        end, causes = progress.wait(self.aws, progress.describe(self.aws, self.stack_name), since)
        if end in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            return
        after = (f"The stack is {end}, as it was before." if self.is_update else
                 f"Mend that, remove what is left (./build.sh destroy --stack {self.stack_name}), and deploy again.")
        raise Failure(f"the stack ended as {end}, because of\n{causes}\n{after}")


def show(changes):
    width = max((len(name) for _, name, _, _ in changes), default=0)
    for action, name, kind, replacement in changes:
        replaced = {"True": ", REPLACED", "Conditional": ", perhaps replaced"}.get(replacement, "")
        say(f"  {action.lower():<7} {name:<{width}}  {kind}{replaced}")
