#!/usr/bin/env python3
"""Calls and wall time of a clean-up of a large VPC, the services taking their time: the packaged vpc-cleanup beside a plain
clean-up that makes one call after the other. `vpc_cleanup_speed.py [BOOTSTRAP]`; without one, the plain clean-up alone."""

import sys
import time

from custom_resource import CustomResource
from dirty_vpc import generate
from sequential_cleaner import SequentialCleaner
from strict_aws import StrictAWS
from verification import problems
from world import Delay

# 120 groups with the three of each domain, 3 file systems, 9 mount targets.
LARGE = {"zones": 3, "domains": 3, "user_groups": 111, "blocked": False, "home_file_systems": "Delete", "guard_duty": "Keep",
         "plain": True, "slow": False, "default_group": ""}
SEED = 4
# Seconds, a tenth of what the services take.
LATENCY, DELETION, LAG = 0.02, 3.0, 1.0


def large(aws):
    aws.reset(SEED)
    dirty = generate(aws, SEED, **LARGE)
    timing = aws.world.timing
    timing.mount_target_deletion, timing.mount_target_interface_lag = Delay(DELETION), Delay(LAG)
    timing.file_system_deletion = Delay(LAG)
    aws.faults.latency = LATENCY
    return dirty


def measure(aws, name, clean):
    dirty = large(aws)
    started = time.monotonic()
    clean(dirty)
    seconds = time.monotonic() - started
    aws.faults.latency = 0
    calls, changing, at_once = len(aws.calls), len(aws.calls.mutating), aws.calls.at_once()
    found = problems(aws, dirty)
    print(f"{name:<24} {len(dirty.groups):>6} {calls:>6} {changing:>9} {at_once:>8} {seconds:>8.1f}", *found[:3], sep="  ", flush=True)
    return not found


def main(bootstrap=None, tool=None):
    aws = StrictAWS()
    print(f"slowest chain: mount target {DELETION} s, its interface or the file system {LAG} s, {LATENCY} s a call")
    print(f"{'clean-up':<24} groups  calls  changing  at once  seconds")
    done = measure(aws, "one after the other", lambda dirty: SequentialCleaner(aws, dirty.properties, pause=0.1).run())
    if bootstrap:
        def packaged(dirty):
            resource = CustomResource(
                bootstrap, {**aws.environment, "POLL_INTERVAL_SECONDS": "0.1"}, tool)
            resource.send({
                "RequestType": "Delete", "ResourceType": "Custom::VPCCleanup", "ResourceProperties": dirty.properties,
                "PhysicalResourceId": f"vpc-cleanup/{dirty.vpc}"})
        done = measure(aws, "vpc-cleanup", packaged) and done
    return 0 if done else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
