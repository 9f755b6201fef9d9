"""Says what a clean-up of a dirty VPC did wrong, from the world it left and from the log of its calls."""

from botocore.exceptions import ClientError
from calls import identifiers
from snapshot import snapshot
from strict_aws import REGION


def problems(aws, dirty, tear_down=True):
    """Sentences, none if all is as it has to be. With `tear_down`, the user's things and the VPC are deleted at last."""
    with aws.world.change() as world:
        after = snapshot(world)
    found = wrong_calls(aws, dirty) + wrong_state(dirty, after)
    found += [f"{operation} is not known here" for operation in sorted(set(aws.unsupported))]
    if tear_down and not found and not dirty.held and not dirty.options.in_service:
        found += TearDown(aws, dirty).problems()
    return found


def wrong_state(dirty, after):
    found = []
    for item, was in dirty.before.items():
        now = after.get(item)
        if item in dirty.must_go:
            if now is not None:
                found.append(f"{item} ({was[0]} {was[1]}) is still there")
        elif now is None:
            found.append(f"{item} ({', '.join(map(str, was[:2]))}) is gone")
        elif was[0] == "group":
            found += wrong_rules(dirty, item, was, now)
        elif now != was:
            found.append(f"{item} was {was} and is {now}")
    return found


def wrong_rules(dirty, group, was, now):
    found = [f"{group} was {was[1:3]} and is {now[1:3]}"] if was[1:3] != now[1:3] else []
    if group in dirty.held:
        return found
    gone = was[3] - now[3]
    found += [f"{rule} of {group} ({was[1]}) is gone" for rule in sorted(gone - dirty.revocable)]
    found += [f"{rule} of {group} ({was[1]}) came" for rule in sorted(now[3] - was[3])]
    found += [
        f"{rule} of {group} ({was[1]}) still names a group that is gone"
        for rule in sorted((was[3] & now[3] & dirty.revocable)) if not dirty.held]
    return found


def wrong_calls(aws, dirty):
    """The changing calls that named anything but what was identified, failed ones too."""
    found = []
    allowed = dirty.must_go | set(dirty.held) | dirty.revocable
    for call in aws.calls.mutating:
        touched = set(call.targets)
        if call.operation.startswith("RevokeSecurityGroup"):
            touched = revoked(call, dirty)
        if not touched or touched - allowed:
            found.append(f"{call} touched {', '.join(sorted(touched - allowed)) or 'nothing that it names'}")
    return found


def revoked(call, dirty):
    """What a revocation touches: its rules, or the groups that its permissions name; its own group where neither is given."""
    if rules := call.parameters.get("SecurityGroupRuleIds"):
        return set(rules)
    pairs = [
        pair.get("GroupId", "?") for permission in call.parameters.get("IpPermissions", [])
        for pair in permission.get("UserIdGroupPairs", [{}])]
    return set(pairs) or set(identifiers(call.parameters))


class TearDown:
    """What comes after the clean-up: the user's things go, then the subnets and the VPC, through the services' own calls."""

    def __init__(self, aws, dirty):
        self.aws, self.dirty = aws, dirty
        self.ec2 = aws.client("ec2")

    def problems(self):
        self.aws.faults.__init__()
        with self.aws.world.change() as world:
            self.release_user(world)
        found = []
        for subnet in self.dirty.subnets:
            found += self.attempt("the subnet", subnet, lambda subnet=subnet: self.ec2.delete_subnet(SubnetId=subnet))
        return found + self.attempt("the VPC", self.dirty.vpc, lambda: self.ec2.delete_vpc(VpcId=self.dirty.vpc))

    def release_user(self, world):
        """Everything in the VPC that was not identified goes, as its owner makes it go. What was identified does not."""
        ec2, vpc = world.ec2(REGION), self.dirty.vpc
        users = set(self.dirty.before) - self.dirty.must_go
        for group in [group for group in ec2.groups[vpc].values() if group.id in users and not group.is_default]:
            del ec2.groups[vpc][group.id]
        targets = world.efs(REGION).mount_targets_by_id
        for target in [one for one in targets.values() if one.mount_target_id in users and one.vpc_id == vpc]:
            del targets[target.mount_target_id]
        for endpoint in [one for one in ec2.vpc_end_points.values() if one.id in users and one.vpc_id == vpc]:
            del ec2.vpc_end_points[endpoint.id]
        for interface in [one for one in ec2.enis.values() if one.id in users and one.vpc_id == vpc]:
            world.remove_interface(REGION, interface.id)

    @staticmethod
    def attempt(kind, item, call):
        try:
            call()
        except ClientError as error:
            return [f"{kind} {item} cannot be deleted: {error}"]
        return []
