#!/usr/bin/env python3
"""A stack's VPC in which SageMaker and GuardDuty left something: CloudFormation cannot delete it, and can after vpc-cleanup.

Two profiles are deployed as the README says, by `./build.sh deploy --endpoint`, onto moto with the rules of EC2 and EFS. A third
stack has the template of vpc-cleanup's README; there CloudFormation asks the packaged function itself, in its order.
"""

import io
import json
import os
import shutil
import subprocess
import sys
import time
import unittest
import zipfile

from custom_resource import REPOSITORY, CustomResource, local_tool
from dirty_vpc import leave
from snapshot import snapshot
from strict_aws import REGION
from strict_server import StrictServer
from verification import problems

sys.path.append(str(REPOSITORY / ".scripts/templates"))

from stack import flatten, profile

FUNCTION = REPOSITORY / "dist/unpacked/vpc-cleanup/bootstrap"
PROFILES = {"studio": "app-cognito-studio", "plain": "app-cognito-internal"}
KEY = {"stand-in": "stand-in"}
# The tools need the machine's way to where they are installed from, and nothing of AWS.
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MLFLOW_"))}

# What a user writes who has a VPC of their own, as vpc-cleanup's README shows it.
OWN = {
    "Resources": {
        "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.7.0.0/16"}},
        "Table": {"Type": "AWS::EC2::RouteTable", "Properties": {"VpcId": {"Ref": "Vpc"}}},
        "Group": {"Type": "AWS::EC2::SecurityGroup", "Properties": {"GroupDescription": "own", "VpcId": {"Ref": "Vpc"}}},
        **{f"Subnet{zone.upper()}": {"Type": "AWS::EC2::Subnet", "Properties": {
            "VpcId": {"Ref": "Vpc"}, "CidrBlock": f"10.7.{number}.0/24", "AvailabilityZone": REGION + zone}}
           for number, zone in enumerate("ab")},
        **{f"Association{zone.upper()}": {"Type": "AWS::EC2::SubnetRouteTableAssociation", "Properties": {
            "SubnetId": {"Ref": f"Subnet{zone.upper()}"}, "RouteTableId": {"Ref": "Table"}}} for zone in "ab"},
        "VpcCleanup": {"Type": "Custom::VPCCleanup", "DependsOn": ["SubnetA", "SubnetB"], "Properties": {
            "ServiceToken": f"arn:aws:lambda:{REGION}:123456789012:function:own-cleanup", "VpcId": {"Ref": "Vpc"},
            "HomeFileSystems": "Retain", "GuardDutyEndpoints": "Delete"}},
        # It stands for all that puts interfaces into the VPC.
        "Endpoint": {"Type": "AWS::EC2::VPCEndpoint", "DependsOn": "VpcCleanup", "Properties": {
            "VpcId": {"Ref": "Vpc"}, "ServiceName": f"com.amazonaws.{REGION}.sts", "VpcEndpointType": "Interface",
            "SubnetIds": [{"Ref": "SubnetA"}], "SecurityGroupIds": [{"Ref": "Group"}]}}}}


def say(text):
    print(f"    {text}", flush=True)


