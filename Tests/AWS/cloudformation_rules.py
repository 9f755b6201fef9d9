"""CloudFormation's deletions over moto's stacks: by the services' own calls, in the order of the references, custom resources asked."""

import pathlib
import sys
import threading
import unittest.mock
import uuid

from botocore.exceptions import ClientError
from moto.awslambda.models import LambdaFunction
from moto.cloudformation.models import Event, cloudformation_backends
from moto.cloudformation.parsing import clean_json
from moto.cloudformation.utils import get_stack_from_s3_url
from protocols import APIError
from world import ACCOUNT

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / ".scripts/templates"))

from stack import as_list, references

# Kind -> the call that deletes a resource, from moto's object of it. What is not here, moto deletes as it does.
CALLS = {
    "AWS::EC2::EIP": lambda it: ("ec2", "release_address", {"AllocationId": it.allocation_id}),
    "AWS::EC2::InternetGateway": lambda it: ("ec2", "delete_internet_gateway", {"InternetGatewayId": it.id}),
    "AWS::EC2::NatGateway": lambda it: ("ec2", "delete_nat_gateway", {"NatGatewayId": it.id}),
    "AWS::EC2::NetworkInterface": lambda it: ("ec2", "delete_network_interface", {"NetworkInterfaceId": it.id}),
    "AWS::EC2::RouteTable": lambda it: ("ec2", "delete_route_table", {"RouteTableId": it.id}),
    "AWS::EC2::SecurityGroup": lambda it: ("ec2", "delete_security_group", {"GroupId": it.id}),
    "AWS::EC2::Subnet": lambda it: ("ec2", "delete_subnet", {"SubnetId": it.id}),
    "AWS::EC2::VPC": lambda it: ("ec2", "delete_vpc", {"VpcId": it.id}),
    "AWS::EC2::VPCEndpoint": lambda it: ("ec2", "delete_vpc_endpoints", {"VpcEndpointIds": [it.id]}),
    "AWS::EC2::VPCGatewayAttachment": lambda it: (
        "ec2", "detach_internet_gateway", {"InternetGatewayId": it.gateway_id, "VpcId": it.vpc_id}),
    "AWS::EFS::FileSystem": lambda it: ("efs", "delete_file_system", {"FileSystemId": it.file_system_id}),
    "AWS::EFS::MountTarget": lambda it: ("efs", "delete_mount_target", {"MountTargetId": it.mount_target_id}),
}


NAMES = {"ec2": "AmazonEC2", "efs": "AmazonElasticFileSystem"}


class Refused(Exception):
    """Why a resource could not be deleted, in CloudFormation's words."""


class CloudFormationRules:
    """`client(service, region)` makes clients of the front. `functions` answer for custom resources: a kind -> what takes the
    request and gives the answer; a kind that nobody answers for goes without a word, as in moto. `makers` are the rules of the
    services that make interfaces, which moto's CloudFormation goes round."""

    def __init__(self, world, client, functions, makers, moto):
        self.world, self.client, self.functions, self.makers, self.moto = world, client, functions, makers, moto

    def CreateStack(self, request):
        return self.carry_out(request)

    def carry_out(self, request):
        # moto starts a custom resource's function in a container where it can; who answers here is another's to say.
        with unittest.mock.patch.object(LambdaFunction, "invoke"):
            result = self.moto(request)
        for rules in self.makers:
            rules.adopt(request.region)
        return result

    def UpdateStack(self, request):
        stack = self.find(request.region, request.parameters["StackName"])
        if stack and stack.status == "DELETE_FAILED":
            raise APIError("ValidationError", f"Stack:{stack.stack_id} is in DELETE_FAILED state and can not be updated.")
        removed = self.removed(stack, request) if stack else {}
        definitions = stack.resource_map._resource_json_map if stack else {}
        # moto does not see what it would delete in its own way.
        for name in removed:
            del definitions[name]
        try:
            result = self.carry_out(request)
        except APIError:
            definitions.update(removed)
            raise
        if removed:
            # As in AWS, what cannot be deleted is told, and stays without the stack.
            StackDeletion(self, stack, removed, {}).run()
        return result

    @staticmethod
    def removed(stack, request):
        """The definitions of what an update takes out of the stack."""
        body = request.parameters.get("TemplateBody")
        if url := request.parameters.get("TemplateURL"):
            body = get_stack_from_s3_url(url, ACCOUNT, "aws")
        kept = stack.parse_template(body)["Resources"] if body else stack.resource_map._resource_json_map
        return {name: one for name, one in stack.resource_map._resource_json_map.items() if name not in kept}

    def DeleteStack(self, request):
        stack = self.find(request.region, request.parameters["StackName"])
        if stack is None or stack.status == "REVIEW_IN_PROGRESS":
            return self.moto(request)
        if stack.status != "DELETE_IN_PROGRESS":
            stack.status = "DELETE_IN_PROGRESS"
            stack._add_stack_event("DELETE_IN_PROGRESS", "User Initiated")
            deletion = StackDeletion(self, stack, dict(stack.resource_map._resource_json_map), self.functions)
            if self.functions:
                # They call in here, which holds everything until it has answered.
                threading.Thread(target=deletion.run_to_the_end, daemon=True).start()
            else:
                deletion.run_to_the_end()
        return {}

    @staticmethod
    def find(region, name):
        stacks = cloudformation_backends[ACCOUNT][region].stacks.values()
        return next((stack for stack in stacks if name in (stack.name, stack.stack_id)), None)

    @staticmethod
    def delete_request(stack, logical_id):
        """What a custom resource's function gets when the resource is deleted; the ResponseURL is the sender's to add."""
        resources = stack.resource_map
        resource = resources._resource_json_map[logical_id]
        return {
            "RequestType": "Delete", "RequestId": str(uuid.uuid4()), "StackId": stack.stack_id, "LogicalResourceId": logical_id,
            "PhysicalResourceId": resources[logical_id].physical_resource_id, "ResourceType": resource["Type"],
            "ResourceProperties": clean_json(resource["Properties"], resources)}

    def answered(self, region, answer):
        """Keeps the id that a function gave its resource, which moto does not."""
        stack = self.find(region, answer.get("StackId"))
        resource = stack and stack.custom_resources.get(answer.get("LogicalResourceId"))
        if resource:
            resource.resource_name = answer["PhysicalResourceId"]


