"""Dirty VPCs from a seed: what deleted SageMaker domains leave, among resources of the user that must stay.

`generate(aws, seed)` makes one, and says in a `DirtyVPC` what has to go and what has to stay. After a clean-up,
`problems(aws, dirty)` names all that is not as it has to be, the calls that touched what they must not, and, when nothing
of the user is in the way, what keeps the subnets and the VPC from being deleted.
"""

import dataclasses
import random

from strict_aws import REGION
from world import ACCOUNT, Delay

TAG = "ManagedByAmazonSageMakerResource"
GUARD_DUTY_TAG = "GuardDutyManaged"
NFS_PORTS = [(2049, 2049), (988, 988), (1018, 1023)]
OTHER_ACCOUNT = "210987654321"


@dataclasses.dataclass
class Options:
    """What a VPC is made of; what is None is drawn from the seed."""

    zones: int = None
    domains: int = None
    # Groups of the user in the VPC.
    user_groups: int = None
    # Whether something of the user holds an identified group, so that it cannot go.
    blocked: bool = None
    # `HomeFileSystems` and `GuardDutyEndpoints` of the custom resource.
    home_file_systems: str = None
    guard_duty: str = None
    # Whether a rule of the VPC's default group names an identified group: None, "emptied" when the custom resource may
    # take it out, or "kept" when it may not, so that the group is held.
    default_group: str = None
    # Whether a domain in the VPC is still in service: then nothing may be touched.
    in_service: bool = False
    # Whether deletions take their time, and how many seconds each at most.
    slow: bool = True
    seconds: float = 0.0


@dataclasses.dataclass
class DirtyVPC:
    """Ids, but for `properties` and `before`."""

    seed: int
    options: Options
    vpc: str = ""
    subnets: list = dataclasses.field(default_factory=list)
    domains: list = dataclasses.field(default_factory=list)
    # The custom resource's properties, without its ServiceToken.
    properties: dict = dataclasses.field(default_factory=dict)
    # What the evidence identifies and what has to be gone afterwards.
    must_go: set = dataclasses.field(default_factory=set)
    # Identified groups that something of the user holds: they are tried and stay. Group id -> id of the holder.
    held: dict = dataclasses.field(default_factory=dict)
    # Rules that have to be revoked: those of any group in the VPC that name a group that goes or is held.
    revocable: set = dataclasses.field(default_factory=set)
    before: dict = dataclasses.field(default_factory=dict)

    @property
    def groups(self):
        return {item for item in (*self.must_go, *self.held) if item.startswith("sg-")}


def generate(aws, seed, **options):
    """Makes a dirty VPC, and another with leftovers of its own; the call log starts afterwards."""
    with aws.world.change() as world:
        dirty = Builder(world, seed, Options(**options)).build()
        dirty.before = snapshot(world)
    aws.calls.clear()
    return dirty