class StackDeletion(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = StrictServer(keys=KEY)
        cls.addClassCleanup(cls.server.close)
        cls.cloudformation, cls.ec2, cls.efs = (cls.server.client(service) for service in ("cloudformation", "ec2", "efs"))
        # Both at once would install what they need at once.
        subprocess.run(["./build.sh", "deploy", "--help"], cwd=REPOSITORY, env=ENVIRONMENT, check=True, stdout=subprocess.DEVNULL)
        cls.deployments = {
            stack: subprocess.Popen(
                ["./build.sh", "deploy", "--profile", name, "--stack", stack, "--set", f"MlflowName={stack}", "--endpoint", cls.server.url,
                 "--region", REGION, "--yes"],
                cwd=REPOSITORY, env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            for stack, name in PROFILES.items()}
        for process in cls.deployments.values():
            cls.addClassCleanup(process.stdout.close)
            cls.addClassCleanup(process.wait)
            cls.addClassCleanup(process.kill)

    def setUp(self):
        self.server.functions.clear()

    @classmethod
    def deployed(cls):
        """Waits until both stacks are there: what is looked at afterwards, nobody else changes."""
        for stack, process in cls.deployments.items():
            if process.returncode is None:
                printed, _ = process.communicate(timeout=600)
                if process.returncode != 0:
                    raise AssertionError(f"{stack} was not deployed:\n{printed[-3000:]}")
                say(f"{stack}: ./build.sh deploy --profile {PROFILES[stack]} made it")

    # What a user does and sees

    def delete(self, stack):
        """`aws cloudformation delete-stack`, and what comes of it: the status, and resource -> reason of each that failed."""
        stack_id = self.cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackId"]
        before = {event["EventId"] for event in self.events(stack_id)}
        self.aws("cloudformation", "delete-stack", "--stack-name", stack)
        deadline = time.monotonic() + 120
        while (status := self.status(stack_id)) == "DELETE_IN_PROGRESS" and time.monotonic() < deadline:
            time.sleep(0.05)
        events = [event for event in self.events(stack_id) if event["EventId"] not in before]
        failed = {
            event["LogicalResourceId"]: event["ResourceStatusReason"] for event in events
            if event["ResourceStatus"] == "DELETE_FAILED" and event["ResourceType"] != "AWS::CloudFormation::Stack"}
        say(f"{stack}: aws cloudformation delete-stack -> {status}")
        for resource, reason in failed.items():
            say(f"    {resource}: {' '.join(reason.split())}")
        self.gone = [event["LogicalResourceId"] for event in reversed(events) if event["ResourceStatus"] == "DELETE_COMPLETE"]
        return status, failed

    def status(self, stack):
        return self.cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]

    def events(self, stack):
        return self.cloudformation.describe_stack_events(StackName=stack)["StackEvents"]

    def aws(self, *arguments):
        command = [shutil.which("aws") or REPOSITORY / ".venv-aws/bin/aws", *arguments]
        given = {**ENVIRONMENT, "AWS_ACCESS_KEY_ID": "stand-in", "AWS_SECRET_ACCESS_KEY": "stand-in"}
        ran = subprocess.run(
            [*command, "--endpoint-url", self.server.url, "--region", REGION], env=given, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        return ran.returncode, ran.stderr.strip()

    def resources(self, stack):
        found = self.cloudformation.list_stack_resources(StackName=stack)["StackResourceSummaries"]
        return {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in found}

    # What there is

    def there(self):
        with self.server.world.change() as world:
            return snapshot(world)

    def holders(self, vpc, *subnets):
        """What keeps the VPC, and each of the subnets, from being deleted."""
        rules = self.server.rules["ec2"][1]
        with self.server.world.lock:
            return set(rules.vpc_blockers(REGION, vpc)), [set(rules.subnet_blockers(REGION, subnet)) for subnet in subnets]

    def say_what_holds(self, what, items):
        there = self.there()
        say(f"{what} held by")
        for item in sorted(items):
            say(f"    {item} {there[item][1]}")

    def strangers(self, dirty):
        """What the leftovers' end is nothing to: the other VPC with all that is in it, and all file systems."""
        with self.server.world.change() as world:
            ec2, efs = world.ec2(REGION), world.efs(REGION)
            inside = [
                *(subnet for zone in ec2.subnets.values() for subnet in zone.values()), *ec2.enis.values(), *ec2.vpc_end_points.values(),
                *world.groups(REGION)]
            ids = {dirty.other_vpc, *(one.id for one in inside if one.vpc_id == dirty.other_vpc), *efs.file_systems_by_id}
            ids |= {one.mount_target_id for one in efs.mount_targets_by_id.values() if one.vpc_id == dirty.other_vpc}
            return {item: was for item, was in snapshot(world).items() if item in ids}

    def clean_up(self, dirty, stack):
        """The packaged function gets the request that CloudFormation sends, with what the profile's template says."""
        declared = flatten(profile(PROFILES[stack]), stack)["Resources"]["CleanupCleanup"]
        request = {
            "RequestType": "Delete", "LogicalResourceId": "CleanupCleanup", "ResourceType": declared["Type"],
            "PhysicalResourceId": f"vpc-cleanup/{dirty.vpc}",
            "ResourceProperties": {**declared["Properties"], "ServiceToken": "arn:aws:lambda:::function:vpc-cleanup", "VpcId": dirty.vpc}}
        self.assertEqual(request["ResourceProperties"]["HomeFileSystems"], "Retain")
        dirty.before = self.there()
        self.server.calls.clear()
        outcome = self.function().send(request)
        changing = [call for call in self.server.calls.mutating if call.applied]
        say(f"{stack}: Delete of {request['PhysicalResourceId']} -> {outcome.outcome} after {len(self.server.calls)} calls, {len(changing)} changing")
        self.assertEqual(outcome.outcome, "SUCCESS", outcome.log)
        self.assertEqual(problems(self.server, dirty, tear_down=False), [])

    def function(self):
        return CustomResource(FUNCTION, {**self.server.environment, "POLL_INTERVAL_SECONDS": "0.02"}, local_tool())

    # A template of one's own

    def test_a_stack_asks_the_clean_up_which_names_what_the_user_holds_and_once_let_go_all_goes(self):
        stack = self.own_stack()
        made = self.resources(stack)
        vpc = made["Vpc"]
        dirty = leave(self.server, vpc, [made["SubnetA"], made["SubnetB"]], seed=3)
        strangers = self.strangers(dirty)
        instance = self.instance_in(made["SubnetA"], dirty)
        self.answer_with()

        status, failed = self.delete(stack)
        self.assertEqual((status, list(failed)), ("DELETE_FAILED", ["VpcCleanup"]))
        self.assertIn("Received response status [FAILED] from custom resource.", failed["VpcCleanup"])
        self.assertIn(instance, failed["VpcCleanup"])
        # What puts interfaces into the VPC went before the function was asked; what the function comes before is there.
        self.assertIn("Endpoint", self.gone)
        self.assertLessEqual({vpc, made["SubnetA"], made["SubnetB"], instance}, set(self.there()))

        with self.server.world.change() as world:
            world.remove_interface(REGION, instance)
        say(f"{stack}: the user has terminated the instance of {instance}")
        self.answer_with()
        self.assertEqual(self.delete(stack), ("DELETE_COMPLETE", {}))
        self.assertLess(self.gone.index("VpcCleanup"), min(self.gone.index(name) for name in ("SubnetA", "SubnetB", "Vpc")))
        self.assert_gone(dirty, strangers, [made["SubnetA"], made["SubnetB"]])

    def own_stack(self):
        """The stack of a template of one's own, for whose function an id is answered as it would be."""
        code = io.BytesIO()
        with zipfile.ZipFile(code, "w") as archive:
            archive.writestr("bootstrap", "")
        role = self.server.client("iam").create_role(RoleName="own", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
        self.server.client("lambda").create_function(
            FunctionName="own-cleanup", Runtime="provided.al2023", Role=role, Handler="bootstrap", Code={"ZipFile": code.getvalue()})
        self.cloudformation.create_stack(StackName="own", TemplateBody=json.dumps(OWN))
        return "own"

    def instance_in(self, subnet, dirty):
        """The interface of an instance of the user, which wears a group of SageMaker's."""
        with self.server.world.change() as world:
            group = next(world.group(REGION, item) for item in sorted(dirty.groups) if "outbound" in world.group(REGION, item).name)
            interface = world.ec2(REGION).create_network_interface(subnet, "", group_ids=[group.id])
            interface.status = "in-use"
            world.attachments[interface.id] = {
                "AttachmentId": "eni-attach-0a1b2c3d4e5f60718", "InstanceId": "i-0a1b2c3d4e5f60718", "InstanceOwnerId": "123456789012",
                "Status": "attached", "DeviceIndex": 0, "DeleteOnTermination": True}
            return interface.id

    def answer_with(self, *arguments):
        """Has the packaged function answer CloudFormation from now on."""
        self.server.functions["Custom::VPCCleanup"] = lambda request: self.function().send(request, *arguments).answer

    # The profiles

    def test_a_studio_stack_can_be_deleted_after_the_clean_up_and_not_before(self):
        self.deployed()
        made = self.resources("studio")
        vpc, isolated = made["NetworkVpc"], {name: made[name] for name in ("NetworkIsolatedSubnetA", "NetworkIsolatedSubnetB")}
        dirty = leave(self.server, vpc, list(isolated.values()), seed=1)
        strangers = self.strangers(dirty)

        status, failed = self.delete("studio")
        self.assertEqual(status, "DELETE_FAILED")
        self.assertEqual(set(failed), set(isolated))
        for name, reason in failed.items():
            self.assertIn(f"The subnet '{isolated[name]}' has dependencies and cannot be deleted.", reason)
            self.assertIn("Error Code: DependencyViolation", reason)
        # Nothing holds the subnets but leftovers, nothing the VPC but leftovers and those subnets; and all leftovers are there.
        of_vpc, of_subnets = self.holders(vpc, *isolated.values())
        self.assertTrue(all(held and held <= dirty.must_go for held in of_subnets), of_subnets)
        self.assertEqual(of_vpc - dirty.must_go, set(isolated.values()))
        self.assertLessEqual(dirty.must_go | {vpc}, set(self.there()))
        self.say_what_holds("studio: the subnets are", set.union(*of_subnets))
        code, told = self.aws("ec2", "delete-vpc", "--vpc-id", vpc)
        say(f"studio: aws ec2 delete-vpc -> {told}")
        self.assertNotEqual(code, 0)
        self.assertIn(f"(DependencyViolation) when calling the DeleteVpc operation: The vpc '{vpc}' has dependencies", told)

        self.clean_up(dirty, "studio")
        self.assertEqual(self.delete("studio"), ("DELETE_COMPLETE", {}))
        self.assert_gone(dirty, strangers, isolated.values())

    def test_groups_alone_keep_the_vpc_of_a_stack_until_the_clean_up(self):
        self.deployed()
        made = self.resources("plain")
        vpc = made["NetworkVpc"]
        dirty = leave(self.server, vpc, [made["NetworkPrivateSubnetA"], made["NetworkPrivateSubnetB"]], seed=2)
        strangers = self.strangers(dirty)
        self.remove_by_hand(dirty)
        dirty.must_go &= set(self.there())
        self.assertEqual({item[:3] for item in dirty.must_go}, {"sg-"})

        status, failed = self.delete("plain")
        self.assertEqual((status, list(failed)), ("DELETE_FAILED", ["NetworkVpc"]))
        self.assertIn(f"The vpc '{vpc}' has dependencies and cannot be deleted.", failed["NetworkVpc"])
        self.assertIn("Error Code: DependencyViolation", failed["NetworkVpc"])
        self.assertEqual(self.holders(vpc), (dirty.must_go, []))
        self.say_what_holds("plain: the VPC is", dirty.must_go)

        self.clean_up(dirty, "plain")
        self.assertEqual(self.delete("plain"), ("DELETE_COMPLETE", {}))
        self.assert_gone(dirty, strangers)

    def remove_by_hand(self, dirty):
        """What people do who look at the subnets first: they forget the groups, which name each other."""
        for item in sorted(dirty.must_go):
            if item.startswith("fsmt-"):
                self.efs.delete_mount_target(MountTargetId=item)
            elif item.startswith("vpce-"):
                self.ec2.delete_vpc_endpoints(VpcEndpointIds=[item])
        for item in sorted(dirty.must_go & set(self.there())):
            if item.startswith("eni-"):
                self.ec2.delete_network_interface(NetworkInterfaceId=item)

    def assert_gone(self, dirty, strangers, subnets=()):
        after = self.there()
        self.assertEqual(set(after) & {dirty.vpc, *subnets, *dirty.must_go}, set())
        self.assertEqual({item: after.get(item) for item in strangers}, strangers)
        kept = [item for item in strangers if item.startswith("fs-")]
        say(f"{dirty.vpc} is gone; {', '.join(kept)} and the other VPC with {len(strangers) - len(kept)} things in it are as they were")


if __name__ == "__main__":
    # moto's threads end with the process, and its files too.
    unittest.main(verbosity=2, warnings="ignore")
