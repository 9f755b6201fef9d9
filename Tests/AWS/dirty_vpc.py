"""Dirty VPCs from a seed: what deleted SageMaker domains leave, among resources of the user that must stay.

`generate(aws, seed)` makes one, and says in a `DirtyVPC` what has to go and what has to stay. After a clean-up,
`problems(aws, dirty)` names all that is not as it has to be, the calls that touched what they must not, and, when nothing
of the user is in the way, what keeps the subnets and the VPC from being deleted.
"""

import dataclasses

from building_blocks import TAG, BuildingBlocks
from snapshot import snapshot
from strict_aws import REGION
from world import ACCOUNT, Delay

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
    # Whether the domains' groups carry the tag, or their name and description alone say whose they are.
    tagged_groups: bool = None
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
    # Whether there is nothing but the domains' leftovers and the user's groups.
    plain: bool = False
    # Whether deletions take their time, and how many seconds each at most.
    slow: bool = True
    seconds: float = 0.0


@dataclasses.dataclass
class DirtyVPC:
    """Ids, but for `properties` and `before`."""

    seed: int
    options: Options
    vpc: str = ""
    # The other VPC, in which everything has to stay.
    other_vpc: str = ""
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


def leave(aws, vpc, subnets, seed):
    """Puts what a deleted domain and GuardDuty leave into a VPC that is there; the same, in use, into another one."""
    with aws.world.change() as world:
        dirty = Builder(world, seed, Options(home_file_systems="Retain", guard_duty="Delete", slow=False)).leave(vpc, subnets)
        dirty.before = snapshot(world)
    aws.calls.clear()
    return dirty


