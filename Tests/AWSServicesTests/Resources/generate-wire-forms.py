#!/usr/bin/env python3
"""Writes wire-forms.txt: the requests that botocore makes of the calls this package makes.

    pip install boto3==1.43.11
    python3 generate-wire-forms.py

A block holds: the call's name, method and URL, the headers that say what the call is, and the body after "> ". What
may stand in any order is sorted: the parameters of queries and forms, the members of JSON objects.
"""

import json
from datetime import datetime
from pathlib import Path
from unittest import mock
from urllib.parse import parse_qsl, quote, urlsplit

import boto3
from botocore.awsrequest import AWSResponse
from botocore.config import Config

HEADERS = ["content-type", "x-amz-target", "x-amz-invocation-type", "if-none-match"]
blocks = []


def parameters(text):
    pairs = sorted(parse_qsl(text, keep_blank_values=True))
    return "&".join(f"{quote(name, safe='-._~')}={quote(value, safe='-._~')}" for name, value in pairs)


def body_text(request, content_type):
    body = request.body or b""
    text = body.decode() if isinstance(body, bytes) else body if isinstance(body, str) else body.read().decode()
    if "json" in content_type or text.startswith("{"):
        return json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"))
    return parameters(text) if "form-urlencoded" in content_type else text


def record(service, operation, name=None, config=None, **arguments):
    client = boto3.client(
        service, region_name="eu-central-1", aws_access_key_id="AKID", aws_secret_access_key="secret",
        config=Config(request_checksum_calculation="when_required", retries={"max_attempts": 0}).merge(
            config or Config()))

    def capture(request, **_):
        url = urlsplit(request.url)
        lines = [name or f"{service} {operation}"]
        query = f"?{parameters(url.query)}" if url.query else ""
        lines.append(f"{request.method} {url.scheme}://{url.netloc}{url.path}{query}")
        headers = {key.lower(): value for key, value in request.headers.items()}
        headers = {key: value.decode() if isinstance(value, bytes) else value for key, value in headers.items()}
        lines += [f"{key}: {headers[key]}" for key in HEADERS if key in headers]
        body = body_text(request, headers.get("content-type", ""))
        lines += [f"> {body}"] if body else []
        blocks.append("\n".join(lines))
        raise StopIteration

    client.meta.events.register("before-send", capture)
    try:
        method = next(m for m, o in client.meta.method_to_api_mapping.items() if o == operation)
        getattr(client, method)(**arguments)
    except StopIteration:
        pass


PLACE = {"Bucket": "data", "Key": "a b/c+d/ü'()*"}
record("s3", "HeadObject", **PLACE)
record("s3", "HeadBucket", Bucket="data")
record("s3", "HeadBucket", "s3 HeadBucket by path", Config(s3={"addressing_style": "path"}), Bucket="data")
record("s3", "HeadObject", "s3 HeadObject by path", Bucket="data.example", Key="a b")
record("s3", "PutObject", Body=b"hello", ContentType="text/plain", IfNoneMatch="*", **PLACE)
record("s3", "CreateMultipartUpload", ContentType="text/css", **PLACE)
record("s3", "UploadPart", UploadId="id+/=", PartNumber=7, Body=b"part", **PLACE)
record(
    "s3", "CompleteMultipartUpload", UploadId="id+/=",
    MultipartUpload={"Parts": [{"ETag": '"a1"', "PartNumber": 1}, {"ETag": '"b2"', "PartNumber": 2}]}, **PLACE)
record("s3", "AbortMultipartUpload", UploadId="id+/=", **PLACE)

with mock.patch("botocore.auth.get_current_datetime", lambda: datetime(2026, 11, 21, 12)):
    presigned = boto3.client(
        "s3", region_name="eu-central-1", aws_access_key_id="AKID", aws_secret_access_key="secret",
        aws_session_token="tok+/=", config=Config(signature_version="s3v4", s3={"addressing_style": "virtual"})
    ).generate_presigned_url(
        "get_object", ExpiresIn=3600, Params={"ResponseContentDisposition": 'attachment; filename="ü b"', **PLACE})
blocks.append(f"s3 presigned GetObject\nGET {presigned}")

ARN = "arn:aws:sagemaker:eu-central-1:123456789012:mlflow-app/app-ABCDEFGH1234"
ROLE = "arn:aws:iam::123456789012:role/mlflow"
WINDOW = "Tue:03:30"
STORE = {"ArtifactStoreUri": "s3://data/mlflow"}
TAGS = [{"Key": "a", "Value": "b"}, {"Key": "c", "Value": ""}]
APP = {"ModelRegistrationMode": "AutoModelRegistrationEnabled", "WeeklyMaintenanceWindowStart": WINDOW,
       "AccountDefaultStatus": "DISABLED", **STORE}
SERVER = {"TrackingServerSize": "Small", "AutomaticModelRegistration": False, "WeeklyMaintenanceWindowStart": WINDOW,
          "S3BucketOwnerAccountId": "123456789012", "S3BucketOwnerVerification": True, **STORE}
record("sagemaker", "CreatePresignedMlflowTrackingServerUrl", TrackingServerName="server", ExpiresInSeconds=300,
       SessionExpirationDurationInSeconds=43200)
record("sagemaker", "CreatePresignedMlflowAppUrl", Arn=ARN)
record("sagemaker", "ListDomains", MaxResults=100, NextToken="token+/=")
record("sagemaker", "DescribeDomain", DomainId="d-abc123")
record("sagemaker", "CreateMlflowApp", Name="app", RoleArn=ROLE, KmsKeyId="key", DefaultDomainIdList=["d-abc123"],
       Tags=TAGS, **APP)
