"""A moto server, `./build.sh deploy` and `destroy` as a user types them, and a look at what came of it."""

import dataclasses
import json
import os
import re
import signal
import subprocess
import time
import urllib.request

import boto3
import botocore.config

from free_port import free_port
from local_stack import FOREIGN, REPOSITORY, local_tool

REGION = "us-east-1"
KEYS = {"aws_access_key_id": "stand-in", "aws_secret_access_key": "stand-in", "region_name": REGION}
ENVIRONMENT = {name: value for name, value in os.environ.items() if not FOREIGN.match(name) and name not in ("CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE")}
PATIENCE_SECONDS = 600


class Server:
    """A process that serves at an address of the loopback interface."""

    def __init__(self, command, address=None, path="/"):
        self.process = subprocess.Popen(command, env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE if not address else subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, text=True, start_new_session=True)
        self.address = address or self.process.stdout.readline().strip()
        end = time.monotonic() + 120
        while address and not self.answers(path):
            if self.process.poll() is not None or time.monotonic() > end:
                self.stop()
                raise AssertionError(f"{command[0]} does not serve at {address}")
            time.sleep(0.1)

    def answers(self, path):
        try:
            return urllib.request.build_opener(urllib.request.ProxyHandler({})).open(self.address + path, timeout=10).status == 200
        except OSError:
            return False

    def client(self, service):
        settings = botocore.config.Config(retries={"total_max_attempts": 1}, proxies={})
        return boto3.client(service, endpoint_url=self.address, config=settings, **KEYS)

    def stop(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait(30)
        if self.process.stdout:
            self.process.stdout.close()


class Moto(Server):
    """moto as the README starts it."""

    def __init__(self):
        port = free_port()
        super().__init__([REPOSITORY / ".venv/bin/moto_server", "-H", "127.0.0.1", "-p", str(port)], f"http://127.0.0.1:{port}", "/moto-api/")

    def control_plane(self):
        """A client of the stand-in for SageMaker that `deploy` started beside it."""
        address = self.client("ssm").get_parameter(Name="/stand-in/sagemaker-endpoint")["Parameter"]["Value"]
        return boto3.client("sagemaker", endpoint_url=address, **KEYS)


class ControlPlane(Server):
    """A stand-in for SageMaker of the test's own, with settings."""

    def __init__(self, **settings):
        super().__init__([local_tool(), "sagemaker", "--access-key-id", "stand-in", "--secret-access-key", "stand-in", "--session-token", "",
                          "--settings", json.dumps(settings)])


@dataclasses.dataclass
class Ended:
    """What a command said, and its exit code."""

    status: int
    output: str
    seconds: float


def build(*arguments, folder=REPOSITORY, command=("./build.sh",), **variables):
    """A command of build.sh as it is typed in a shell, without a terminal."""
    started = time.monotonic()
    done = subprocess.run([*command, *arguments], cwd=folder, env={**ENVIRONMENT, **variables}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace", timeout=PATIENCE_SECONDS)
    return Ended(done.returncode, done.stdout, time.monotonic() - started)


class Stack:
    """What moto and the control plane have of a stack."""

    def __init__(self, moto, name):
        self.moto, self.name = moto, name
        about = moto.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
        self.id, self.status = about["StackId"], about["StackStatus"]
        self.outputs = {each["OutputKey"]: each["OutputValue"] for each in about.get("Outputs", [])}
        listed = moto.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=name)
        self.resources = {each["LogicalResourceId"]: each.get("PhysicalResourceId") for page in listed for each in page["StackResourceSummaries"]}
        self.kinds = {each["LogicalResourceId"]: each["ResourceType"] for page in listed for each in page["StackResourceSummaries"]}

    def variables(self, function):
        return self.moto.client("lambda").get_function_configuration(FunctionName=f"{self.name}-{function}").get("Environment", {}).get("Variables", {})

    def default_group(self):
        """The rules of the default security group of the stack's VPC."""
        filters = [{"Name": "vpc-id", "Values": [self.resources["NetworkVpc"]]}, {"Name": "group-name", "Values": ["default"]}]
        group, = self.moto.client("ec2").describe_security_groups(Filters=filters)["SecurityGroups"]
        return group["IpPermissions"] + group["IpPermissionsEgress"]

    def mlflow(self):
        """The App or tracking server that the stack says is its own."""
        plane, arn = self.moto.control_plane(), self.outputs["MlflowArn"]
        if ":mlflow-app/" in arn:
            about = plane.describe_mlflow_app(Arn=arn)
        else:
            about = plane.describe_mlflow_tracking_server(TrackingServerName=arn.rsplit("/", 1)[1])
        tags = {each["Key"]: each["Value"] for each in plane.list_tags(ResourceArn=arn)["Tags"]}
        return {**about, "Arn": arn, "Tags": tags}


def leave_what_studio_leaves(moto, vpc):
    """File system, mount target and security groups that a deleted domain leaves in a VPC."""
    domain = f"arn:aws:sagemaker:{REGION}:123456789012:domain/d-left1behind2"
    tags = [{"Key": "ManagedByAmazonSageMakerResource", "Value": domain}]
    ec2, efs = moto.client("ec2"), moto.client("efs")
    groups = [ec2.create_security_group(
        VpcId=vpc, GroupName=f"security-group-for-{direction}-nfs-d-left1behind2", TagSpecifications=[{"ResourceType": "security-group", "Tags": tags}],
        Description=f"[DO NOT DELETE] Security Group that allows {direction} NFS traffic for SageMaker Notebooks Domain [d-left1behind2]")["GroupId"]
        for direction in ("inbound", "outbound")]
    subnet = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["Subnets"][0]["SubnetId"]
    home = efs.create_file_system(CreationToken=vpc, Encrypted=True, Tags=tags)["FileSystemId"]
    efs.create_mount_target(FileSystemId=home, SubnetId=subnet, SecurityGroups=[groups[0]])
    return groups, home


def commands_at_the_end(output):
    """The lines for a shell that `destroy` prints last, without their indentation."""
    return re.sub(r"(?m)^  ", "", output.partition("data included:\n")[2])
