"""Changes that CloudFormation has worked out: what they do, in nested stacks too, and whether they are carried out."""

import dataclasses
import re
import time

import progress
import resources
from aws_cli import CommandFailed
from console import Failure, say

POLL_SECONDS = 2
# So often it is asked whether a change set is gone that another one takes the place of.
PATIENCE = 30
NOTHING = re.compile(r"didn't contain changes|No updates are to be performed")
ARN = re.compile(r"arn:[\w-]+:cloudformation:[\w-]+:\d+:changeSet/[\w/-]+")
# The ones to think about come last, next to the question.
ORDER = ("added", "imported", "changed", "perhaps replaced", "replaced", "removed")
ACTIONS = {"Add": "added", "Import": "imported", "Remove": "removed"}
REPLACEMENTS = {"True": "replaced", "Conditional": "perhaps replaced"}


@dataclasses.dataclass(frozen=True)
class Change:
    """What becomes of one resource. `name` says in which nested stack it is; `stays`: it is let go, not deleted."""

    what: str
    name: str
    kind: str
    stays: bool = False


class ChangeSet:
    """The changes of one stack by their name. `failure` says why they could not be worked out."""

    def __init__(self, aws, stack_name, name, is_update):
        self.aws, self.stack_name, self.is_update = aws, stack_name, is_update
        self.names = ("--stack-name", stack_name, "--change-set-name", name)
        self.changes, self.failure, self.is_empty = [], None, False

    def work_out(self, *arguments):
        """Has CloudFormation do it, and waits for that."""
        try:
            self.aws("cloudformation", "create-change-set", *self.names, "--change-set-type", "UPDATE" if self.is_update else "CREATE", *arguments)
        except CommandFailed as problem:
            self.failure = str(problem)
            return
        about = self._describe(*self.names)
        while about["Status"] in ("CREATE_PENDING", "CREATE_IN_PROGRESS"):
            time.sleep(POLL_SECONDS)
            about = self._describe(*self.names)
        if about["Status"] == "CREATE_COMPLETE":
            self.changes = list(self._changes(about))
            return
        self.is_empty = bool(NOTHING.search(about.get("StatusReason", "")))
        self.failure = self._reason(about)
        self.discard()

    def _reason(self, about):
        """Why it failed, with the reason of the nested stack's change set that it names."""
        reason = about.get("StatusReason", "CloudFormation does not say why")
        named = ARN.search(reason)
        return f"{reason} {self._reason(self._describe('--change-set-name', named[0]))}" if named else reason

    def _describe(self, *names):
        return self.aws("cloudformation", "describe-change-set", *names)

    def _changes(self, about, place=""):
        for each in about.get("Changes", []):
            change = each["ResourceChange"]
            name, action, policy = place + change["LogicalResourceId"], change["Action"], change.get("PolicyAction", "")
            if change["ResourceType"] == resources.STACK and action == "Remove":
                yield from self._removed(change["PhysicalResourceId"], f"{name}/")
            elif change["ResourceType"] == resources.STACK and change.get("ChangeSetId"):
                # Without a change in it, it has none.
                yield from self._changes(self._describe("--change-set-name", change["ChangeSetId"]), f"{name}/")
            else:
                what = ACTIONS.get(action) or REPLACEMENTS.get(change.get("Replacement"), "changed")
                yield Change(what, name, change["ResourceType"], policy.endswith("Retain"))

    def _removed(self, stack_id, place):
        """A nested stack that goes has no changes of its own, but resources."""
        retained = resources.Retained(self.aws)
        for each in resources.every(self.aws, stack_id):
            if each.kind != resources.STACK:
                yield Change("removed", place + each.name, each.kind, each in retained)

    def discard(self):
        """Deletes it, with those of nested stacks, and a stack that it alone made."""
        try:
            self.aws.find("cloudformation", "delete-change-set", *self.names)
            for _ in range(PATIENCE):
                if self.aws.find("cloudformation", "describe-change-set", *self.names) is None:
                    break
                time.sleep(POLL_SECONDS)
            if not self.is_update:
                self.aws.find("cloudformation", "delete-stack", "--stack-name", self.stack_name)
        except CommandFailed as problem:
            say(f"  the change set {self.names[-1]} is still there, which does no harm: {problem}")

    def carry_out(self):
        mark = progress.Mark.now(self.aws, self.stack_name)
        self.aws("cloudformation", "execute-change-set", *self.names)
        end, causes = progress.wait(self.aws, progress.describe(self.aws, self.stack_name), mark)
        if end in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            return
        if end == "UPDATE_ROLLBACK_COMPLETE":
            after = "The stack is as it was before. Mend that, and deploy again."
        elif self.is_update:
            after = "The stack got stuck on the way back; deploy again, which says how to go on."
        else:
            after = f"Mend that, remove what is left (./build.sh destroy --stack {self.stack_name}), and deploy again."
        raise Failure(f"the stack ended as {end}, because of\n{causes}\n{after}")


def show(changes):
    """A line for each change, and how many there are of which."""
    lines = sorted(changes, key=lambda each: ORDER.index(each.what))
    width = max((len(each.name) for each in lines), default=0)
    for each in lines:
        stays = "" if not each.stays else ", which stays" if each.what == "removed" else ", whose old one stays"
        say(f"  {each.what:<16} {each.name:<{width}}  {each.kind}{stays}")
    counts = [(sum(each.what == what for each in lines), what) for what in ORDER]
    say(f"  {', '.join(f'{count} {what}' for count, what in counts if count)}" if lines else "  no resource changes, outputs alone")
