"""A plain clean-up with boto3, one call after the other: shows that the dirty VPCs can be cleaned, and what concurrency gains."""

import re
import time

from botocore.exceptions import ClientError

TAG = "ManagedByAmazonSageMakerResource"
DOMAIN = re.compile(r"arn:[^:]+:sagemaker:[^:]+:(\d+):domain/(d-[a-z0-9-]+)$")
GROUP_NAME = re.compile(r"security-group-for-(inbound|outbound)-nfs-(d-[a-z0-9-]+)$")
GROUP_DESCRIPTION = re.compile(
    r"\[DO NOT DELETE\] Security Group that allows \w+ NFS traffic for SageMaker Notebooks Domain \[(d-[a-z0-9-]+)\]$")
INTERFACES = [
    re.compile(r"\[DO NOT DELETE\] ENI managed by SageMaker for Studio Domain ?\(d-[a-z0-9-]+\) - \w+$"),
    re.compile(r"AWS Lambda VPC ENI-.+-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
GONE = re.compile(r"(\.|^[A-Za-z]+)NotFound$")


class SequentialCleaner:
    """Cleans the VPC of `properties`, those of the custom resource. `patience` is in seconds, for each thing waited for."""

    def __init__(self, aws, properties, pause=0.0, patience=30):
        self.ec2, self.efs, self.sts, self.sagemaker, self.functions = (
            aws.client(name, attempts=12) for name in ("ec2", "efs", "sts", "sagemaker", "lambda"))
        self.properties, self.pause, self.patience = properties, pause, patience
        self.vpc = properties["VpcId"]

    def run(self):
        """Cleans up. Returns the ids of the groups and interfaces that could not go."""
        self.account = self.sts.get_caller_identity()["Account"]
        self.check()
        self.file_systems()
        if self.properties["GuardDutyEndpoints"] == "Delete":
            self.endpoints()
        return self.interfaces() + self.groups()

    def check(self):
        vpc = self.ec2.describe_vpcs(VpcIds=[self.vpc])["Vpcs"][0]
        if vpc["IsDefault"] or vpc["OwnerId"] != self.account:
            raise RuntimeError(f"{self.vpc} is not to be cleaned")
        self.wait(lambda: not any(domain["VpcId"] == self.vpc for domain in self.domains()))

    def domains(self):
        for page in self.sagemaker.get_paginator("list_domains").paginate():
            for domain in page["Domains"]:
                found = self.unless_gone(lambda domain=domain: self.sagemaker.describe_domain(DomainId=domain["DomainId"]))
                if found and found["VpcId"] == self.vpc and found["Status"] == "InService":
                    raise RuntimeError(f"{domain['DomainId']} is in service")
                if found:
                    yield found

    # File systems

    def file_systems(self):
        ours, listed = [], self.pages(self.efs, "describe_file_systems", "FileSystems")
        domains = [self.domain_of(one["Tags"]) for one in listed]
        here = {self.domain_of_group(group) for group in self.listed("describe_security_groups", "SecurityGroups")}
        for one, domain in zip(listed, domains):
            if not domain:
                continue
            targets = self.pages(self.efs, "describe_mount_targets", "MountTargets", FileSystemId=one["FileSystemId"])
            mine = [target["MountTargetId"] for target in targets if target["VpcId"] == self.vpc]
            if domain == self.properties.get("DomainId") or (mine and domain in here):
                # Of two with the same domain's tag, one is a copy.
                ours.append((one["FileSystemId"], mine, len(mine) == len(targets) and domains.count(domain) == 1))
        for file_system, targets, wholly in ours:
            for target in targets:
                self.unless_gone(lambda target=target: self.efs.delete_mount_target(MountTargetId=target))
            for target in targets:
                self.wait(lambda target=target: self.unless_gone(
                    lambda: self.efs.describe_mount_targets(MountTargetId=target)) is None)
            if wholly and self.properties["HomeFileSystems"] == "Delete" and not self.replicated(file_system):
                self.unless_gone(lambda file_system=file_system: self.efs.delete_file_system(FileSystemId=file_system))
                self.wait(lambda file_system=file_system: self.unless_gone(
                    lambda: self.efs.describe_file_systems(FileSystemId=file_system)) is None)

    def replicated(self, file_system):
        return self.unless_gone(lambda: self.efs.describe_replication_configurations(FileSystemId=file_system)) is not None

    def domain_of(self, tags):
        match = DOMAIN.match(next((tag["Value"] for tag in tags if tag["Key"] == TAG), ""))
        return match[2] if match and match[1] == self.account else None

    # Endpoints, interfaces

    def endpoints(self):
        def ours():
            return [
                one["VpcEndpointId"] for one in self.listed("describe_vpc_endpoints", "VpcEndpoints")
                if one["State"].lower() != "deleted" and one["ServiceName"].endswith(".guardduty-data")
                and managed_by_guard_duty(one)]

        if found := ours():
            self.ec2.delete_vpc_endpoints(VpcEndpointIds=found)
            self.wait(lambda: not ours())

    def interfaces(self):
        def ours():
            return [
                one for one in self.listed("describe_network_interfaces", "NetworkInterfaces", IncludeManagedResources=True)
                if any(pattern.match(one["Description"]) for pattern in INTERFACES) and not one["RequesterManaged"]
                and not self.function_of(one)]

        deleted = set()

        def done():
            left = [one for one in ours() if one["NetworkInterfaceId"] not in deleted]
            for one in left:
                if one["Status"] == "available":
                    deleted.add(one["NetworkInterfaceId"])
                    self.unless_gone(
                        lambda one=one: self.ec2.delete_network_interface(NetworkInterfaceId=one["NetworkInterfaceId"]))
            return not left

        return [] if self.wait(done) else [one["NetworkInterfaceId"] for one in ours()]

    def function_of(self, interface):
        """The function that uses an interface of Lambda's, whatever the function it is named after."""
        if not interface["Description"].startswith("AWS Lambda"):
            return None
        worn = {group["GroupId"] for group in interface["Groups"]}
        configurations = {
            one["FunctionArn"]: one.get("VpcConfig", {})
            for one in self.pages(self.functions, "list_functions", "Functions", FunctionVersion="ALL")}
        return next((
            name for name, network in configurations.items()
            if interface["SubnetId"] in network.get("SubnetIds", []) and worn == set(network["SecurityGroupIds"])), None)

    # Groups

    def groups(self):
        groups = self.listed("describe_security_groups", "SecurityGroups")
        ours = [group["GroupId"] for group in groups if self.identified(group)]
        ids = [
            group["GroupId"] for group in groups
            if group["GroupName"] != "default" or self.properties["EmptyDefaultSecurityGroup"] == "true"]
        rules = [
            rule for start in range(0, len(ids), 200)
            for rule in self.pages(
                self.ec2, "describe_security_group_rules", "SecurityGroupRules",
                Filters=[{"Name": "group-id", "Values": ids[start : start + 200]}])
            if rule.get("ReferencedGroupInfo", {}).get("GroupId") in ours]
        for group in dict.fromkeys(rule["GroupId"] for rule in rules):
            for egress, revoke in (
                    (False, self.ec2.revoke_security_group_ingress), (True, self.ec2.revoke_security_group_egress)):
                given = {"GroupId": group, "SecurityGroupRuleIds": [
                    rule["SecurityGroupRuleId"] for rule in rules if (rule["GroupId"], rule["IsEgress"]) == (group, egress)]}
                if given["SecurityGroupRuleIds"]:
                    self.unless_gone(lambda revoke=revoke, given=given: revoke(**given))
        return [group for group in ours if not self.wait(lambda group=group: self.delete_group(group))]

    def identified(self, group):
        if group["OwnerId"] != self.account or group["GroupName"] == "default":
            return False
        if self.properties["GuardDutyEndpoints"] == "Delete" and managed_by_guard_duty(group):
            return group["GroupName"] == f"GuardDutyManagedSecurityGroup-{self.vpc}"
        return self.domain_of_group(group) is not None

    def domain_of_group(self, group):
        name, description = GROUP_NAME.match(group["GroupName"]), GROUP_DESCRIPTION.match(group["Description"])
        named = name and description and name[2] == description[1]
        return self.domain_of(group["Tags"]) or (name[2] if named else None)

    def delete_group(self, group):
        try:
            self.unless_gone(lambda: self.ec2.delete_security_group(GroupId=group))
        except ClientError as error:
            if error.response["Error"]["Code"] == "DependencyViolation":
                return False
            raise
        return True

    # What all have in common

    def listed(self, operation, member, **parameters):
        return self.pages(self.ec2, operation, member, Filters=[{"Name": "vpc-id", "Values": [self.vpc]}], **parameters)

    @staticmethod
    def pages(client, operation, member, **parameters):
        return [one for page in client.get_paginator(operation).paginate(**parameters) for one in page[member]]

    @staticmethod
    def unless_gone(call):
        try:
            return call()
        except ClientError as error:
            if GONE.search(error.response["Error"]["Code"]):
                return None
            raise

    def wait(self, condition):
        deadline = time.monotonic() + self.patience
        while not (done := condition()) and time.monotonic() < deadline:
            time.sleep(self.pause)
        return done


def managed_by_guard_duty(one):
    return {"Key": "GuardDutyManaged", "Value": "true"} in one["Tags"]