class Builder:
    """Makes everything through moto's backends, in the state in which the services leave it."""

    def __init__(self, world, seed, options):
        self.world, self.random, self.options = world, random.Random(seed), options
        self.ec2, self.efs, self.sagemaker = world.ec2(REGION), world.efs(REGION), world.sagemaker(REGION)
        self.dirty = DirtyVPC(seed, options)
        self.count = 0

    def drawn(self, name, draw):
        if getattr(self.options, name) is None:
            setattr(self.options, name, draw())

    def build(self):
        chance, dirty, options = self.random.random, self.dirty, self.options
        self.drawn("zones", lambda: self.random.randint(1, 3))
        self.drawn("domains", lambda: self.random.choice([1, 1, 1, 2, 3]))
        self.drawn("user_groups", lambda: self.random.randint(0, 6))
        self.drawn("blocked", lambda: chance() < 0.2)
        self.drawn("home_file_systems", lambda: self.random.choice(["Retain", "Delete"]))
        self.drawn("guard_duty", lambda: self.random.choice(["Keep", "Delete"]))
        self.drawn("default_group", lambda: self.random.choice(["", "", "emptied", "kept" if options.blocked else ""]))
        dirty.vpc, dirty.subnets = self.network("10.0", options.zones)
        self.other_vpc, self.other_subnets = self.network("10.1", 2)
        dirty.properties = {
            "VpcId": dirty.vpc, "HomeFileSystems": options.home_file_systems, "GuardDutyEndpoints": options.guard_duty,
            "EmptyDefaultSecurityGroup": "true" if options.default_group == "emptied" else "false"}
        # The other VPC has all of it too, its domain alive, and none of it may be touched.
        stranger = self.leftovers(self.other_vpc, self.other_subnets, goes=False)
        self.domain(stranger[0], self.other_vpc, self.other_subnets, stranger[1], "InService")
        made = [self.leftovers(dirty.vpc, dirty.subnets, goes=not options.in_service) for _ in range(options.domains)]
        dirty.domains = [domain_id for domain_id, *_ in made]
        if options.in_service:
            self.domain(made[0][0], dirty.vpc, dirty.subnets, made[0][1], "InService")
        elif chance() < 0.3:
            domain = self.domain(made[0][0], dirty.vpc, dirty.subnets, made[0][1], "Deleting")
            self.world.later(domain.id, Delay(looks=1), lambda: self.sagemaker.domains.pop(domain.id))
        self.interfaces(made)
        self.guard_duty()
        users = self.user_groups(made)
        self.user_resources(users)
        self.decoys()
        if not options.in_service:
            self.special_file_systems(made)
            if options.blocked:
                self.block(made)
        self.collect_rules()
        if options.slow:
            self.slow_down()
        return dirty

    # Building blocks

    def goes(self, *ids):
        self.dirty.must_go.update(ids)

    def name(self, prefix):
        self.count += 1
        return f"{prefix}-{self.count}"

    def hexadecimal(self, digits):
        return f"{self.random.getrandbits(4 * digits):0{digits}x}"

    def network(self, prefix, zones):
        vpc = self.ec2.create_vpc(f"{prefix}.0.0/16")
        subnets = [
            self.ec2.create_subnet(vpc.id, f"{prefix}.{index}.0/24", REGION + "abc"[index]).id for index in range(zones)]
        return vpc.id, subnets

    def group(self, vpc, name, description, tags=None, owner=ACCOUNT):
        group = self.ec2.create_security_group(name, description, vpc_id=vpc, tags=tags or {})
        group.owner_id = owner
        return group

    def allow(self, group, other, direction="ingress", ports=(443, 443)):
        authorize = getattr(self.ec2, f"authorize_security_group_{direction}")
        authorize(group.id, "tcp", ports[0], ports[1], [], source_groups=[{"GroupId": other.id}], vpc_id=group.vpc_id)

    def allow_range(self, group, cidr, direction="ingress", port=443):
        getattr(self.ec2, f"authorize_security_group_{direction}")(group.id, "tcp", port, port, [{"CidrIp": cidr}])

    def interface(self, subnet, groups, description, kind="interface", owner=None, status="available", managed=False, tags=None):
        made = self.ec2.create_network_interface(subnet, "", group_ids=[group.id for group in groups], tags=tags)
        self.world.adopt_interface(REGION, made.id, description, kind, owner, status, managed)
        return made.id

    def file_system(self, tags):
        made = self.efs.create_file_system(
            self.name("token"), "generalPurpose", True, "", "bursting", 0, "", False,
            [{"Key": key, "Value": value} for key, value in tags.items()])
        made._size_value = self.random.randrange(6144, 10**9)
        return made

    def mount_target(self, file_system, subnet, groups):
        # moto refuses targets in two VPCs, which old file systems have; and keeps one a zone.
        places, file_system._mount_targets = file_system._mount_targets, {}
        target = self.efs.create_mount_target(file_system.file_system_id, subnet, None, [group.id for group in groups])
        file_system._mount_targets = {**places, target.mount_target_id: target}
        self.world.adopt_interface(
            REGION, target.network_interface_id, f"EFS mount target for {target.file_system_id} ({target.mount_target_id})",
            "efs", "amazon-aws")
        return target

    def domain(self, domain_id, vpc, subnets, file_system, status):
        self.sagemaker.create_domain(domain_id[2:], "IAM", {}, subnets, vpc, *[None] * 7)
        domain = self.sagemaker.domains.pop(f"d-{domain_id[2:]}")
        domain.home_efs_file_system_id, domain.status = file_system.file_system_id, status
        self.sagemaker.domains[domain.id] = domain
        return domain

    @staticmethod
    def domain_tag(domain_id):
        return {TAG: f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:domain/{domain_id}"}

    # What SageMaker leaves

    def leftovers(self, vpc, subnets, goes):
        """A deleted domain's file system, mount targets and groups. Returns (domain id, file system, inbound group, outbound group)."""
        domain_id = f"d-{self.hexadecimal(12)}"
        tags = self.domain_tag(domain_id)
        # Either evidence is enough for a group: the tag, or its name with its description.
        tagged = self.random.random() < 0.8
        inbound, outbound = (
            self.group(
                vpc, f"security-group-for-{way}-nfs-{domain_id}",
                f"[DO NOT DELETE] Security Group that allows {way} NFS traffic for SageMaker Notebooks Domain [{domain_id}]",
                tags if tagged else None) for way in ("inbound", "outbound"))
        outbound.egress_rules = []
        for ports in NFS_PORTS:
            self.allow(inbound, outbound, "ingress", ports)
            self.allow(outbound, inbound, "egress", ports)
        file_system = self.file_system(tags)
        targets = [self.mount_target(file_system, subnet, [inbound]) for subnet in subnets]
        groups = [inbound, outbound]
        if self.random.random() < 0.4:
            boundary = self.group(vpc, f"security-group-for-domain-boundary-{domain_id}", "SageMaker domain boundary", tags)
            self.allow(boundary, boundary, "ingress")
            self.allow(boundary, inbound, "egress", NFS_PORTS[0])
            groups.append(boundary)
        if goes:
            self.goes(*(group.id for group in groups), *(target.mount_target_id for target in targets))
            self.goes(*(target.network_interface_id for target in targets))
            if self.options.home_file_systems == "Delete":
                self.goes(file_system.file_system_id)
        return domain_id, file_system, inbound, outbound

    def interfaces(self, made):
        """Interfaces that services left `available`, or will let go of, in both VPCs."""
        for vpc_subnets, mine in ((self.dirty.subnets, True), (self.other_subnets, False)):
            for domain_id, _, _, outbound in made:
                for description in (
                        f"[DO NOT DELETE] ENI managed by SageMaker for Studio Domain ({domain_id}) - {self.hexadecimal(32)}",
                        f"[DO NOT DELETE] ENI managed by SageMaker for Studio Domain({domain_id}) - {self.hexadecimal(32)}",
                        "[Do not delete] Network Interface created to access resources in your VPC for SageMaker Notebook Instance "
                        + self.name("notebook"),
                        f"AWS Lambda VPC ENI-{self.name('worker')}-{self.uuid()}"):
                    if self.random.random() < 0.4:
                        self.left_interface(self.random.choice(vpc_subnets), outbound if mine else None, description, mine)

    def left_interface(self, subnet, group, description, mine):
        # A notebook instance that uses its interface is no leftover.
        used = mine and self.random.random() < 0.4 and "Notebook Instance" not in description
        of_lambda = description.startswith("AWS Lambda")
        kind = "lambda" if used and of_lambda else "interface"
        owner = "amazon-aws" if used else None
        groups = [group] if group else []
        interface_id = self.interface(subnet, groups, description, kind, owner, "in-use" if used else "available")
        if used:
            # Lambda lets go of it; SageMaker removes some of its own itself.
            ends = self.world.remove_interface if not of_lambda and self.random.random() < 0.5 else self.world.release_interface
            self.world.later(
                interface_id, Delay(self.options.seconds * self.random.random(), self.random.randint(1, 3)),
                lambda: ends(REGION, interface_id))
        if mine and not self.options.in_service:
            self.goes(interface_id)

    def uuid(self):
        return "-".join(self.hexadecimal(digits) for digits in (8, 4, 4, 4, 12))

    def guard_duty(self):
        """GuardDuty's endpoint and group, the group alone, or nothing; in the other VPC always both."""
        self.guard_duty_in(self.other_vpc, self.other_subnets, True, goes=False)
        case = self.random.choice(["endpoint", "group", "nothing"])
        if case == "group" and self.options.guard_duty == "Keep":
            case = "nothing"
        if case != "nothing":
            self.guard_duty_in(
                self.dirty.vpc, self.dirty.subnets, case == "endpoint",
                goes=self.options.guard_duty == "Delete" and not self.options.in_service)

    def guard_duty_in(self, vpc, subnets, with_endpoint, goes):
        group = self.group(vpc, f"GuardDutyManagedSecurityGroup-{vpc}", "Associated with VPC-" + vpc, {GUARD_DUTY_TAG: "true"})
        self.allow_range(group, "10.0.0.0/16")
        ids = [group.id]
        if with_endpoint:
            endpoint = self.endpoint(vpc, subnets, group, f"com.amazonaws.{REGION}.guardduty-data", {GUARD_DUTY_TAG: "true"})
            ids += [endpoint.id, *endpoint.network_interface_ids]
        if goes:
            self.goes(*ids)

    def endpoint(self, vpc, subnets, group, service, tags=None):
        made = self.ec2.create_vpc_endpoint(
            vpc, service, "Interface", None, [], subnet_ids=subnets, security_group_ids=[group.id], tags=tags)
        for interface_id in made.network_interface_ids:
            self.world.adopt_interface(REGION, interface_id, f"VPC Endpoint Interface {made.id}", "vpc_endpoint", "amazon-aws")
            self.ec2.enis[interface_id]._group_set = [group]
        return made

    def special_file_systems(self, made):
        """SageMaker's file systems of other kinds than a plain one with its targets here."""
        _, _, inbound, _ = made[0]
        if self.random.random() < 0.3:
            # With a target in another VPC too: ours goes, the rest and the data stay.
            both = self.file_system(self.domain_tag(f"d-{self.hexadecimal(12)}"))
            target = self.mount_target(both, self.dirty.subnets[0], [inbound])
            self.mount_target(both, self.other_subnets[0], [self.ec2.get_default_security_group(self.other_vpc)])
            self.goes(target.mount_target_id, target.network_interface_id)
        if self.random.random() < 0.2:
            # A replicated one is somebody's copy: its targets go, the file system stays.
            source = made[0][1]
            self.world.replications[source.file_system_id] = [
                {"Status": "ENABLED", "FileSystemId": "fs-0f0e0d0c0b0a09080", "Region": "eu-central-1"}]
            self.dirty.must_go.discard(source.file_system_id)
        if self.options.domains == 1 and self.random.random() < 0.3:
            # Without targets, only the domain that is named ties a file system to this clean-up.
            self.dirty.properties["DomainId"] = made[0][0]
            bare = self.file_system(self.domain_tag(made[0][0]))
            if self.options.home_file_systems == "Delete":
                self.goes(bare.file_system_id)
        # And one of a domain that nobody named stays.
        self.file_system(self.domain_tag(f"d-{self.hexadecimal(12)}"))

    # What is the user's

    def user_groups(self, made):
        """Groups of the user, whose rules name SageMaker's, each other, themselves and address ranges."""
        groups = []
        for _ in range(self.options.user_groups):
            group = self.group(self.dirty.vpc, self.name("user"), "a group of the user")
            groups.append(group)
            self.allow_range(group, "192.168.0.0/16")
            self.allow(group, group, "ingress", (22, 22))
            self.allow(group, self.random.choice(groups[:-1] or groups), "egress", (5432, 5432))
            for _, _, inbound, outbound in made:
                if self.random.random() < 0.5:
                    self.allow(group, outbound, "ingress", (8443, 8443))
                if self.random.random() < 0.5:
                    self.allow(group, inbound, "egress", NFS_PORTS[0])
                if self.random.random() < 0.2:
                    # A rule of the user in a group of SageMaker's.
                    self.allow(inbound, group, "ingress", (2049, 2049))
        default = self.ec2.get_default_security_group(self.dirty.vpc)
        self.allow(default, default, "ingress", (1, 65535))
        if self.options.default_group:
            self.allow(default, made[0][3], "ingress", (80, 80))
        if self.options.default_group == "kept" and not self.options.in_service:
            self.hold(made[0][3], default.id)
        # A peered VPC's group names ours, and a group of the user names the peer's: neither is this VPC's to change.
        peer = self.group(self.other_vpc, self.name("peer"), "a group in the peered VPC")
        self.refer_across(peer, made[0][2])
        if groups:
            self.refer_across(groups[0], peer)
        return groups

    def refer_across(self, group, other):
        self.ec2.authorize_security_group_ingress(group.id, "tcp", 9000, 9000, [], source_groups=[{"GroupId": other.id}])

    def user_resources(self, groups):
        """What the user keeps in the VPC. It stays, and the user deletes it before the VPC."""
        groups = groups or [self.ec2.get_default_security_group(self.dirty.vpc)]
        subnet = self.dirty.subnets[0]
        if self.random.random() < 0.5:
            self.interface(subnet, [self.random.choice(groups)], "an interface kept for its address", tags={"Name": "kept"})
        if self.random.random() < 0.5:
            own = self.file_system({"Name": "shared"} if self.random.random() < 0.5 else {})
            self.mount_target(own, subnet, [self.random.choice(groups)])
        if self.random.random() < 0.3:
            self.endpoint(self.dirty.vpc, [subnet], self.random.choice(groups), f"com.amazonaws.{REGION}.sts")
        if self.random.random() < 0.3:
            self.instance_interface(subnet, [self.random.choice(groups)])
        if self.random.random() < 0.3:
            hidden = self.interface(subnet, [groups[0]], "managed for the user", owner="amazon-aws", status="in-use", managed=True)
            self.world.operators[hidden] = {"Managed": True, "Principal": "ec2.amazonaws.com", "HiddenByDefault": True}

    def instance_interface(self, subnet, groups):
        interface_id = self.interface(subnet, groups, "", status="in-use")
        self.world.attachments[interface_id] = {
            "AttachmentId": f"eni-attach-{self.hexadecimal(17)}", "InstanceId": f"i-{self.hexadecimal(17)}",
            "InstanceOwnerId": ACCOUNT, "Status": "attached", "DeviceIndex": 0, "DeleteOnTermination": True}
        return interface_id

    def decoys(self):
        """Look like leftovers, and are not: the evidence fails in one point each."""
        vpc, subnet, domain_id = self.dirty.vpc, self.dirty.subnets[0], f"d-{self.hexadecimal(12)}"
        group = self.group(vpc, f"security-group-for-inbound-nfs-{domain_id}", "NFS for our own servers")
        for description in (
                "ENI managed by SageMaker for Studio Domain, a note of the user",
                "AWS Lambda VPC ENI-without-an-id",
                "EFS mount target for the archive",
                f"VPC Endpoint Interface, formerly {domain_id}"):
            if self.random.random() < 0.5:
                self.interface(subnet, [group], description)
        if self.random.random() < 0.5:
            self.group(vpc, self.name("noted"), f"[DO NOT DELETE] SageMaker Domain [{domain_id}] servers of the user")
        if self.random.random() < 0.5:
            self.group(vpc, self.name("tagged"), "the tag's value is no domain", {TAG: "yes"})
        if self.random.random() < 0.5:
            self.group(vpc, f"GuardDutyManagedSecurityGroup-{self.other_vpc}", "a copy of the user's")
        if self.random.random() < 0.3:
            self.group(
                vpc, self.name("shared"), "of another account, in a shared VPC",
                {TAG: f"arn:aws:sagemaker:{REGION}:{OTHER_ACCOUNT}:domain/{domain_id}"}, owner=OTHER_ACCOUNT)
        if self.random.random() < 0.5:
            untrue = self.file_system({TAG: f"arn:aws:s3:::{domain_id}"})
            self.mount_target(untrue, subnet, [group])

    def block(self, made):
        """Something of the user holds an identified group."""
        _, _, inbound, outbound = made[0]
        case = self.random.choice(["instance", "interface", "association", "function"])
        if case == "instance":
            self.hold(inbound, self.instance_interface(self.dirty.subnets[0], [inbound]))
        elif case == "interface":
            self.hold(outbound, self.interface(self.dirty.subnets[0], [outbound], "of the user, in SageMaker's group"))
        elif case == "association":
            self.world.associations[inbound.id, self.other_vpc] = "associated"
            self.hold(inbound, self.other_vpc)
        else:
            name = self.name("busy")
            self.world.functions.append({
                "FunctionName": name, "FunctionArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}",
                "VpcConfig": {"VpcId": self.dirty.vpc, "SubnetIds": self.dirty.subnets[:1], "SecurityGroupIds": [outbound.id]}})
            self.hold(outbound, self.interface(
                self.dirty.subnets[0], [outbound], f"AWS Lambda VPC ENI-{name}-{self.uuid()}", "lambda", "amazon-aws", "in-use"))

    def hold(self, group, holder):
        self.dirty.must_go.discard(group.id)
        self.dirty.held[group.id] = holder

    def collect_rules(self):
        for group in self.ec2.groups[self.dirty.vpc].values():
            if group.is_default and self.options.default_group != "emptied":
                continue
            for rule in (*group.ingress_rules, *group.egress_rules):
                if rule.source_group.get("GroupId") in self.dirty.groups:
                    self.dirty.revocable.add(rule.id)

    def slow_down(self):
        def delay(most):
            return Delay(self.options.seconds * self.random.random(), self.random.randint(0, most))

        timing = self.world.timing
        timing.mount_target_deletion, timing.mount_target_interface_lag = delay(3), delay(2)
        timing.file_system_deletion, timing.endpoint_deletion, timing.endpoint_interface_lag = delay(2), delay(3), delay(2)
        timing.stale_groups, timing.stale_interfaces = self.random.randint(0, 2), self.random.randint(0, 2)
        timing.stale_endpoints = self.random.randint(0, 2)
        self.world.capitalised_states = self.random.random() < 0.5


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
