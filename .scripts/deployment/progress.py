"""What CloudFormation does, told while it does it."""

import dataclasses
import datetime
import re
import time

from aws_cli import CommandFailed
from console import Clock, Failure, bullets, say
from resources import STACK

# Events of these are told when they begin and end; of all others only failures.
TELLING = re.compile(r"^(AWS::CloudFormation::Stack|Custom::.*|AWS::EC2::NatGateway|AWS::SageMaker::Domain|AWS::ElasticLoadBalancingV2::LoadBalancer)$")
# What fails because something else did says nothing of the cause.
CONSEQUENCE = re.compile(r"cancelled|The following resource\(s\) failed|Embedded stack .* was not successfully", re.I)
POLL_SECONDS = 5
# As many events of one stack do not come between two looks.
LATEST = 200
# For so many looks in a row CloudFormation may not answer, such as while the network is away, or have nothing new to tell: then what
# seems to have ended has not begun yet.
MISSES = 24


@dataclasses.dataclass(frozen=True)
class Mark:
    """The newest event before something begins. What comes after it is told by CloudFormation's own clock, not this machine's."""

    event: str = ""
    time: datetime.datetime | None = None

    @classmethod
    def now(cls, aws, name):
        events = _events(aws, name, 1)
        return cls(events[0]["EventId"], _time(events[0])) if events else cls()

    def after(self, events):
        """Those of a stack's events, newest first, that came later."""
        for event in events:
            if event["EventId"] == self.event or self.time and _time(event) < self.time:
                return
            yield event


class Progress:
    """The events that matter, each once, of the stack and its nested ones."""

    def __init__(self, aws, name, mark):
        self.aws, self.mark, self.names, self.seen, self.failures = aws, mark, [name], set(), []
        self.clock = Clock()

    def look(self):
        # Telling of a nested stack's first event adds its name.
        for name in self.names:
            for event in reversed(list(self.mark.after(_events(self.aws, name, LATEST)))):
                if event["EventId"] not in self.seen:
                    self.seen.add(event["EventId"])
                    self._tell(event)

    def _tell(self, event):
        status, kind, reason = event["ResourceStatus"], event.get("ResourceType", ""), event.get("ResourceStatusReason", "")
        physical = event.get("PhysicalResourceId", "")
        if kind == STACK and physical and physical != event["StackId"] and physical not in self.names:
            self.names.append(physical)
        failed = status.endswith("_FAILED") or "ROLLBACK" in status
        if failed and reason and not CONSEQUENCE.search(reason):
            self.failures.append(f"{event['LogicalResourceId']}: {reason}")
        if failed or TELLING.match(kind):
            say(f"  {self.clock}  {status:<28} {event['LogicalResourceId']}" + (f": {reason}" if failed and reason else ""))

    @property
    def causes(self):
        return bullets(self.failures or ["see the stack's events"])


def wait(aws, found, mark):
    """Shows progress until the stack has come to an end. Returns its status, or None when it is gone, and what failed."""
    progress, misses, idle = Progress(aws, found["StackId"], mark), 0, 0
    while True:
        try:
            there = describe(aws, found["StackId"])
            progress.look()
            misses = 0
        except CommandFailed as problem:
            misses += 1
            if problem.says_denied or misses == MISSES:
                raise Failure(f"CloudFormation does not say any more how it goes on: {problem}\nIt goes on by itself. Look: "
                              f"aws cloudformation describe-stacks --region {aws.region} --stack-name {found['StackName']}") from None
        else:
            if there is None or there["StackStatus"] == "DELETE_COMPLETE":
                return None, progress.causes
            idle = 0 if progress.seen else idle + 1
            if not there["StackStatus"].endswith("_IN_PROGRESS") and (progress.seen or idle == MISSES):
                return there["StackStatus"], progress.causes
        time.sleep(POLL_SECONDS)


def describe(aws, name):
    """The stack; None when there is none, and not when AWS does not say."""
    found = aws.find("cloudformation", "describe-stacks", "--stack-name", name)
    return found["Stacks"][0] if found and found["Stacks"] else None


def outputs(found):
    return {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", [])}


def usable(aws, found, stack_name):
    """Whether the stack is there to be changed; a stack that cannot be is refused."""
    status = found["StackStatus"] if found else None
    if status in ("CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED"):
        raise Failure(f"the stack {stack_name} is {status}, from which it cannot be changed. Remove it first: "
                      f"./build.sh destroy --stack {stack_name}")
    if status == "UPDATE_ROLLBACK_FAILED":
        where = f"--region {aws.region} --stack-name {stack_name}"
        raise Failure(f"the stack {stack_name} is {status}: it got stuck on the way back from a change. Mend what its events name, "
                      f"let it finish that way, and deploy again:\n  aws cloudformation continue-update-rollback {where}\n"
                      f"  aws cloudformation wait stack-rollback-complete {where}")
    if status and status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS":
        raise Failure(f"the stack {stack_name} is {status}. Wait until that has ended, then run this again.")
    return status not in (None, "REVIEW_IN_PROGRESS")


def _events(aws, name, most):
    """A stack's events, newest first."""
    answer = aws.find("cloudformation", "describe-stack-events", "--stack-name", name, "--max-items", most) or {}
    return answer.get("StackEvents", [])


def _time(event):
    # Older versions of Python do not know Z.
    return datetime.datetime.fromisoformat(event["Timestamp"].replace("Z", "+00:00"))