class Builder(BuildingBlocks):
    """Makes everything in the state in which the services leave it."""

    def __init__(self, world, seed, options):
        super().__init__(world, seed)
        self.options, self.dirty = options, DirtyVPC(seed, options)

    def goes(self, *ids):
        self.dirty.must_go.update(ids)

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
        users = self.user_groups(made)
        if not options.plain:
            self.interfaces(made)
            self.guard_duty()
            self.user_resources(users)
            self.decoys()
        if not options.in_service and not options.plain:
            self.special_file_systems(made)
            if options.blocked:
                self.block(made)
        self.collect_rules()
        if options.slow:
            self.slow_down()
        return dirty

    def leave(self, vpc, subnets):
        dirty = self.dirty
        self.other_vpc, self.other_subnets = self.network("10.1", 2)
        dirty.vpc, dirty.subnets, dirty.other_vpc = vpc, subnets, self.other_vpc
        domain_id, file_system, *_ = self.leftovers(self.other_vpc, self.other_subnets, goes=False)
        self.domain(domain_id, self.other_vpc, self.other_subnets, file_system, "InService")
        self.guard_duty_in(self.other_vpc, self.other_subnets, True, goes=False)
        domain_id, _, _, outbound = self.leftovers(vpc, subnets, goes=True)
        dirty.domains = [domain_id]
        left = f"[DO NOT DELETE] ENI managed by SageMaker for Studio Domain ({domain_id}) - {self.hexadecimal(32)}"
        self.goes(self.interface(subnets[0], [outbound], left))
        self.guard_duty_in(vpc, subnets, True, goes=True)
        self.collect_rules()
        return dirty

    # What SageMaker leaves

    def leftovers(self, vpc, subnets, goes):
        """What a deleted domain leaves. Returns its id, its file system, its inbound and its outbound group."""
        domain_id = f"d-{self.hexadecimal(12)}"
        tags = self.domain_tag(domain_id)
        # Either evidence is enough for a group: the tag, or its name with its description.
        tagged = self.options.tagged_groups
        if tagged is None:
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
                        f"AWS Lambda VPC ENI-{self.name('worker')}-{self.uuid()}"):
                    if self.random.random() < 0.4:
                        self.left_interface(self.random.choice(vpc_subnets), outbound if mine else None, description, mine)

    def left_interface(self, subnet, group, description, mine):
        # What a domain in service uses, it goes on using.
        used = mine and self.random.random() < 0.4
        of_lambda = description.startswith("AWS Lambda")
        kind = "lambda" if used and of_lambda else "interface"
        owner = "amazon-aws" if used else None
        groups = [group] if group else []
        interface_id = self.interface(subnet, groups, description, kind, owner, "in-use" if used else "available")
        if used and not self.options.in_service:
            # Lambda lets go of it; SageMaker removes some of its own itself.
            ends = self.world.remove_interface if not of_lambda and self.random.random() < 0.5 else self.world.release_interface
            self.world.later(
                interface_id, Delay(self.options.seconds * self.random.random(), self.random.randint(1, 3)),
                lambda: ends(REGION, interface_id))
        if mine and not self.options.in_service:
            self.goes(interface_id)

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

    def special_file_systems(self, made):
        """SageMaker's file systems of other kinds than a plain one with its targets here."""
        if self.random.random() < 0.3:
            # With a target in another VPC too: ours goes, the rest and the data stay.
            tag = self.domain_tag(f"d-{self.hexadecimal(12)}")
            both, inbound = self.file_system(tag), self.group(self.dirty.vpc, self.name("inbound"), "of a domain", tag)
            target = self.mount_target(both, self.dirty.subnets[0], [inbound])
            self.mount_target(both, self.other_subnets[0], [self.ec2.get_default_security_group(self.other_vpc)])
            self.goes(target.mount_target_id, target.network_interface_id, inbound.id)
        if self.random.random() < 0.3:
            # Of a domain that was in another VPC, retained when it was deleted; the user mounts it here.
            retained = self.file_system(self.domain_tag(f"d-{self.hexadecimal(12)}"))
            self.mount_target(retained, self.dirty.subnets[-1], [self.ec2.get_default_security_group(self.dirty.vpc)])
        if self.random.random() < 0.2:
            # Restored from a backup with its tags: it stays, and so does the original.
            self.file_system(self.domain_tag(made[0][0]))
            self.dirty.must_go.discard(made[0][1].file_system_id)
        if self.random.random() < 0.2:
            # A replicated one is somebody's copy: its targets go, the file system stays.
            source = made[0][1]
            self.world.replications[source.file_system_id] = [
                {"Status": "ENABLED", "FileSystemId": "fs-0f0e0d0c0b0a09080", "Region": "eu-central-1"}]
            self.dirty.must_go.discard(source.file_system_id)
        if self.options.domains == 1 and self.random.random() < 0.3:
            # Without targets, only the domain that is named ties a file system to this clean-up.
            self.dirty.properties["DomainId"] = f"d-{self.hexadecimal(12)}"
            bare = self.file_system(self.domain_tag(self.dirty.properties["DomainId"]))
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
        if self.random.random() < 0.3:
            self.function([self.random.choice(groups)], self.name("deleted"))
        if self.random.random() < 0.5:
            # Of a notebook instance that is stopped.
            self.interface(
                subnet, [self.random.choice(groups)], "[Do not delete] Network Interface created to access resources in your VPC "
                f"for SageMaker Notebook Instance {self.name('notebook')}", owner=None)
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
            own = self.group(self.dirty.vpc, self.name("busy"), "of the user's function")
            self.hold(outbound, self.function([outbound, own], self.name("busy")))

    def function(self, groups, first):
        """A function of the user. Returns its interface's id, which has the name of the first function with this subnet and these groups."""
        subnet, name = self.dirty.subnets[0], self.name("function")
        self.world.functions.append({
            "FunctionName": name, "FunctionArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}",
            "VpcConfig": {"VpcId": self.dirty.vpc, "SubnetIds": [subnet], "SecurityGroupIds": [group.id for group in groups]}})
        return self.interface(
            subnet, groups, f"AWS Lambda VPC ENI-{first}-{self.uuid()}", "lambda", "amazon-aws", "in-use")

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
