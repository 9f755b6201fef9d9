#!/usr/bin/env python3
"""The packaged vpc-cleanup against everything that goes wrong around a custom resource.

In every row CloudFormation gets exactly one valid answer in time, and the world is as it has to be. The rows are data; at
the end they are printed as a table. `vpc_cleanup_faults.py [BOOTSTRAP] [PART OF A NAME] [TOOL]` runs them.
"""

import dataclasses
import sys
import time
import typing

from custom_resource import REPOSITORY, CustomResource
from dirty_vpc import generate
from snapshot import snapshot
from strict_aws import StrictAWS
from verification import problems, wrong_calls, wrong_state
from world import Delay

# Two domains, their data and GuardDuty's to delete: every phase of a clean-up has something to do. When a clean-up starts
# anew after the mount targets have gone, the groups' tags are what still ties a file system to the VPC.
EVERYTHING = {
    "zones": 2, "domains": 2, "user_groups": 3, "blocked": False, "home_file_systems": "Delete", "guard_duty": "Delete",
    "tagged_groups": True}
SEED = 16
OWN = "the id that an earlier answer of this function gave"


@dataclasses.dataclass
class Step:
    """One request and what has to come of it. `properties` are in addition to those of the dirty VPC; None takes one away."""

    request: str = "Delete"
    outcome: str = "SUCCESS"
    # OWN, "answered" (by the step before), or an id as it is.
    identifier: str = OWN
    properties: dict = dataclasses.field(default_factory=dict)
    arguments: tuple = ()
    # Nothing may be changed.
    idle: bool = False


@dataclasses.dataclass
class Row:
    """`world`: "clean", "held" (what the user holds is left), "untouched", or "safe" (nothing of anybody else's is touched)."""

    name: str
    arguments: tuple = ()
    outcome: str = "SUCCESS"
    world: str = "clean"
    steps: tuple = ()
    options: dict = dataclasses.field(default_factory=dict)
    environment: dict = dataclasses.field(default_factory=dict)
    # Called with the front once the VPC is there.
    arrange: typing.Callable = None
    # ("before" or "after", number of the call).
    kills: tuple = ()
    # Answers after the first one, which CloudFormation disregards.
    duplicates: int = 0
    # Count of the report -> the fewest that show that the row did happen.
    fewest: dict = dataclasses.field(default_factory=dict)
    # Seconds in which the answer has to be there.
    within: float = 60


def slow(**delays):
    """Deletions that take seconds: the names are those of `Timing`."""
    def arrange(aws):
        for name, seconds in delays.items():
            setattr(aws.world.timing, name, Delay(seconds))
    return arrange


def throttled(rate):
    return lambda aws: setattr(aws.faults, "throttle", rate)


def busy_interfaces(seconds):
    """Lambda keeps its interfaces for so long."""
    def arrange(aws):
        with aws.world.change() as world:
            for key, item in world.pending.items():
                if key.startswith("eni-"):
                    item.due = time.monotonic() + seconds
    return arrange


def storm(aws):
    aws.faults.storms = [range(10, 14), range(30, 33)]


HOPS = {"handOvers": 1}
SHORT = ("--timeout", "6")

