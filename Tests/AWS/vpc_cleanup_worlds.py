#!/usr/bin/env python3
"""The packaged vpc-cleanup in many dirty VPCs: each can be deleted afterwards, nothing of anybody else's was touched, and a
second Delete changes nothing. `vpc_cleanup_worlds.py BOOTSTRAP [HOW MANY] [FIRST SEED]`."""

import sys
import time

from custom_resource import REPOSITORY, CustomResource
from dirty_vpc import generate
from strict_aws import StrictAWS
from verification import problems


def clean(aws, seed, bootstrap, tool=None):
    """Cleans one world. Returns what is wrong, and whether the user held something."""
    aws.reset(seed)
    dirty = generate(aws, seed)
    aws.pages.size, aws.pages.empty = 1 + seed % 9, 0.2
    resource = CustomResource(bootstrap, {**aws.environment, "POLL_INTERVAL_SECONDS": "0.02"}, tool)
    event = {
        "RequestType": "Delete", "ResourceType": "Custom::VPCCleanup", "ResourceProperties": dirty.properties,
        "PhysicalResourceId": f"vpc-cleanup/{dirty.vpc}"}
    expected = "FAILED" if dirty.held else "SUCCESS"
    time_limit = ("--service-timeout", "6" if dirty.held else "300")
    found = []
    given = resource.send(event, *time_limit)
    if given.outcome != expected or given.counts["validAnswers"] != 1:
        found.append(f"came to {given.outcome} and not {expected}: {given.report.get('message')} {given.log[-1000:]}")
    calls = len(aws.calls)
    given = resource.send(event, *time_limit)
    if again := [call for call in aws.calls.mutating if call.number > calls and call.applied]:
        found.append(f"the second Delete changed something: {again[0]}")
    return found + problems(aws, dirty), bool(dirty.held), calls


def main(bootstrap=REPOSITORY / "dist/unpacked/vpc-cleanup/bootstrap", count=200, first=0, tool=None):
    started, wrong, held, calls = time.monotonic(), 0, 0, 0
    aws = StrictAWS()
    for seed in range(int(first), int(first) + int(count)):
        found, is_held, made = clean(aws, seed, bootstrap, tool)
        wrong, held, calls = wrong + bool(found), held + is_held, calls + made
        if found:
            print(f"seed {seed}:", *found, sep="\n  ", flush=True)
    print(
        f"{count} dirty VPCs, {held} of them with something that the user holds: {wrong} wrong, {calls} calls, "
        f"{time.monotonic() - started:.0f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
