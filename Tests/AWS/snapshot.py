"""What there is in a region, in a form in which two moments can be compared."""

from strict_aws import REGION


def snapshot(world):
    """Id -> what is to be the same afterwards, of everything in the region. A group has its rules' ids as a set."""
    ec2, efs = world.ec2(REGION), world.efs(REGION)
    found = {vpc.id: ("vpc",) for vpc in ec2.vpcs.values()}
    found |= {subnet.id: ("subnet", subnet.vpc_id) for zone in ec2.subnets.values() for subnet in zone.values()}
    for group in world.groups(REGION):
        rules = frozenset(rule.id for rule in (*group.ingress_rules, *group.egress_rules))
        found[group.id] = ("group", group.name, tuple(sorted(ec2.tags.get(group.id, {}).items())), rules)
    for interface in ec2.enis.values():
        found[interface.id] = ("interface", interface.description, interface.status, tuple(one.id for one in interface._group_set))
    for one in efs.file_systems_by_id.values():
        found[one.file_system_id] = ("file system", one.life_cycle_state)
    for one in efs.mount_targets_by_id.values():
        found[one.mount_target_id] = ("mount target", one.life_cycle_state)
    for one in ec2.vpc_end_points.values():
        if one.state != "deleted":
            found[one.id] = ("endpoint", one.state)
    return found
