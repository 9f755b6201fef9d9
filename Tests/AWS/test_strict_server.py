#!/usr/bin/env python3
"""The server that has all of moto: the services' rules hold for its calls and for what its CloudFormation deletes."""

import json
import time
import unittest
import urllib.error
import urllib.request

from botocore.exceptions import ClientError
from strict_aws import REGION
from strict_server import StrictServer

NETWORK = {
    "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
    "Gateway": {"Type": "AWS::EC2::InternetGateway", "Properties": {"Tags": [{"Key": "Name", "Value": "one"}]}},
    "Attachment": {"Type": "AWS::EC2::VPCGatewayAttachment", "Properties": {
        "VpcId": {"Ref": "Vpc"}, "InternetGatewayId": {"Ref": "Gateway"}}},
    "Table": {"Type": "AWS::EC2::RouteTable", "Properties": {"VpcId": {"Ref": "Vpc"}}},
    "Subnet": {"Type": "AWS::EC2::Subnet", "Properties": {"VpcId": {"Ref": "Vpc"}, "CidrBlock": "10.0.0.0/24"}},
    "Association": {"Type": "AWS::EC2::SubnetRouteTableAssociation", "Properties": {
        "SubnetId": {"Ref": "Subnet"}, "RouteTableId": {"Ref": "Table"}}},
    "Address": {"Type": "AWS::EC2::EIP", "DependsOn": "Attachment", "Properties": {"Domain": "vpc"}},
    "Nat": {"Type": "AWS::EC2::NatGateway", "DependsOn": "Attachment", "Properties": {
        "SubnetId": {"Ref": "Subnet"}, "AllocationId": {"Fn::GetAtt": ["Address", "AllocationId"]}}},
    "Group": {"Type": "AWS::EC2::SecurityGroup", "Properties": {"GroupDescription": "one", "VpcId": {"Ref": "Vpc"}}},
    "Endpoint": {"Type": "AWS::EC2::VPCEndpoint", "Properties": {
        "VpcId": {"Ref": "Vpc"}, "ServiceName": f"com.amazonaws.{REGION}.sts", "VpcEndpointType": "Interface",
        "SubnetIds": [{"Ref": "Subnet"}], "SecurityGroupIds": [{"Ref": "Group"}]}},
    "Files": {"Type": "AWS::EFS::FileSystem", "Properties": {}},
    "Target": {"Type": "AWS::EFS::MountTarget", "Properties": {
        "FileSystemId": {"Ref": "Files"}, "SubnetId": {"Ref": "Subnet"}, "SecurityGroups": [{"Fn::GetAtt": ["Group", "GroupId"]}]}},
    "Kept": {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain", "Properties": {"BucketName": "kept"}},
    "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "topic"}}}


def setUpModule():
    global server, cloudformation, ec2
    server = StrictServer()
    cloudformation, ec2 = server.client("cloudformation"), server.client("ec2")


def tearDownModule():
    server.close()


def status(stack):
    return cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]


class Stacks(unittest.TestCase):
    def setUp(self):
        server.reset()
        self.stack = cloudformation.create_stack(StackName="one", TemplateBody=json.dumps({"Resources": NETWORK}))["StackId"]
        listed = cloudformation.list_stack_resources(StackName="one")["StackResourceSummaries"]
        self.made = {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in listed}
        server.calls.clear()

    def delete(self):
        """What failed, and the others in the order in which they went."""
        before = len(self.events())
        cloudformation.delete_stack(StackName="one")
        while status(self.stack) == "DELETE_IN_PROGRESS":
            time.sleep(0.01)
        own = [event for event in self.events()[before:] if event["LogicalResourceId"] != "one"]
        failed = {each["LogicalResourceId"]: each["ResourceStatusReason"] for each in own if each["ResourceStatus"] == "DELETE_FAILED"}
        return failed, [each["LogicalResourceId"] for each in own if each["ResourceStatus"] == "DELETE_COMPLETE"]

    def events(self):
        return list(reversed(cloudformation.describe_stack_events(StackName=self.stack)["StackEvents"]))

    def test_a_stack_goes_by_the_services_own_calls_in_the_order_of_its_references(self):
        failed, gone = self.delete()
        self.assertEqual((failed, status(self.stack)), ({}, "DELETE_COMPLETE"))
        self.assertEqual(set(gone), set(NETWORK) - {"Kept"})
        for first, then in (
                ("Target", "Files"), ("Target", "Subnet"), ("Association", "Table"), ("Endpoint", "Group"), ("Nat", "Attachment"),
                ("Address", "Attachment"), ("Attachment", "Gateway"), ("Subnet", "Vpc"), ("Table", "Vpc"), ("Group", "Vpc")):
            self.assertLess(gone.index(first), gone.index(then), (first, then))
        self.assertEqual([call for call in server.calls if call.code], [])
        self.assertTrue({"DeleteVpc", "DeleteSubnet", "DeleteRouteTable", "DeleteMountTarget"} <= set(server.calls.counts()))
        self.assertNotIn(self.made["Table"], [each["RouteTableId"] for each in ec2.describe_route_tables()["RouteTables"]])
        self.assertEqual([each["Name"] for each in server.client("s3").list_buckets()["Buckets"]], ["kept"])
        with self.assertRaises(ClientError):
            cloudformation.describe_stacks(StackName="one")

    def test_what_cannot_go_keeps_what_it_needs_and_the_stack_can_be_deleted_again(self):
        interface = ec2.create_network_interface(SubnetId=self.made["Subnet"])["NetworkInterface"]["NetworkInterfaceId"]
        failed, gone = self.delete()
        self.assertEqual(list(failed), ["Subnet"])
        self.assertIn(f"The subnet '{self.made['Subnet']}' has dependencies and cannot be deleted.", failed["Subnet"])
        self.assertIn("Error Code: DependencyViolation", failed["Subnet"])
        self.assertNotIn("Vpc", gone)
        self.assertEqual(server.calls.of("DeleteVpc"), [])
        found, = cloudformation.describe_stacks(StackName="one")["Stacks"]
        self.assertEqual((found["StackStatus"], found["StackStatusReason"].strip()), (
            "DELETE_FAILED", "The following resource(s) failed to delete: [Subnet]."))
        left = cloudformation.list_stack_resources(StackName="one")["StackResourceSummaries"]
        self.assertEqual({each["LogicalResourceId"] for each in left}, {"Kept", "Subnet", "Vpc"})
        with self.assertRaisesRegex(ClientError, "is in DELETE_FAILED state and can not be updated"):
            cloudformation.update_stack(StackName="one", TemplateBody=json.dumps({"Resources": NETWORK}))
        ec2.delete_network_interface(NetworkInterfaceId=interface)
        self.assertEqual(self.delete(), ({}, ["Subnet", "Vpc"]))
        self.assertEqual(status(self.stack), "DELETE_COMPLETE")

    def test_groups_that_are_named_worn_or_left_over_hold_the_stacks_group_and_vpc(self):
        other = ec2.create_security_group(VpcId=self.made["Vpc"], GroupName="other", Description="other")["GroupId"]
        rule = [{"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "UserIdGroupPairs": [{"GroupId": self.made["Group"]}]}]
        ec2.authorize_security_group_ingress(GroupId=other, IpPermissions=rule)
        self.assertEqual(list(self.delete()[0]), ["Group"])
        ec2.revoke_security_group_ingress(GroupId=other, IpPermissions=rule)
        failed, gone = self.delete()
        self.assertEqual((list(failed), gone), (["Vpc"], ["Group"]))
        self.assertIn(f"The vpc '{self.made['Vpc']}' has dependencies and cannot be deleted.", failed["Vpc"])
        ec2.delete_security_group(GroupId=other)
        self.assertEqual(self.delete(), ({}, ["Vpc"]))

    def test_what_an_update_takes_out_goes_in_the_same_way_or_stays_without_the_stack(self):
        rule = [{"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "UserIdGroupPairs": [{"GroupId": self.made["Group"]}]}]
        other = ec2.create_security_group(VpcId=self.made["Vpc"], GroupName="other", Description="other")["GroupId"]
        ec2.authorize_security_group_ingress(GroupId=other, IpPermissions=rule)
        left = {name: one for name, one in NETWORK.items() if name not in ("Group", "Endpoint", "Files", "Target")}
        before = len(self.events())
        cloudformation.update_stack(StackName="one", TemplateBody=json.dumps({"Resources": left}))
        self.assertEqual(status("one"), "UPDATE_COMPLETE")
        listed = cloudformation.list_stack_resources(StackName="one")["StackResourceSummaries"]
        self.assertEqual({each["LogicalResourceId"] for each in listed}, set(left))
        told = {(each["LogicalResourceId"], each["ResourceStatus"]) for each in self.events()[before:]}
        self.assertLessEqual({("Endpoint", "DELETE_COMPLETE"), ("Target", "DELETE_COMPLETE"), ("Group", "DELETE_FAILED")}, told)
        self.assertEqual(server.client("efs").describe_file_systems()["FileSystems"], [])
        found = ec2.describe_network_interfaces(Filters=[{"Name": "vpc-id", "Values": [self.made["Vpc"]]}])["NetworkInterfaces"]
        self.assertEqual([each["InterfaceType"] for each in found], ["nat_gateway"])
        self.assertEqual(list(self.delete()[0]), ["Vpc"])

    def test_what_the_user_deleted_meanwhile_is_no_failure(self):
        ec2.delete_vpc_endpoints(VpcEndpointIds=[self.made["Endpoint"]])
        ec2.delete_nat_gateway(NatGatewayId=self.made["Nat"])
        self.assertEqual(self.delete()[0], {})

    def test_interfaces_that_services_make_are_theirs(self):
        found = ec2.describe_network_interfaces(Filters=[{"Name": "vpc-id", "Values": [self.made["Vpc"]]}])["NetworkInterfaces"]
        self.assertEqual(sorted((each["InterfaceType"], each["RequesterManaged"]) for each in found), [
            ("efs", True), ("nat_gateway", True), ("vpc_endpoint", True)])
        for each in found:
            with self.assertRaises(ClientError) as refused:
                ec2.delete_network_interface(NetworkInterfaceId=each["NetworkInterfaceId"])
            self.assertEqual(refused.exception.response["Error"]["Code"], "OperationNotPermitted")

    def test_a_stack_that_nobody_knows_is_deleted_already(self):
        cloudformation.delete_stack(StackName="unknown")
        self.assertEqual(status("one"), "CREATE_COMPLETE")


class Services(unittest.TestCase):
    def setUp(self):
        server.reset()

    def test_what_has_no_rules_is_motos(self):
        s3 = server.client("s3")
        s3.create_bucket(Bucket="some", CreateBucketConfiguration={"LocationConstraint": REGION})
        s3.put_object(Bucket="some", Key="a folder/an ö&%.bin", Body=bytes(200_000))
        self.assertEqual(s3.head_object(Bucket="some", Key="a folder/an ö&%.bin")["ContentLength"], 200_000)
        self.assertEqual(s3.get_object(Bucket="some", Key="a folder/an ö&%.bin")["Body"].read(), bytes(200_000))
        self.assertEqual(server.client("sts").get_caller_identity()["Account"], "123456789012")
        self.assertEqual(server.client("kms").list_keys()["Keys"], [])

    def test_what_moto_does_not_know_is_an_error(self):
        with self.assertRaises(ClientError):
            server.client("wafv2").list_mobile_sdk_releases(Platform="IOS")
        with self.assertRaises(urllib.error.HTTPError):
            urllib.request.urlopen(f"{server.url}/2099-01-01/unknown")

    def test_any_key_will_do_until_keys_are_named(self):
        any_key = {"aws_access_key_id": "AKIAANYBODY000000000", "aws_secret_access_key": "anything"}
        vpc = server.client("ec2", **any_key).create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        self.assertIn(vpc, [each["VpcId"] for each in ec2.describe_vpcs()["Vpcs"]])
        self.assertNotIn(vpc, [each["VpcId"] for each in server.client("ec2", "us-west-2").describe_vpcs()["Vpcs"]])
        self.addCleanup(setattr, server, "signatures", server.signatures)
        server.signatures = StrictServer.signature_check({"stand-in": "secret"})
        server.client("ec2", aws_access_key_id="stand-in", aws_secret_access_key="secret").describe_vpcs()
        for key in (any_key, {"aws_access_key_id": "stand-in", "aws_secret_access_key": "wrong"}):
            with self.assertRaises(ClientError):
                server.client("ec2", **key).describe_vpcs()


if __name__ == "__main__":
    unittest.main(verbosity=2, warnings="ignore")
