"""The stack as AWS CloudFormation makes it: a change set that is looked at, then carried out."""

import json
import pathlib
import tempfile
import time

import change_set
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
        try:
            self.aws("cloudformation", "validate-template", "--template-url", bucket.url(key))
        except CommandFailed as problem:
            raise Failure(f"CloudFormation does not take the template: {problem}") from None
        # What a nested stack gets from another one is often not known before: then it cannot be worked out, though it can be done. Of a
        # stack that is not there yet everything is new.
        change = None
        for nested in (["--include-nested-stacks"], []) if is_update else ([],):
            change = self._work_out(parameters, bucket.url(key), is_update, nested)
            if change.is_empty:
                return None
            if not change.failure:
                return change
            if nested:
                say(f"  what changes inside of nested stacks cannot be known before: {change.failure}")
        raise Failure(f"the changes could not be worked out: {change.failure}")

    def _work_out(self, parameters, url, is_update, options):
        name = f"release-{parameters['Release']}-{time.time_ns() // 1_000_000}"
        change = change_set.ChangeSet(self.aws, self.name, name, is_update)
        with tempfile.TemporaryDirectory() as folder:
            values = pathlib.Path(folder) / "parameters.json"
            values.write_text(json.dumps([{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()]))
            change.work_out("--template-url", url, "--parameters", f"file://{values}",
                            "--capabilities", "CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND",
                            "--tags", f"Key=gateway,Value={self.name}", *options)
        return change

    def environment(self):
        """Variables that AWS's own tools need for it beside the region."""
        return {}

    def keeps_mlflow(self, found):
        """Whether App or tracking server stay when the stack goes."""
        return {"ParameterKey": "MlflowOnDelete", "ParameterValue": "Delete"} not in found.get("Parameters", [])

    def delete(self, found):
        """Removes the stack."""
        mark = progress.Mark.now(self.aws, self.name)
        self.aws("cloudformation", "delete-stack", "--stack-name", self.name)
        end, causes = progress.wait(self.aws, found, mark)
        if end is not None:
            raise Failure(f"the stack is {end}, because of\n{causes}\nMend that and run this again: what is gone already stays gone.")