ROWS = [
    Row("nothing goes wrong"),
    Row("what the user holds", ("--service-timeout", "20"), "FAILED", "held", options={"blocked": True}, within=20),
    Row("deleted twice", steps=(Step(), Step(idle=True))),
    Row("domain in service", ("--service-timeout", "20"), "FAILED", "untouched", options={"in_service": True}, within=20),
    Row("dry run", world="untouched", steps=(Step(properties={"DryRun": "true"}, idle=True),)),
    # Delivery
    Row("delivered twice at once", ("--duplicate",), duplicates=1, fewest={"invocations": 2}),
    Row("delivered again afterwards", ("--duplicate-afterwards",), duplicates=1, fewest={"invocations": 2}),
    Row("killed as it answers", ("--kill", "answer"), duplicates=1, fewest={"retries": 1}),
    Row("killed at every try", ("--failure-destination",), outcome="FAILED", world="safe",
        kills=tuple(("before", number) for number in range(2, 200)), fewest={"retries": 2, "failureRecords": 1}),
    # AWS
    Row("throttled at 30 %", arrange=throttled(0.3), within=120),
    Row("storms of server errors", arrange=storm, within=120),
    Row("answers get lost", arrange=lambda aws: setattr(aws.faults, "lost_answers", 0.1), within=120),
    Row("connections are reset", arrange=lambda aws: setattr(aws.faults, "resets", 0.1), within=120),
    Row("small and empty pages", arrange=lambda aws: (setattr(aws.pages, "size", 3), setattr(aws.pages, "empty", 0.3))),
    # The answer's way
    Row("ResponseURL answers 500", ("--response-fault", "500:3"), fewest={"puts": 4}),
    Row("ResponseURL answers 403", ("--response-fault", "403"), duplicates=1),
    Row("ResponseURL resets", ("--response-fault", "reset:2"), fewest={"puts": 3}),
    Row("ResponseURL is slow", ("--response-fault", "slow", "--slow-delay", "3")),
    # Deadlines, in each phase
    Row("deadline among mount targets", SHORT, arrange=slow(mount_target_deletion=5), fewest=HOPS),
    Row("deadline among file systems", SHORT, arrange=slow(file_system_deletion=5), fewest=HOPS),
    Row("deadline among endpoints", SHORT, arrange=slow(endpoint_deletion=5), fewest=HOPS),
    Row("deadline among interfaces", SHORT, arrange=busy_interfaces(5), fewest=HOPS),
    Row("deadline among groups", SHORT, arrange=slow(mount_target_interface_lag=5), fewest=HOPS),
    Row("several hand-overs", SHORT, arrange=slow(mount_target_deletion=6, file_system_deletion=6), fewest={"handOvers": 2}),
    Row("killed as it hands over", (*SHORT, "--kill", "hand-over"), arrange=slow(mount_target_deletion=5), duplicates=1,
        fewest=HOPS),
    Row("hand-over is throttled", (*SHORT, "--throttle", "2"), arrange=slow(mount_target_deletion=5), fewest=HOPS),
    Row("CloudFormation's time is nearly over", ("--service-timeout", "10"), "FAILED", "safe",
        arrange=slow(mount_target_deletion=60), within=10),
    # Requests
    Row("invalid properties", world="untouched", steps=(
        Step("Create", "FAILED", properties={"VpcId": "subnet-1", "HomeFileSystems": "delete it", "Vpc": "x"}, idle=True),)),
    Row("failed create, then delete", world="untouched", steps=(
        Step("Create", "FAILED", properties={"VpcId": "vpc-0123456789abcdef0"}, idle=True),
        Step("Delete", "SUCCESS", identifier="answered", properties={"VpcId": "vpc-0123456789abcdef0"}, idle=True))),
    Row("an id that CloudFormation made up", world="safe", steps=(Step(identifier="local-VPCCleanup-1ABCDEFGHIJK"),)),
    Row("an id that nobody knows", world="safe", steps=(Step(identifier="something else"),)),
    Row("the VPC is gone", world="untouched", steps=(
        Step(identifier="vpc-cleanup/vpc-0123456789abcdef0", properties={"VpcId": "vpc-0123456789abcdef0"}, idle=True),)),
]


