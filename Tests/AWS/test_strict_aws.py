#!/usr/bin/env python3
"""Shows that the front is as strict as the services, with boto3 as the client; and that dirty VPCs can be cleaned and judged."""

import datetime
import http.client
import http.server
import threading
import time
import unittest
import urllib.parse
import urllib.request

import botocore.auth
import botocore.awsrequest
import botocore.credentials
from botocore.exceptions import ClientError, ConnectionClosedError
from dirty_vpc import generate
from protocols import APIError
from sequential_cleaner import SequentialCleaner
from strict_aws import ACCESS_KEY, REGION, SECRET_KEY, StrictAWS
from verification import problems
from world import Delay


def setUpModule():
    global aws, ec2, efs, sagemaker, sts, functions
    aws = StrictAWS()
    ec2, efs, sagemaker, sts, functions = (
        aws.client(name) for name in ("ec2", "efs", "sagemaker", "sts", "lambda"))


def tearDownModule():
    aws.close()


class StrictCase(unittest.TestCase):
    def setUp(self):
        aws.reset()
        self.addCleanup(setattr, aws.signatures, "clock_offset", datetime.timedelta())

    def assert_refused(self, code, call, *arguments, status=None, **parameters):
        with self.assertRaises(ClientError) as caught:
            call(*arguments, **parameters)
        response = caught.exception.response
        self.assertEqual(response["Error"]["Code"], code, response["Error"]["Message"])
        if status:
            self.assertEqual(response["ResponseMetadata"]["HTTPStatusCode"], status)
        return response["Error"]["Message"]

    def vpc(self):
        self.vpc_id = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        self.subnet_id = ec2.create_subnet(VpcId=self.vpc_id, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
        return self.vpc_id

    def group(self, name, vpc=None):
        return ec2.create_security_group(VpcId=vpc or self.vpc_id, GroupName=name, Description=name)["GroupId"]

    def interface(self, *groups):
        made = ec2.create_network_interface(SubnetId=self.subnet_id, Groups=list(groups))
        return made["NetworkInterface"]["NetworkInterfaceId"]

    def interfaces(self, **parameters):
        found = ec2.describe_network_interfaces(Filters=[{"Name": "vpc-id", "Values": [self.vpc_id]}], **parameters)
        return {one["NetworkInterfaceId"]: one for one in found["NetworkInterfaces"]}

    def file_system(self, targets=1):
        made = efs.create_file_system(CreationToken="token")["FileSystemId"]
        group = self.group("targets")
        return made, [
            efs.create_mount_target(FileSystemId=made, SubnetId=self.subnet_id, SecurityGroups=[group]) for _ in range(targets)]

    @staticmethod
    def allow(group, other, direction="ingress"):
        permission = {"IpProtocol": "tcp", "FromPort": 2049, "ToPort": 2049, "UserIdGroupPairs": [{"GroupId": other}]}
        made = getattr(ec2, f"authorize_security_group_{direction}")(GroupId=group, IpPermissions=[permission])
        return made["SecurityGroupRules"][0]["SecurityGroupRuleId"]


def signed(body, service="ec2", method="POST", target="/", key=ACCESS_KEY, secret=SECRET_KEY, **headers):
    """The header fields of a request signed by botocore."""
    headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8", **headers}
    request = botocore.awsrequest.AWSRequest(method=method, url=aws.url + target, data=body, headers=headers)
    botocore.auth.SigV4Auth(botocore.credentials.Credentials(key, secret), service, REGION).add_auth(request)
    return dict(request.headers.items())


def send(body, headers, method="POST", target="/"):
    connection = http.client.HTTPConnection(urllib.parse.urlparse(aws.url).netloc)
    try:
        connection.request(method, target, body, headers)
        response = connection.getresponse()
        return response.status, response.read().decode(), response.headers
    finally:
        connection.close()


DESCRIBE_VPCS = "Action=DescribeVpcs&Version=2016-11-15"


class Signatures(StrictCase):
    def test_a_wrong_secret_is_refused_in_the_form_of_each_protocol(self):
        for service, call, code in (
                ("ec2", "describe_vpcs", "SignatureDoesNotMatch"), ("sts", "get_caller_identity", "SignatureDoesNotMatch"),
                ("efs", "describe_file_systems", "InvalidSignatureException"),
                ("sagemaker", "list_domains", "InvalidSignatureException"),
                ("lambda", "list_functions", "InvalidSignatureException")):
            with self.subTest(service):
                wrong = aws.client(service, aws_secret_access_key="wrong")
                self.assert_refused(code, getattr(wrong, call), status=403)

    def test_an_unknown_key_and_a_token_too_many_are_refused(self):
        self.assert_refused("AuthFailure", aws.client("ec2", aws_access_key_id="AKIAUNKNOWN").describe_vpcs)
        self.assert_refused("AuthFailure", aws.client("ec2", aws_session_token="token").describe_vpcs)

    def test_a_request_without_a_signature_is_refused(self):
        status, body, _ = send(DESCRIBE_VPCS, {"Content-Type": "application/x-www-form-urlencoded"})
        self.assertEqual((status, "MissingAuthenticationToken" in body), (403, True))

    def test_a_body_other_than_the_signed_one_is_refused(self):
        headers = signed(DESCRIBE_VPCS)
        self.assertEqual(send(DESCRIBE_VPCS, headers)[0], 200)
        status, body, _ = send(DESCRIBE_VPCS + "&MaxResults=5", headers)
        self.assertEqual((status, "SignatureDoesNotMatch" in body), (403, True))

    def test_an_amazon_header_that_is_not_signed_is_refused(self):
        status, body, _ = send(DESCRIBE_VPCS, {**signed(DESCRIBE_VPCS), "X-Amz-Other": "1"})
        self.assertEqual((status, "SignatureDoesNotMatch" in body), (403, True))

    def test_a_signature_for_another_service_is_refused(self):
        status, body, _ = send(DESCRIBE_VPCS, signed(DESCRIBE_VPCS, service="sts"))
        self.assertEqual((status, "Credential should be scoped" in body), (403, True))

    def test_an_old_signature_is_refused_and_the_answer_carries_the_services_time(self):
        aws.signatures.clock_offset = datetime.timedelta(minutes=10)
        self.assert_refused("RequestExpired", ec2.describe_vpcs, status=400)
        self.assert_refused("SignatureDoesNotMatch", sts.get_caller_identity, status=403)
        *_, headers = send(DESCRIBE_VPCS, signed(DESCRIBE_VPCS))
        told = datetime.datetime.strptime(headers["Date"], "%a, %d %b %Y %H:%M:%S GMT")
        self.assertAlmostEqual((told - datetime.datetime.utcnow()).total_seconds(), 600, delta=30)

    def test_a_path_that_has_to_be_encoded_is_accepted(self):
        name = f"arn:aws:lambda:{REGION}:123456789012:function:clean"
        functions.invoke(FunctionName=name, InvocationType="Event", Payload=b"{}")
        self.assertEqual(aws.lambdas.invocations, [(name, b"{}")])

    def test_assumed_keys_sign_with_their_token_only(self):
        made = sts.assume_role(RoleArn="arn:aws:iam::123456789012:role/r", RoleSessionName="test")["Credentials"]
        keys = {"aws_access_key_id": made["AccessKeyId"], "aws_secret_access_key": made["SecretAccessKey"]}
        aws.client("ec2", aws_session_token=made["SessionToken"], **keys).describe_vpcs()
        self.assert_refused("AuthFailure", aws.client("ec2", **keys).describe_vpcs)


class Parameters(StrictCase):
    def test_a_parameter_that_the_operation_does_not_know_is_refused(self):
        body = DESCRIBE_VPCS + "&Filters.1.Name=vpc-id&Filters.1.Values.1=vpc-1"
        status, text, _ = send(body, signed(body))
        self.assertEqual((status, "UnknownParameter" in text), (400, True))

    def test_an_unknown_filter_and_too_many_values_are_refused(self):
        self.assert_refused("InvalidParameterValue", ec2.describe_security_groups, Filters=[{"Name": "vpcid", "Values": ["x"]}])
        many = [{"Name": "group-id", "Values": [f"sg-{number}" for number in range(201)]}]
        self.assert_refused("FilterLimitExceeded", ec2.describe_security_group_rules, Filters=many)

    def test_a_page_size_out_of_range_or_with_ids_is_refused(self):
        for size in (4, 1001):
            body = f"Action=DescribeSecurityGroups&Version=2016-11-15&MaxResults={size}"
            status, text, _ = send(body, signed(body))
            self.assertEqual((status, "InvalidParameterValue" in text), (400, True))
        self.vpc()
        self.assert_refused(
            "InvalidParameterCombination", ec2.describe_network_interfaces, NetworkInterfaceIds=[self.interface()], MaxResults=5)

    def test_an_operation_that_is_not_here_is_an_error_of_the_protocol_and_is_reported(self):
        self.assert_refused("InvalidAction", ec2.describe_vpc_block_public_access_options, status=400)
        self.assertEqual(aws.unsupported, ["ec2.DescribeVpcBlockPublicAccessOptions"])

    def test_a_dry_run_changes_nothing(self):
        self.vpc()
        group = self.group("kept")
        self.assert_refused("DryRunOperation", ec2.delete_security_group, GroupId=group, DryRun=True, status=412)
        self.assertFalse([call for call in aws.calls.mutating if call.operation == "DeleteSecurityGroup"])
        ec2.describe_security_groups(GroupIds=[group])

    def test_the_account_is_told(self):
        self.assertEqual(sts.get_caller_identity()["Account"], "123456789012")


class Paging(StrictCase):
    def setUp(self):
        super().setUp()
        self.vpc()
        self.groups = {self.group(f"group-{number}") for number in range(7)}
        self.filters = [{"Name": "group-name", "Values": ["group-*"]}]

    def test_a_listing_comes_in_pages_whether_asked_for_or_not(self):
        aws.pages.size = 3
        pages = list(ec2.get_paginator("describe_security_groups").paginate(Filters=self.filters))
        self.assertEqual([len(page["SecurityGroups"]) for page in pages], [3, 3, 1])
        self.assertEqual({group["GroupId"] for page in pages for group in page["SecurityGroups"]}, self.groups)

    def test_a_smaller_page_is_given_when_asked_for(self):
        page = ec2.describe_security_groups(Filters=self.filters, MaxResults=5)
        self.assertEqual((len(page["SecurityGroups"]), "NextToken" in page), (5, True))

    def test_a_page_may_be_empty_and_still_go_on(self):
        aws.pages.empty = 1.0
        page = ec2.describe_security_groups(Filters=self.filters)
        self.assertEqual((page["SecurityGroups"], "NextToken" in page), ([], True))
        aws.pages.empty = 0.0
        page = ec2.describe_security_groups(Filters=self.filters, NextToken=page["NextToken"])
        self.assertEqual((len(page["SecurityGroups"]), "NextToken" in page), (7, False))

    def test_a_token_belongs_to_its_question(self):
        aws.pages.size = 3
        token = ec2.describe_security_groups(Filters=self.filters)["NextToken"]
        self.assert_refused("InvalidNextToken", ec2.describe_security_groups, NextToken=token)
        self.assert_refused("InvalidNextToken", ec2.describe_security_groups, Filters=self.filters, NextToken="made-up")

    def test_what_is_left_to_moto_comes_in_pages_too(self):
        aws.pages.size = 1
        for _ in range(2):
            ec2.create_route_table(VpcId=self.vpc_id)
        pages = list(ec2.get_paginator("describe_route_tables").paginate(Filters=[{"Name": "vpc-id", "Values": [self.vpc_id]}]))
        self.assertEqual([len(page["RouteTables"]) for page in pages], [1, 1, 1])

    def test_file_systems_go_on_with_a_marker_and_access_points_with_a_token(self):
        aws.pages.size = 2
        made = {efs.create_file_system(CreationToken=str(number))["FileSystemId"] for number in range(5)}
        pages = list(efs.get_paginator("describe_file_systems").paginate())
        self.assertEqual([len(page["FileSystems"]) for page in pages], [2, 2, 1])
        self.assertEqual({one["FileSystemId"] for page in pages for one in page["FileSystems"]}, made)
        self.assert_refused("BadRequest", efs.describe_file_systems, Marker="made-up")
        for number in range(3):
            efs.create_access_point(ClientToken=str(number), FileSystemId=min(made))
        page = efs.describe_access_points(FileSystemId=min(made))
        self.assertEqual(len(page["AccessPoints"]), 2)
        page = efs.describe_access_points(FileSystemId=min(made), NextToken=page["NextToken"])
        self.assertEqual(len(page["AccessPoints"]), 1)

    def test_what_is_asked_for_by_id_comes_at_once(self):
        aws.pages.size, aws.pages.empty = 2, 1.0
        self.assertEqual(len(ec2.describe_security_groups(GroupIds=sorted(self.groups))["SecurityGroups"]), 7)


class Groups(StrictCase):
    def setUp(self):
        super().setUp()
        self.vpc()
        self.one, self.two = self.group("one"), self.group("two")

    def assert_held(self):
        self.assert_refused("DependencyViolation", ec2.delete_security_group, GroupId=self.one)

    def test_a_group_that_an_interface_wears_stays(self):
        interface = self.interface(self.one)
        self.assert_held()
        ec2.delete_network_interface(NetworkInterfaceId=interface)
        ec2.delete_security_group(GroupId=self.one)
        self.assert_refused("InvalidGroup.NotFound", ec2.delete_security_group, GroupId=self.one)

    def test_a_group_that_another_ones_rule_names_stays_whichever_way_the_rule_goes(self):
        for direction in ("ingress", "egress"):
            with self.subTest(direction):
                rule = self.allow(self.two, self.one, direction)
                self.assert_held()
                getattr(ec2, f"revoke_security_group_{direction}")(GroupId=self.two, SecurityGroupRuleIds=[rule])
        self.allow(self.one, self.one)
        ec2.delete_security_group(GroupId=self.one)

    def test_groups_that_name_each_other_both_stay(self):
        self.allow(self.one, self.two)
        self.allow(self.two, self.one, "egress")
        self.assert_held()
        self.assert_refused("DependencyViolation", ec2.delete_security_group, GroupId=self.two)

    def test_a_rule_in_a_peered_vpc_is_told_and_does_not_hold_a_group(self):
        other = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
        self.allow(self.group("peer", other), self.one)
        found = ec2.describe_security_group_references(GroupId=[self.one])["SecurityGroupReferenceSet"]
        self.assertEqual([one["ReferencingVpcId"] for one in found], [other])
        ec2.delete_security_group(GroupId=self.one)

    def test_an_association_with_another_vpc_holds_a_group(self):
        other = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
        ec2.associate_security_group_vpc(GroupId=self.one, VpcId=other)
        found = ec2.describe_security_group_vpc_associations(Filters=[{"Name": "group-id", "Values": [self.one]}])
        self.assertEqual([one["VpcId"] for one in found["SecurityGroupVpcAssociations"]], [other])
        self.assert_held()
        ec2.disassociate_security_group_vpc(GroupId=self.one, VpcId=other)
        ec2.delete_security_group(GroupId=self.one)

    def test_the_default_group_cannot_be_deleted(self):
        found = ec2.describe_security_groups(
            Filters=[{"Name": "vpc-id", "Values": [self.vpc_id]}, {"Name": "group-name", "Values": ["default"]}])
        self.assert_refused("CannotDelete", ec2.delete_security_group, GroupId=found["SecurityGroups"][0]["GroupId"])

    def test_a_group_that_was_just_deleted_is_still_listed_for_a_while(self):
        aws.world.timing.stale_groups = 2
        ec2.delete_security_group(GroupId=self.one)
        listed = [
            self.one in [group["GroupId"] for group in ec2.describe_security_groups()["SecurityGroups"]] for _ in range(3)]
        self.assertEqual(listed, [True, True, False])
        self.assert_refused("InvalidGroup.NotFound", ec2.delete_security_group, GroupId=self.one)

    def test_one_unknown_rule_fails_a_whole_revocation(self):
        rule = self.allow(self.one, self.two)
        revoke = ec2.revoke_security_group_ingress
        code = "InvalidSecurityGroupRuleId.NotFound"
        self.assert_refused(code, revoke, GroupId=self.one, SecurityGroupRuleIds=[rule, "sgr-00000000000000000"])
        self.assert_refused(code, ec2.revoke_security_group_egress, GroupId=self.one, SecurityGroupRuleIds=[rule])
        done = revoke(GroupId=self.one, SecurityGroupRuleIds=[rule])
        self.assertEqual([one["SecurityGroupRuleId"] for one in done["RevokedSecurityGroupRules"]], [rule])
        self.assert_refused(code, revoke, GroupId=self.one, SecurityGroupRuleIds=[rule])

    def test_a_revocation_by_permission_is_all_or_nothing_too(self):
        rule = self.allow(self.one, self.two)
        known = {"IpProtocol": "tcp", "FromPort": 2049, "ToPort": 2049, "UserIdGroupPairs": [{"GroupId": self.two}]}
        unknown = {**known, "FromPort": 1, "ToPort": 1}
        self.assert_refused(
            "InvalidPermission.NotFound", ec2.revoke_security_group_ingress, GroupId=self.one, IpPermissions=[known, unknown])
        self.assertEqual(len(ec2.describe_security_group_rules(SecurityGroupRuleIds=[rule])["SecurityGroupRules"]), 1)
        ec2.revoke_security_group_ingress(GroupId=self.one, IpPermissions=[known])
        self.assert_refused(
            "InvalidSecurityGroupRuleId.NotFound", ec2.describe_security_group_rules, SecurityGroupRuleIds=[rule])

    def test_groups_are_found_by_the_groups_that_their_rules_name(self):
        self.allow(self.one, self.two)
        self.allow(self.one, self.two, "egress")
        for name in ("ip-permission.group-id", "egress.ip-permission.group-id"):
            found = ec2.describe_security_groups(Filters=[{"Name": name, "Values": [self.two]}])["SecurityGroups"]
            self.assertEqual([group["GroupId"] for group in found], [self.one])


class Interfaces(StrictCase):
    def setUp(self):
        super().setUp()
        self.vpc()

    def of_a_service(self, kind, managed, status="in-use"):
        interface = self.interface()
        with aws.world.change() as world:
            world.adopt_interface(REGION, interface, f"of {kind}", kind, "amazon-aws" if status == "in-use" else None, status, managed)
        return interface

    def test_an_interface_in_use_cannot_be_deleted(self):
        message = self.assert_refused(
            "InvalidParameterValue", ec2.delete_network_interface, NetworkInterfaceId=self.of_a_service("lambda", False))
        self.assertIn("is currently in use", message)

    def test_an_interface_that_its_requester_manages_cannot_be_deleted(self):
        self.assert_refused(
            "OperationNotPermitted", ec2.delete_network_interface,
            NetworkInterfaceId=self.of_a_service("interface", True, status="available"))

    def test_a_services_attachment_cannot_be_detached(self):
        interface = self.of_a_service("lambda", False)
        attachment = self.interfaces()[interface]["Attachment"]
        self.assertRegex(attachment["AttachmentId"], "^ela-attach-")
        self.assert_refused("OperationNotPermitted", ec2.detach_network_interface, AttachmentId=attachment["AttachmentId"])
        self.assert_refused("InvalidAttachmentID.NotFound", ec2.detach_network_interface, AttachmentId="eni-attach-0")

    def test_lambda_lets_go_of_an_interface_after_a_while(self):
        interface = self.of_a_service("lambda", False)
        with aws.world.change() as world:
            world.later(interface, Delay(looks=2), lambda: world.release_interface(REGION, interface))
        seen = [(one["Status"], one["InterfaceType"]) for one in (self.interfaces()[interface] for _ in range(3))]
        self.assertEqual(seen, [("in-use", "lambda"), ("in-use", "lambda"), ("available", "interface")])
        ec2.delete_network_interface(NetworkInterfaceId=interface)
        self.assert_refused(
            "InvalidNetworkInterfaceID.NotFound", ec2.delete_network_interface, NetworkInterfaceId=interface)

    def test_a_hidden_interface_is_listed_on_demand_only(self):
        interface = self.interface()
        aws.world.operators[interface] = {"Managed": True, "Principal": "ec2.amazonaws.com", "HiddenByDefault": True}
        self.assertNotIn(interface, self.interfaces())
        self.assertEqual(self.interfaces(IncludeManagedResources=True)[interface]["Operator"]["Principal"], "ec2.amazonaws.com")

    def test_an_interface_that_was_just_deleted_is_still_listed_for_a_while(self):
        aws.world.timing.stale_interfaces = 1
        interface = self.interface()
        ec2.delete_network_interface(NetworkInterfaceId=interface)
        self.assertEqual([interface in self.interfaces() for _ in range(2)], [True, False])


class Vpcs(StrictCase):
    def test_a_subnet_with_an_interface_stays(self):
        self.vpc()
        interface = self.interface()
        self.assert_refused("DependencyViolation", ec2.delete_subnet, SubnetId=self.subnet_id)
        ec2.delete_network_interface(NetworkInterfaceId=interface)
        ec2.delete_subnet(SubnetId=self.subnet_id)

    def test_a_vpc_goes_when_everything_in_it_has_gone(self):
        vpc = self.vpc()
        group = self.group("one")
        gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
        endpoint = ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=f"com.amazonaws.{REGION}.s3", VpcEndpointType="Gateway")
        table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
        access_list = ec2.create_network_acl(VpcId=vpc)["NetworkAcl"]["NetworkAclId"]
        for undo in (
                lambda: ec2.delete_subnet(SubnetId=self.subnet_id),
                lambda: ec2.delete_security_group(GroupId=group),
                lambda: ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc),
                lambda: ec2.delete_route_table(RouteTableId=table),
                lambda: ec2.delete_network_acl(NetworkAclId=access_list),
                lambda: ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint["VpcEndpoint"]["VpcEndpointId"]])):
            self.assert_refused("DependencyViolation", ec2.delete_vpc, VpcId=vpc)
            undo()
        ec2.delete_vpc(VpcId=vpc)
        self.assert_refused("InvalidVpcID.NotFound", ec2.describe_vpcs, VpcIds=[vpc])

    def test_a_nat_gateway_holds_its_subnet_and_the_vpcs_gateway_until_it_goes(self):
        vpc = self.vpc()
        gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
        address = ec2.allocate_address(Domain="vpc")["AllocationId"]
        nat = ec2.create_nat_gateway(SubnetId=self.subnet_id, AllocationId=address)["NatGateway"]["NatGatewayId"]
        (interface, item), = self.interfaces().items()
        self.assertEqual((item["InterfaceType"], item["RequesterManaged"], item["Status"]), ("nat_gateway", True, "in-use"))
        self.assert_refused("OperationNotPermitted", ec2.delete_network_interface, NetworkInterfaceId=interface)
        self.assert_refused("DependencyViolation", ec2.delete_subnet, SubnetId=self.subnet_id)
        self.assert_refused("DependencyViolation", ec2.detach_internet_gateway, InternetGatewayId=gateway, VpcId=vpc)
        self.assert_refused("DependencyViolation", ec2.delete_internet_gateway, InternetGatewayId=gateway)
        ec2.delete_nat_gateway(NatGatewayId=nat)
        ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
        ec2.delete_internet_gateway(InternetGatewayId=gateway)
        ec2.delete_subnet(SubnetId=self.subnet_id)
        self.assert_refused("NatGatewayNotFound", ec2.delete_nat_gateway, NatGatewayId="nat-0a1b2c3d4e5f60718")