record("sagemaker", "CreateMlflowApp", "sagemaker CreateMlflowApp least", Name="app", RoleArn=ROLE, **STORE)
record("sagemaker", "UpdateMlflowApp", Arn=ARN, Name="new", DefaultDomainIdList=[], **APP)
record("sagemaker", "DeleteMlflowApp", Arn=ARN)
record("sagemaker", "DescribeMlflowApp", Arn=ARN)
record("sagemaker", "ListMlflowApps", Status="Created", DefaultForDomainId="d-abc123", AccountDefaultStatus="ENABLED",
       MaxResults=100)
record("sagemaker", "CreateMlflowTrackingServer", TrackingServerName="server", RoleArn=ROLE, MlflowVersion="3.4.0",
       Tags=TAGS, **SERVER)
record("sagemaker", "UpdateMlflowTrackingServer", TrackingServerName="server", **SERVER)
for verb in ["Delete", "Start", "Stop", "Describe"]:
    record("sagemaker", f"{verb}MlflowTrackingServer", TrackingServerName="server")
record("sagemaker", "ListMlflowTrackingServers", TrackingServerStatus="Stopped", MaxResults=100)
record("sagemaker", "AddTags", ResourceArn=ARN, Tags=TAGS)
record("sagemaker", "DeleteTags", ResourceArn=ARN, TagKeys=["a", "c"])
record("sagemaker", "ListTags", ResourceArn=ARN)

VPC = {"Filters": [{"Name": "vpc-id", "Values": ["vpc-0a"]}], "MaxResults": 1000}
GROUPS = {"Filters": [{"Name": "group-id", "Values": ["sg-1", "sg-2"]}], "MaxResults": 1000}
RULES = {"GroupId": "sg-1", "SecurityGroupRuleIds": ["sgr-1", "sgr-2"]}
record("ec2", "DescribeVpcs", VpcIds=["vpc-0a"])
record("ec2", "DescribeSubnets", **VPC)
record("ec2", "DescribeSecurityGroups", NextToken="token+/=", **VPC)
record("ec2", "DescribeSecurityGroups", "ec2 DescribeSecurityGroups by filters", MaxResults=1000, Filters=[
    {"Name": "vpc-id", "Values": ["vpc-0a"]}, {"Name": "tag:a b", "Values": ["x*", "ü"]}])
record("ec2", "DescribeSecurityGroupRules", **GROUPS)
record("ec2", "DescribeSecurityGroupVpcAssociations", **GROUPS)
record("ec2", "DescribeSecurityGroupReferences", GroupId=["sg-1", "sg-2"])
record("ec2", "DescribeNetworkInterfaces", IncludeManagedResources=True, **VPC)
record("ec2", "DescribeNetworkInterfaces", "ec2 DescribeNetworkInterfaces by id", NetworkInterfaceIds=["eni-1"],
       IncludeManagedResources=True)
record("ec2", "DescribeVpcEndpoints", **VPC)
record("ec2", "RevokeSecurityGroupIngress", **RULES)
record("ec2", "RevokeSecurityGroupEgress", **RULES)
record("ec2", "DeleteSecurityGroup", GroupId="sg-1")
record("ec2", "DeleteNetworkInterface", NetworkInterfaceId="eni-1")
record("ec2", "DeleteVpcEndpoints", VpcEndpointIds=["vpce-1", "vpce-2"])
ATTACHED = {"Filters": [{"Name": "attachment.vpc-id", "Values": ["vpc-0a"]}]}
record("ec2", "DescribeInternetGateways", MaxResults=1000, **ATTACHED)
record("ec2", "DescribeEgressOnlyInternetGateways", MaxResults=255)
record("ec2", "DescribeNatGateways", Filter=VPC["Filters"], MaxResults=1000)
record("ec2", "DescribeVpnGateways", **ATTACHED)
record("ec2", "DescribeTransitGatewayVpcAttachments", **VPC)
record("ec2", "DescribeVpcPeeringConnections", MaxResults=1000, Filters=[
    {"Name": "requester-vpc-info.vpc-id", "Values": ["vpc-0a"]}])

FILE_SYSTEM = {"FileSystemId": "fs-0123456789abcdef0"}
record("efs", "DescribeFileSystems", MaxItems=100)
record("efs", "DescribeFileSystems", "efs DescribeFileSystems by id", MaxItems=100, **FILE_SYSTEM)
record("efs", "DescribeMountTargets", MaxItems=100, Marker="m/+=", **FILE_SYSTEM)
record("efs", "DescribeMountTargets", "efs DescribeMountTargets by id", MaxItems=100, MountTargetId="fsmt-0123456789abcdef0")
record("efs", "DescribeMountTargetSecurityGroups", MountTargetId="fsmt-0123456789abcdef0")
record("efs", "DescribeAccessPoints", MaxResults=100, NextToken="t/+=", **FILE_SYSTEM)
record("efs", "DescribeReplicationConfigurations", MaxResults=100, **FILE_SYSTEM)
record("efs", "DeleteMountTarget", MountTargetId="fsmt-0123456789abcdef0")
record("efs", "DeleteAccessPoint", AccessPointId="fsap-0123456789abcdef0")
record("efs", "DeleteFileSystem", **FILE_SYSTEM)

FUNCTION = "arn:aws:lambda:eu-central-1:123456789012:function:vpc-cleanup:live"
record("lambda", "Invoke", FunctionName=FUNCTION, InvocationType="Event", Payload=b'{"hop":1}')
record("lambda", "ListFunctions", FunctionVersion="ALL", MaxItems=50, Marker="m/+=")

(Path(__file__).parent / "wire-forms.txt").write_text("\n\n".join(blocks) + "\n")
