"""Resources as services and users make them, each through moto's backends in one call."""

import random

from strict_aws import REGION
from world import ACCOUNT

TAG = "ManagedByAmazonSageMakerResource"


class BuildingBlocks:
    """Makes resources in a world; everything that is drawn comes from the seed."""

    def __init__(self, world, seed):
        self.world, self.seed, self.random = world, seed, random.Random(seed)
        self.ec2, self.efs, self.sagemaker = world.ec2(REGION), world.efs(REGION), world.sagemaker(REGION)
        self.count = 0

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
            f"{self.name('token')}-of-{self.seed}", "generalPurpose", True, "", "bursting", 0, "", False,
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

    def uuid(self):
        return "-".join(self.hexadecimal(digits) for digits in (8, 4, 4, 4, 12))

    def endpoint(self, vpc, subnets, group, service, tags=None):
        made = self.ec2.create_vpc_endpoint(
            vpc, service, "Interface", None, [], subnet_ids=subnets, security_group_ids=[group.id], tags=tags)
        for interface_id in made.network_interface_ids:
            self.world.adopt_interface(REGION, interface_id, f"VPC Endpoint Interface {made.id}", "vpc_endpoint", "amazon-aws")
            self.ec2.enis[interface_id]._group_set = [group]
        return made

    def instance_interface(self, subnet, groups):
        interface_id = self.interface(subnet, groups, "", status="in-use")
        self.world.attachments[interface_id] = {
            "AttachmentId": f"eni-attach-{self.hexadecimal(17)}", "InstanceId": f"i-{self.hexadecimal(17)}",
            "InstanceOwnerId": ACCOUNT, "Status": "attached", "DeviceIndex": 0, "DeleteOnTermination": True}
        return interface_id
