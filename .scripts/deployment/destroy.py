"""Removes the stack, and says what stays and how that is removed."""

import progress
import resources
from aws_cli import CommandFailed
from console import Failure, agreed, say
from leftovers import commands, kept


def destroy(aws, caller, target, options):
    """`target` is the stack at AWS or at a stand-in."""
    found = progress.describe(aws, options.stack)
    if not found:
        raise Failure(f"there is no stack {options.stack} in account {caller.account}, {aws.region}.")
    there = list(resources.every(aws, found["StackId"]))
    stays = kept(aws, target, found, there)
    say(f"The stack {options.stack} in account {caller.account}, {aws.region}, will be removed. These stay, with the data in them:")
    width = max((len(physical) for _, physical, _ in stays), default=0)
    for kind, physical, name in stays:
        say(f"  {kind:<10} {physical:<{width}}  {name}")
    if not options.yes and not agreed("Remove it?"):
        raise Failure("nothing was removed.")
    unprotect(aws, there)
    say(f"Removing the stack: {target.deletion_duration}")
    target.delete(found)
    say("The stack is gone. What stays costs what it stores; to remove it for good, data included:")
    for line in commands(aws, target.environment(), stays):
        say(f"  {line}")


def unprotect(aws, there):
    """Switches off the deletion protection. A stack that was never finished has it too, and no outputs that would name who has it."""
    for each in there:
        if each.kind != "AWS::ElasticLoadBalancingV2::LoadBalancer":
            continue
        say("Switching off the load balancer's deletion protection")
        try:
            aws.find("elbv2", "modify-load-balancer-attributes", "--load-balancer-arn", each.physical,
                     "--attributes", "Key=deletion_protection.enabled,Value=false")
        except CommandFailed as problem:
            raise Failure(f"the load balancer is protected from deletion, and that could not be switched off: {problem}") from None