class FileSystems(StrictCase):
    def setUp(self):
        super().setUp()
        self.vpc()
        self.id, (self.target,) = self.file_system()

    def state(self):
        return efs.describe_mount_targets(MountTargetId=self.target["MountTargetId"])["MountTargets"][0]["LifeCycleState"]

    def test_a_mount_target_has_an_interface_that_only_efs_can_delete(self):
        interface = self.interfaces()[self.target["NetworkInterfaceId"]]
        self.assertEqual(
            (interface["Description"], interface["InterfaceType"], interface["RequesterManaged"], interface["Status"]),
            (f"EFS mount target for {self.id} ({self.target['MountTargetId']})", "efs", True, "in-use"))
        self.assert_refused(
            "OperationNotPermitted", ec2.delete_network_interface, NetworkInterfaceId=interface["NetworkInterfaceId"])
        self.assert_refused("DependencyViolation", ec2.delete_subnet, SubnetId=self.subnet_id)

    def test_a_mount_target_is_seen_deleting_and_its_interface_lags_behind(self):
        aws.world.timing.mount_target_deletion = Delay(looks=2)
        aws.world.timing.mount_target_interface_lag = Delay(looks=1)
        efs.delete_mount_target(MountTargetId=self.target["MountTargetId"])
        self.assertEqual([self.state(), self.state()], ["deleting", "deleting"])
        self.assert_refused("MountTargetNotFound", self.state, status=404)
        group = ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": ["targets"]}])["SecurityGroups"][0]["GroupId"]
        self.assert_refused("DependencyViolation", ec2.delete_security_group, GroupId=group)
        ec2.delete_security_group(GroupId=group)
        self.assertNotIn(self.target["NetworkInterfaceId"], self.interfaces())

    def test_a_deletion_can_take_seconds(self):
        aws.world.timing.mount_target_deletion = Delay(seconds=0.2)
        started = time.monotonic()
        efs.delete_mount_target(MountTargetId=self.target["MountTargetId"])
        with self.assertRaises(ClientError):
            while True:
                self.state()
        self.assertGreaterEqual(time.monotonic() - started, 0.2)

    def test_a_file_system_stays_while_a_mount_target_is_deleting(self):
        aws.world.timing.mount_target_deletion = Delay(looks=2)
        aws.world.timing.file_system_deletion = Delay(looks=1)
        self.assert_refused("FileSystemInUse", efs.delete_file_system, FileSystemId=self.id, status=409)
        efs.delete_mount_target(MountTargetId=self.target["MountTargetId"])
        self.assert_refused("FileSystemInUse", efs.delete_file_system, FileSystemId=self.id, status=409)
        self.state()
        efs.delete_file_system(FileSystemId=self.id)
        self.assertEqual(efs.describe_file_systems(FileSystemId=self.id)["FileSystems"][0]["LifeCycleState"], "deleting")
        self.assert_refused("FileSystemNotFound", efs.describe_file_systems, FileSystemId=self.id, status=404)

    def test_a_replicated_file_system_stays(self):
        replications = efs.describe_replication_configurations
        self.assert_refused("ReplicationNotFound", replications, FileSystemId=self.id, status=404)
        self.assertEqual(replications()["Replications"], [])
        efs.delete_mount_target(MountTargetId=self.target["MountTargetId"])
        aws.world.replications[self.id] = [{"Status": "ENABLED", "FileSystemId": "fs-0a0b0c0d", "Region": "eu-central-1"}]
        self.assertEqual(replications(FileSystemId=self.id)["Replications"][0]["Destinations"][0]["Region"], "eu-central-1")
        self.assert_refused("FileSystemInUse", efs.delete_file_system, FileSystemId=self.id)

    def test_mount_targets_are_asked_for_by_one_thing(self):
        self.assert_refused("BadRequest", efs.describe_mount_targets)
        self.assert_refused("BadRequest", efs.describe_mount_targets, FileSystemId=self.id, MountTargetId="fsmt-00000000")

    def test_what_never_was_is_not_found(self):
        self.assert_refused("MountTargetNotFound", efs.delete_mount_target, MountTargetId="fsmt-00000000", status=404)
        self.assert_refused("AccessPointNotFound", efs.delete_access_point, AccessPointId="fsap-00000000000000000", status=404)
        self.assert_refused("FileSystemNotFound", efs.delete_file_system, FileSystemId="fs-00000000", status=404)


