#!/usr/bin/env python3
"""Calls and wall time of a clean-up of a large VPC, the services taking their time: the packaged vpc-cleanup beside a plain
clean-up that makes one call after the other. `vpc_cleanup_speed.py [BOOTSTRAP] [TOOL]`."""

import math
import sys
import time

from custom_resource import REPOSITORY, CustomResource
from dirty_vpc import generate
from sequential_cleaner import SequentialCleaner
from strict_aws import REGION, StrictAWS
from verification import problems
from world import Delay

# 120 groups with the domains' and the default one, 3 file systems, 9 mount targets.
LARGE = {"zones": 3, "domains": 3, "user_groups": 112, "blocked": False, "home_file_systems": "Delete", "guard_duty": "Keep",
         "plain": True, "slow": False, "default_group": ""}
SEED = 4
# Seconds, a tenth or so of what the services take; `BASE` is the first wait between two looks.
LATENCY, DELETION, LAG, BASE = 0.02, 6.0, 2.0, 0.1


class Contest:
    """The same VPC for each cleaner."""

    def __init__(self):
        self.aws = StrictAWS()

    def large(self):
        self.aws.reset(SEED)
        dirty = generate(self.aws, SEED, **LARGE)
        timing = self.aws.world.timing
        timing.mount_target_deletion, timing.mount_target_interface_lag = Delay(DELETION), Delay(LAG)
        timing.file_system_deletion = Delay(LAG)
        self.aws.faults.latency = LATENCY
        return dirty

    def groups(self, dirty):
        return self.aws.world.ec2(REGION).groups[dirty.vpc].values()

    def allowed(self, dirty):
        """The most calls, by the formula in the function's README."""
        directions = sum(
            any(rule.source_group.get("GroupId") in dirty.groups - {group.id} for rule in rules)
            for group in self.groups(dirty) for rules in (group.ingress_rules, group.egress_rules))
        targets, systems = (sum(item.startswith(kind) for item in dirty.must_go) for kind in ("fsmt-", "fs-"))
        domains = len(self.aws.world.sagemaker(REGION).domains)
        leftovers = len(dirty.groups)
        inventory = 4 + domains + 2 + 3 * systems + math.ceil(len(self.groups(dirty)) / 200) + math.ceil(leftovers / 200)
        deletions = targets + systems + directions + leftovers

        def looks(seconds, came):
            return 3 + seconds / (3 * BASE) + 3 * came

        # Of each file system's targets, of each file system, and of the interfaces, with what goes before the last one.
        waits = systems * looks(DELETION, targets // systems - 1) + systems * looks(LAG, 0) + looks(LAG, targets - 1)
        return math.floor(1 + 2 * inventory + 7 + deletions + waits)

    def measure(self, name, clean):
        """Returns calls, the most allowed, and seconds; no seconds where the VPC is not clean afterwards."""
        aws, dirty = self.aws, self.large()
        allowed, groups = self.allowed(dirty), len(self.groups(dirty))
        started = time.monotonic()
        clean(dirty)
        seconds = time.monotonic() - started
        aws.faults.latency = 0
        calls, changing, at_once = len(aws.calls), len(aws.calls.mutating), aws.calls.at_once()
        found = problems(aws, dirty)
        print(f"{name:<22} {groups:>6} {calls:>6} {changing:>9} {at_once:>8} {seconds:>8.1f}", *found[:3], sep="  ", flush=True)
        return calls, allowed, None if found else seconds


def main(bootstrap=REPOSITORY / "dist/unpacked/vpc-cleanup/bootstrap", tool=None):
    contest = Contest()

    def packaged(dirty):
        resource = CustomResource(bootstrap, {**contest.aws.environment, "POLL_INTERVAL_SECONDS": str(BASE)}, tool)
        resource.send({
            "RequestType": "Delete", "ResourceType": "Custom::VPCCleanup", "ResourceProperties": dirty.properties,
            "PhysicalResourceId": f"vpc-cleanup/{dirty.vpc}"})

    print(f"{LATENCY} s a call, {DELETION} s until a mount target is gone, {LAG} s more for its interface and for a file system")
    print(f"slowest chain: {DELETION + LAG} s")
    print(f"{'clean-up':<22} groups   calls   changing   at once   seconds")
    _, _, plain = contest.measure(
        "one after the other", lambda dirty: SequentialCleaner(contest.aws, dirty.properties, pause=BASE).run())
    calls, allowed, ours = contest.measure("vpc-cleanup", packaged)
    print(f"the formula allows {allowed} calls")
    done = plain is not None and ours is not None and calls <= allowed and ours < plain / 2
    print("as it has to be" if done else "WRONG: not clean, or more calls than the formula allows, or not twice as fast")
    return 0 if done else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
