#!/usr/bin/env python3
"""The packaged vpc-cleanup in many dirty VPCs: each can be deleted afterwards, nothing of anybody else's was touched, and a
second Delete changes nothing. Where the user holds something, the Delete fails until the user lets go. `vpc_cleanup_worlds.py [BOOTSTRAP] [HOW MANY] [FIRST SEED] [TOOL]`."""

import dataclasses
import multiprocessing
import os
import sys
import time

from custom_resource import REPOSITORY, CustomResource
from dirty_vpc import generate
from snapshot import snapshot
from strict_aws import REGION, StrictAWS
from verification import problems

# The seconds in which CloudFormation wants its answer where somebody holds something and does not let go: of the first Delete,
# which has much to do, and of the second.
PATIENCE = ("6", "3")


@dataclasses.dataclass
class Cleaned:
    """What came of one world. `wrong` are sentences."""

    seed: int
    wrong: list
    held: bool
    calls: int
    changing: int


class Cleaner:
    """Cleans worlds one after the other. The state of the stand-ins is the process's: one to a process."""

    def __init__(self, bootstrap, tool=None):
        self.aws = StrictAWS()
        self.bootstrap, self.tool = bootstrap, tool

    def clean(self, seed):
        aws = self.aws
        aws.reset(seed)
        dirty = generate(aws, seed)
        aws.pages.size, aws.pages.empty = 1 + seed % 9, 0.2
        resource = CustomResource(self.bootstrap, {**aws.environment, "POLL_INTERVAL_SECONDS": "0.02"}, self.tool)
        event = {
            "RequestType": "Delete", "ResourceType": "Custom::VPCCleanup", "ResourceProperties": dirty.properties,
            "PhysicalResourceId": f"vpc-cleanup/{dirty.vpc}"}
        expected = "FAILED" if dirty.held else "SUCCESS"
        first, second = PATIENCE if dirty.held else ("300", "300")
        found = []
        given = resource.send(event, "--service-timeout", first)
        if given.outcome != expected or given.counts["validAnswers"] != 1:
            found.append(f"came to {given.outcome} and not {expected}: {given.report.get('message')} {given.log[-1000:]}")
        calls, changing = len(aws.calls), len(aws.calls.mutating)
        given = resource.send(event, "--service-timeout", second)
        if given.outcome != expected or given.counts["validAnswers"] != 1:
            found.append(f"the second Delete came to {given.outcome} and not {expected}: {given.report.get('message')}")
        if again := [call for call in aws.calls.mutating if call.number > calls and call.applied]:
            found.append(f"the second Delete changed something: {again[0]}")
        found += problems(aws, dirty)
        held = bool(dirty.held)
        if held and not found:
            self.let_go(dirty)
            given = resource.send(event)
            if given.outcome != "SUCCESS":
                found.append(f"nothing is held any more, and Delete came to {given.outcome}: {given.report.get('message')}")
            found += problems(aws, dirty)
        return Cleaned(seed, found, held, calls, changing)

    def let_go(self, dirty):
        """The user takes away what holds identified groups, which have to go now."""
        with self.aws.world.change() as world:
            world.functions[:] = [
                function for function in world.functions if not dirty.held.keys() & set(function["VpcConfig"]["SecurityGroupIds"])]
            for group, holder in dirty.held.items():
                if holder.startswith("eni-"):
                    world.remove_interface(REGION, holder)
                elif holder.startswith("vpc-"):
                    del world.associations[group, holder]
            # A rule of the default group may hold what something else holds, too.
            default = world.ec2(REGION).get_default_security_group(dirty.vpc)
            default.ingress_rules = [
                rule for rule in default.ingress_rules if rule.source_group.get("GroupId") not in dirty.held]
            dirty.must_go |= set(dirty.held)
            after = snapshot(world)
            for holder in (default.id, *dirty.held.values()):
                if holder in after:
                    dirty.before[holder] = after[holder]
                else:
                    dirty.before.pop(holder, None)
        dirty.held = {}


def prepare(bootstrap, tool):
    global cleaner
    cleaner = Cleaner(bootstrap, tool)


def clean(seed):
    return cleaner.clean(seed)


def main(bootstrap=REPOSITORY / "dist/unpacked/vpc-cleanup/bootstrap", count=200, first=0, tool=None):
    started, all_cleaned = time.monotonic(), []
    # Fresh processes now and then: the stand-ins keep something of every world.
    with multiprocessing.get_context("spawn").Pool(os.cpu_count(), prepare, (bootstrap, tool), maxtasksperchild=50) as pool:
        for cleaned in pool.imap(clean, range(int(first), int(first) + int(count))):
            all_cleaned.append(cleaned)
            if cleaned.wrong:
                print(f"seed {cleaned.seed}:", *cleaned.wrong, sep="\n  ", flush=True)
            if len(all_cleaned) % 20 == 0:
                print(f"{len(all_cleaned)} dirty VPCs after {time.monotonic() - started:.0f} s", flush=True)
    wrong = sum(bool(cleaned.wrong) for cleaned in all_cleaned)
    print(
        f"{len(all_cleaned)} dirty VPCs, {sum(cleaned.held for cleaned in all_cleaned)} of them held by the user at first: "
        f"{wrong} wrong; {sum(cleaned.calls for cleaned in all_cleaned)} calls, "
        f"{sum(cleaned.changing for cleaned in all_cleaned)} of them to change something; "
        f"{time.monotonic() - started:.0f} s")
    return 1 if wrong or len(all_cleaned) != int(count) else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
