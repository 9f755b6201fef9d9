"""What CloudFormation does, told while it does it."""

import re
import time

from console import Clock, Failure, bullets, say

# Events of these are told when they begin and end; of all others only failures.
TELLING = re.compile(r"^(AWS::CloudFormation::Stack|Custom::.*|AWS::EC2::NatGateway|AWS::SageMaker::Domain|AWS::ElasticLoadBalancingV2::LoadBalancer)$")
# What fails because something else did says nothing of the cause.
CONSEQUENCE = re.compile(r"cancelled|The following resource\(s\) failed|Embedded stack .* was not successfully", re.I)
POLL_SECONDS = 5


class Progress:
    """The events that matter, each once, of the stack and its nested ones."""

    def __init__(self, aws, name, since):
        self.aws, self.since, self.names, self.seen, self.failures = aws, since, [name], set(), []
        self.clock = Clock()

    def look(self):
        for name in list(self.names):
            answer = self.aws.maybe("cloudformation", "describe-stack-events", "--stack-name", name) or {"StackEvents": []}
            for event in reversed(answer["StackEvents"]):
                if event["EventId"] not in self.seen and event["Timestamp"] >= self.since:
                    self.seen.add(event["EventId"])
                    self._tell(event)

    def _tell(self, event):
        status, kind, reason = event["ResourceStatus"], event.get("ResourceType", ""), event.get("ResourceStatusReason", "")
        physical = event.get("PhysicalResourceId", "")
        if kind == "AWS::CloudFormation::Stack" and physical and physical != event["StackId"] and physical not in self.names:
            self.names.append(physical)
        failed = status.endswith("_FAILED") or "ROLLBACK" in status
        if failed and reason and not CONSEQUENCE.search(reason):
            self.failures.append(f"{event['LogicalResourceId']}: {reason}")
        if failed or TELLING.match(kind):
            say(f"  {self.clock}  {status:<28} {event['LogicalResourceId']}" + (f": {reason}" if failed and reason else ""))

    @property
    def causes(self):
        return bullets(self.failures or ["see the stack's events"])


def wait(aws, found, since):
    """Shows progress until the stack has come to an end. Returns its status, or None when it is gone, and what failed."""
    progress = Progress(aws, found["StackName"], since)
    while True:
        progress.look()
        there = describe(aws, found["StackId"])
        if there is None or there["StackStatus"] == "DELETE_COMPLETE":
            return None, progress.causes
        if not there["StackStatus"].endswith("_IN_PROGRESS"):
            progress.look()
            return there["StackStatus"], progress.causes
        time.sleep(POLL_SECONDS)


def now():
    """As events have it."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime())


def describe(aws, name):
    found = aws.maybe("cloudformation", "describe-stacks", "--stack-name", name)
    return found["Stacks"][0] if found and found["Stacks"] else None


def outputs(found):
    return {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", [])}


def usable(found, stack_name):
    """Whether the stack is there to be changed; a stack that cannot be is refused."""
    status = found["StackStatus"] if found else None
    if status in ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED"):
        raise Failure(f"the stack {stack_name} is {status}, from which it cannot be changed. Remove it first: "
                      f"./build.sh destroy --stack {stack_name}")
    if status and status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS":
        raise Failure(f"the stack {stack_name} is {status}. Wait until that has ended, then run this again.")
    return status not in (None, "REVIEW_IN_PROGRESS")