class StackDeletion:
    """The deletion of some of a stack's resources. One goes when nothing that needs it is left; one that cannot go keeps what it
    needs. What a service refuses is not tried again."""

    def __init__(self, rules, stack, definitions, functions):
        self.rules, self.world, self.stack, self.definitions, self.functions = rules, rules.world, stack, definitions, functions
        self.resources = stack.resource_map
        self.left = {name for name, one in self.definitions.items() if one.get("DeletionPolicy") != "Retain"}
        self.needs = {name: references(one) | set(as_list(one.get("DependsOn", []))) for name, one in self.definitions.items()}
        self.failed, self.clients = set(), {}

    def run_to_the_end(self):
        """Deletes all of the stack, and says so."""
        with self.world.lock:
            # moto works an output out when it is first asked for, and may not have what it is made of any more.
            list(self.stack.output_map.values())
        self.run()
        self.end()

    def run(self):
        while ready := [name for name in self.left if name not in self.failed and not self.needed(name)]:
            for name in sorted(ready):
                try:
                    self.delete(name)
                except Refused as error:
                    self.failed.add(name)
                    self.tell(name, "DELETE_FAILED", str(error))
                else:
                    self.left.remove(name)
                    self.tell(name, "DELETE_COMPLETE")
                    self.forget(name)

    def needed(self, name):
        return any(name in self.needs[other] for other in self.left if other != name)

    def delete(self, name):
        definition, made = self.definitions[name], self.resources._parsed_resources.get(name)
        kind = definition["Type"]
        if made is None:
            return
        if kind in self.functions:
            self.ask(name, kind)
        elif kind == "AWS::EC2::SubnetRouteTableAssociation":
            self.disassociate(made)
        elif kind in CALLS:
            self.call(*CALLS[kind](made))
        else:
            with self.world.lock:
                try:
                    self.resources._delete_resource(made, definition)
                except Exception as error:  # Each of moto's services has its own.
                    raise Refused(str(error)) from error

    def call(self, service, operation, parameters):
        """One call of a service. What is gone already is no failure."""
        if service not in self.clients:
            self.clients[service] = self.rules.client(service, self.stack.region_name)
        try:
            result = getattr(self.clients[service], operation)(**parameters)
            for each in result.get("Unsuccessful", []):
                raise ClientError({**result, "Error": each["Error"]}, operation)
        except ClientError as error:
            told, metadata = error.response["Error"], error.response["ResponseMetadata"]
            if "NotFound" in told["Code"]:
                return {}
            raise Refused(
                f"{told['Message']} (Service: {NAMES[service]}; Status Code: {metadata['HTTPStatusCode']}; Error Code: {told['Code']}; "
                f"Request ID: {metadata.get('RequestId')}; Proxy: null)") from error
        return result

    def disassociate(self, association):
        tables = self.call("ec2", "describe_route_tables", {"RouteTableIds": [association.route_table_id]}).get("RouteTables", [])
        for each in [each for table in tables for each in table["Associations"]]:
            if each.get("SubnetId") == association.subnet_id:
                self.call("ec2", "disassociate_route_table", {"AssociationId": each["RouteTableAssociationId"]})

    def ask(self, name, kind):
        """Has the resource's function delete it."""
        with self.world.lock:
            request = self.rules.delete_request(self.stack, name)
        answer = self.functions[kind](request)
        if not answer or answer.get("Status") != "SUCCESS":
            why = (answer or {}).get("Reason")
            raise Refused(
                f"Received response status [FAILED] from custom resource. Message returned: {why}" if why
                else "CloudFormation did not receive a response from your Custom Resource.")

    def tell(self, name, status, why=None):
        made = self.resources._parsed_resources.get(name)
        self.stack.events.append(Event(
            stack_id=self.stack.stack_id, stack_name=self.stack.name, logical_resource_id=name,
            physical_resource_id=getattr(made, "physical_resource_id", ""), resource_type=self.definitions[name]["Type"],
            resource_status=status, resource_status_reason=why, resource_properties=None))

    def forget(self, name):
        """Takes the resource out of the stack, or moto would make it anew when it is looked at."""
        with self.world.lock:
            self.resources._parsed_resources.pop(name, None)
            self.resources._resource_json_map.pop(name, None)

    def end(self):
        with self.world.lock:
            backend = cloudformation_backends[ACCOUNT][self.stack.region_name]
            why = f"The following resource(s) failed to delete: [{', '.join(sorted(self.failed))}]. " if self.failed else None
            self.stack.status = "DELETE_FAILED" if self.failed else "DELETE_COMPLETE"
            self.stack.stack_status_reason = why
            self.stack._add_stack_event(self.stack.status, why)
            if not self.failed:
                backend.stacks.pop(self.stack.stack_id, None)
                backend.deleted_stacks[self.stack.stack_id] = self.stack