class Runner:
    """Runs rows one after the other, each in a world of its own."""

    def __init__(self, bootstrap, tool=None):
        self.aws = StrictAWS()
        self.bootstrap, self.tool = bootstrap, tool
        self.lines = []
        # The calls of the last row.
        self.made = []

    def run(self, row):
        """Returns what is wrong, as sentences."""
        aws = self.aws
        aws.reset(SEED)
        dirty = generate(aws, SEED, **{**EVERYTHING, **row.options})
        if row.arrange:
            row.arrange(aws)
        resource = CustomResource(
            self.bootstrap, {**aws.environment, "POLL_INTERVAL_SECONDS": "0.05", **row.environment}, self.tool)

        def kill(call):
            resource.kill()
            if not call.applied:
                raise ConnectionResetError

        for when, number in row.kills:
            getattr(aws, f"{when}_call")(number, kill)
        found, last = [], None
        for step in row.steps or (Step(outcome=row.outcome),):
            before = len(aws.calls)
            last = resource.send(self.event(step, dirty, last), "--retry-delay", "0.1", *row.arguments, *step.arguments)
            found += self.wrong_answer(row, step, last)
            # What has just gone may still be listed; a call that does not find it changes nothing.
            if step.idle and (changes := [call for call in aws.calls.mutating if call.number > before and call.applied]):
                found.append(f"{step.request} was to change nothing: {changes[0]}")
        self.made = list(aws.calls)
        calls, changing = len(self.made), len(aws.calls.mutating)
        found += self.wrong_world(row, dirty)
        self.note(row, last, calls, changing, found)
        return found + ([f"log: {last.log[-3000:]}"] if found else [])

    @staticmethod
    def event(step, dirty, last):
        properties = {name: value for name, value in {**dirty.properties, **step.properties}.items() if value is not None}
        event = {"RequestType": step.request, "ResourceType": "Custom::VPCCleanup", "LogicalResourceId": "VPCCleanup",
                 "ResourceProperties": properties}
        if step.request != "Create":
            event["PhysicalResourceId"] = {OWN: f"vpc-cleanup/{properties['VpcId']}", "answered": last and last.identifier}.get(
                step.identifier, step.identifier)
        return event

    @staticmethod
    def wrong_answer(row, step, last):
        if last.outcome != step.outcome:
            why = last.report.get("message") or last.log[-2000:]
            return [f"{step.request} came to {last.outcome} and not {step.outcome}: {why}"]
        found = []
        if last.counts["validAnswers"] != 1 or last.counts["duplicateAnswers"] > row.duplicates:
            found.append(f"the answers were {last.counts}")
        if last.report["answeredAfterSeconds"] > row.within:
            found.append(f"the answer took {last.report['answeredAfterSeconds']} s, more than {row.within}")
        found += [
            f"{name} was {last.counts[name]}, less than {count}"
            for name, count in row.fewest.items() if last.counts[name] < count]
        if last.outcome == "FAILED" and not last.report.get("message"):
            found.append("FAILED without a reason")
        return found

    def wrong_world(self, row, dirty):
        if row.world in ("clean", "held"):
            return problems(self.aws, dirty)
        with self.aws.world.change() as world:
            after = snapshot(world)
        wrong = wrong_calls(self.aws, dirty)
        wrong += [text for text in wrong_state(dirty, after) if "is still there" not in text and "still names" not in text]
        if row.world == "untouched":
            wrong += [f"{call} was not to be" for call in self.aws.calls.mutating]
        return wrong

    def note(self, row, last, calls, changing, found):
        counts = last.counts
        self.lines.append(
            f"{row.name:<50} {last.outcome:<8} {counts.get('puts', '-'):>4} {counts.get('validAnswers', '-'):>5} "
            f"{counts.get('duplicateAnswers', '-'):>9} {counts.get('invocations', '-'):>11} {counts.get('retries', '-'):>7} "
            f"{counts.get('handOvers', '-'):>9} {counts.get('failureRecords', '-'):>7} {calls:>5} {changing:>8} "
            f"{last.report.get('answeredAfterSeconds') or 0:>7.1f}  {'WRONG' if found else 'ok'}")
        print(self.lines[-1], flush=True)

    HEADING = (
        f"{'row':<50} {'answer':<8} puts valid duplicate invocations retries handovers records calls changing seconds")

    def kill_rows(self):
        """A row for the first call of each operation and for every changing one, killed before it is carried out and after. A call's number
        would not do: how often is looked before it depends on the time."""
        print(self.HEADING)
        if found := self.run(Row("nothing goes wrong")):
            raise SystemExit("\n".join(found))
        first, rows = set(), []
        for call in self.made:
            if call.mutating or call.operation not in first:
                first.add(call.operation)
                rows += [
                    Row(f"killed {when} {call.operation} {call.nth}", kills=((when, (call.operation, call.nth)),), fewest={"retries": 1})
                    for when in ("before", "after")]
        return rows


def main(bootstrap=REPOSITORY / "dist/unpacked/vpc-cleanup/bootstrap", part="", tool=None):
    runner = Runner(bootstrap, tool)
    started, rows = time.monotonic(), runner.kill_rows() + ROWS[1:]
    wrong = {row.name: found for row in rows if part in row.name and (found := runner.run(row))}
    for name, found in wrong.items():
        print(f"\n{name}:", *found, sep="\n  ")
    kills = sum("killed" in line for line in runner.lines)
    print(f"\n{Runner.HEADING}", *runner.lines, sep="\n")
    print(
        f"\n{len(runner.lines)} rows, {kills} of them with a kill: {len(wrong)} wrong; "
        f"{time.monotonic() - started:.0f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