class Endpoints(StrictCase):
    def setUp(self):
        super().setUp()
        self.vpc()
        self.guard = self.group("guard")
        made = ec2.create_vpc_endpoint(
            VpcId=self.vpc_id, ServiceName=f"com.amazonaws.{REGION}.guardduty-data", VpcEndpointType="Interface",
            SubnetIds=[self.subnet_id], SecurityGroupIds=[self.guard])
        self.id = made["VpcEndpoint"]["VpcEndpointId"]

    def states(self):
        return [one["State"] for one in ec2.describe_vpc_endpoints()["VpcEndpoints"]]

    def test_an_endpoint_is_seen_deleting_and_its_interfaces_vanish_late(self):
        aws.world.timing.endpoint_deletion = Delay(looks=1)
        aws.world.timing.endpoint_interface_lag = Delay(looks=1)
        aws.world.timing.stale_endpoints = 1
        interface = next(iter(self.interfaces().values()))
        self.assertEqual(
            (interface["Description"], interface["InterfaceType"], interface["RequesterManaged"]),
            (f"VPC Endpoint Interface {self.id}", "vpc_endpoint", True))
        self.assertEqual(ec2.delete_vpc_endpoints(VpcEndpointIds=[self.id])["Unsuccessful"], [])
        self.assertEqual([self.states(), self.states(), self.states()], [["deleting"], ["deleted"], []])
        self.assert_refused("DependencyViolation", ec2.delete_security_group, GroupId=self.guard)
        ec2.delete_security_group(GroupId=self.guard)

    def test_an_endpoint_that_cannot_be_deleted_is_in_a_successful_answer(self):
        aws.world.ec2(REGION).vpc_end_points[self.id].requester_managed = True
        answer = ec2.delete_vpc_endpoints(VpcEndpointIds=["vpce-00000000000000000", self.id])
        self.assertEqual(
            [(one["ResourceId"], one["Error"]["Code"]) for one in answer["Unsuccessful"]],
            [("vpce-00000000000000000", "InvalidVpcEndpoint.NotFound"), (self.id, "OperationNotPermitted")])

    def test_a_state_may_be_capitalised(self):
        aws.world.capitalised_states = True
        self.assertEqual(self.states(), ["Available"])


class Domains(StrictCase):
    def test_a_domain_has_the_file_system_the_vpc_and_the_status_that_a_test_gives_it(self):
        self.vpc()
        sagemaker.create_domain(DomainName="a", AuthMode="IAM", DefaultUserSettings={}, SubnetIds=[self.subnet_id], VpcId=self.vpc_id)
        with aws.world.change() as world:
            (domain,) = world.sagemaker(REGION).domains.values()
            domain.status, domain.home_efs_file_system_id = "Deleting", "fs-0a0b0c0d"
            world.later(domain.id, Delay(looks=1), world.sagemaker(REGION).domains.clear)
        found = sagemaker.describe_domain(DomainId="d-a")
        self.assertEqual((found["VpcId"], found["Status"], found["HomeEfsFileSystemId"]), (self.vpc_id, "Deleting", "fs-0a0b0c0d"))
        self.assertEqual(sagemaker.list_domains()["Domains"], [])
        self.assert_refused("ResourceNotFound", sagemaker.describe_domain, DomainId="d-a", status=400)


class Invocations(StrictCase):
    def test_an_asynchronous_invocation_is_forwarded(self):
        came = threading.Event()
        taken = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                taken.append(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(202)
                self.end_headers()
                came.set()

            def log_message(self, *_):
                pass

        server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        aws.lambdas.forward_to = "http://127.0.0.1:%d/" % server.server_address[1]
        answer = functions.invoke(FunctionName="clean", InvocationType="Event", Payload=b'{"hop":1}')
        self.assertEqual(answer["StatusCode"], 202)
        self.assertTrue(came.wait(10))
        self.assertEqual(taken, [b'{"hop":1}'])


class Faults(StrictCase):
    def test_each_service_throttles_in_its_own_way(self):
        aws.faults.throttle = 1.0
        self.assert_refused("RequestLimitExceeded", ec2.describe_vpcs, status=503)
        self.assert_refused("ThrottlingException", efs.describe_file_systems, status=429)
        self.assert_refused("ThrottlingException", sagemaker.list_domains, status=400)
        self.assert_refused("Throttling", sts.get_caller_identity, status=400)

    def test_a_seed_throttles_the_same_calls_again(self):
        def outcomes(seed):
            aws.reset(seed)
            aws.faults.throttle = 0.3
            for _ in range(40):
                try:
                    sts.get_caller_identity()
                except ClientError:
                    pass
            return [call.code for call in aws.calls]

        first = outcomes(1)
        self.assertEqual(first, outcomes(1))
        self.assertNotEqual(first, outcomes(2))
        self.assertTrue(3 < first.count("Throttling") < 25, first)

    def test_in_a_storm_every_call_gets_a_server_error(self):
        aws.faults.storms = [range(2, 4)]
        sts.get_caller_identity()
        self.assert_refused("InternalError", ec2.describe_vpcs, status=500)
        self.assert_refused("InternalServerError", efs.describe_file_systems, status=500)
        sts.get_caller_identity()

    def test_a_lost_answer_hides_what_has_been_done(self):
        aws.faults.lost_answers = 1.0
        self.assert_refused("InternalError", ec2.create_vpc, CidrBlock="10.9.0.0/16", status=500)
        self.assertTrue(aws.calls.of("CreateVpc")[0].applied)
        aws.faults.lost_answers = 0.0
        self.assertTrue(ec2.describe_vpcs(Filters=[{"Name": "vpc-id", "Values": ["vpc-*"]}])["Vpcs"][1:])

    def test_a_connection_can_be_reset(self):
        aws.faults.resets = 1.0
        with self.assertRaises(ConnectionClosedError):
            ec2.describe_vpcs()
        self.assertEqual([call.code for call in aws.calls], ["reset"])

    def test_single_calls_fail_as_a_script_says(self):
        aws.faults.fail("DeleteMountTarget", APIError("DependencyTimeout", "try again", 504))
        for code, status in (("DependencyTimeout", 504), ("MountTargetNotFound", 404)):
            self.assert_refused(code, efs.delete_mount_target, MountTargetId="fsmt-00000000", status=status)

    def test_a_permission_can_be_missing(self):
        aws.faults.denied = {("DeleteFileSystem", "fs-0a0b0c0d"), ("DescribeVpcs", "*")}
        self.assert_refused("AccessDeniedException", efs.delete_file_system, FileSystemId="fs-0a0b0c0d", status=403)
        self.assert_refused("UnauthorizedOperation", ec2.describe_vpcs, status=403)

    def test_calls_take_their_time_side_by_side(self):
        aws.faults.latency, aws.faults.latencies = 0.05, {"GetCallerIdentity": 0.3}
        started = time.monotonic()
        threads = [threading.Thread(target=sts.get_caller_identity) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertLess(time.monotonic() - started, 6 * 0.3)
        self.assertGreaterEqual(aws.calls.at_once(), 3)
        self.assertTrue(all(call.ended - call.started >= 0.3 for call in aws.calls))


class Log(StrictCase):
    def test_a_call_is_logged_with_what_it_touched(self):
        self.vpc()
        group, other = self.group("one"), self.group("two")
        self.allow(group, other)
        aws.calls.clear()
        self.assert_refused("DependencyViolation", ec2.delete_security_group, GroupId=other)
        ec2.describe_vpcs(VpcIds=[self.vpc_id])
        deleted, described = aws.calls
        self.assertEqual((deleted.operation, deleted.targets, deleted.code), ("DeleteSecurityGroup", (other,), "DependencyViolation"))
        self.assertEqual((described.mutating, described.status, described.applied), (False, 200, True))
        self.assertEqual(aws.calls.mutating, [deleted])
        self.assertEqual(aws.calls.counts(), {"DeleteSecurityGroup": 1, "DescribeVpcs": 1})
        self.assertLessEqual(deleted.ended, described.started)

    def test_a_test_steps_in_before_and_after_a_call(self):
        seen = []
        aws.before_call(1, lambda call: seen.append(("before", call.operation, call.applied)))
        aws.after_call(2, lambda call: seen.append(("after", call.operation, call.applied)))
        sts.get_caller_identity()
        ec2.create_vpc(CidrBlock="10.9.0.0/16")
        self.assertEqual(seen, [("before", "GetCallerIdentity", False), ("after", "CreateVpc", True)])


class DirtyVPCs(StrictCase):
    def dirty(self, seed, **options):
        aws.reset(seed)
        dirty = generate(aws, seed, **options)
        aws.pages.size, aws.pages.empty = 3, 0.2
        return dirty

    def test_dirty_vpcs_can_be_cleaned_and_deleted(self):
        for seed in range(8):
            with self.subTest(seed=seed):
                dirty = self.dirty(seed, blocked=False)
                left = SequentialCleaner(aws, dirty.properties).run()
                self.assertEqual((left, problems(aws, dirty)), ([], []))

    def test_what_the_user_holds_is_left_and_nothing_else(self):
        dirty = self.dirty(3, blocked=True)
        SequentialCleaner(aws, dirty.properties, patience=0.3).run()
        self.assertTrue(dirty.held)
        self.assertEqual(problems(aws, dirty), [])

    def test_the_same_seed_makes_the_same_vpc(self):
        self.assertEqual(self.dirty(5).before, self.dirty(5).before)
        self.assertNotEqual(self.dirty(5).must_go, self.dirty(6).must_go)

    def test_nothing_done_is_a_problem_for_everything_that_was_to_go(self):
        dirty = self.dirty(0)
        found = problems(aws, dirty)
        self.assertTrue(all(any(item in text for text in found) for item in dirty.must_go))

    def test_a_call_on_what_is_not_identified_is_a_problem_even_if_it_fails(self):
        for wrong in (
                lambda dirty, client: client.delete_subnet(SubnetId=dirty.subnets[0]),
                lambda dirty, client: client.delete_security_group(GroupId=next(
                    item for item, was in dirty.before.items() if was[0] == "group" and item not in dirty.groups)),
                lambda dirty, client: client.revoke_security_group_egress(
                    GroupId=min(dirty.groups), SecurityGroupRuleIds=["sgr-00000000000000000"])):
            dirty = self.dirty(0, blocked=False)
            SequentialCleaner(aws, dirty.properties).run()
            try:
                wrong(dirty, ec2)
            except ClientError:
                pass
            self.assertEqual(len([text for text in problems(aws, dirty) if "touched" in text]), 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
