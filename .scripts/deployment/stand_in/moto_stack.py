"""The stack at moto, in the stages that its custom resources make of it."""

import json

import progress
import stack
from aws_cli import STAND_IN_KEY, CommandFailed
from code_bucket import bucket_name
from console import Failure, say
from stand_in import control_plane, examples
from stand_in.blueprint import LAST, Blueprint
from stand_in.custom_resources import REQUEST, CustomResources
from stand_in.functions import Functions
from stand_in.moto import Moto


class MotoStack:
    """One stack by its name."""

    duration = deletion_duration = "moto makes and removes resources, the deployed functions run on this machine"

    def __init__(self, aws, caller, name):
        self.aws, self.caller, self.name = aws, caller, name
        self.moto = Moto(aws, name)

    def prepare(self, parameters):
        """The parameters with things that moto has where those asked for are examples."""
        self.moto.show_functions()
        return examples.made_real(self.aws, parameters)

    def change(self, parameters, bucket, is_update):
        """What carrying out the parameters would do, or None when that is nothing."""
        old = self.moto.template() or {}
        if old.get("Metadata", {}).get("Unfinished"):
            raise Failure(f"the stack {self.name} was never finished, and moto does not roll back. Remove it first: "
                          f"./build.sh destroy --stack {self.name} --endpoint {self.aws.endpoint}")
        new = Blueprint.of(parameters, self.name, self.caller.account, self.aws.region)
        say(f"  moto lacks these, which are left out: {', '.join(new.left_out)}")
        change = Change(self, old, new, is_update)
        return change if change.changes or change.old.outputs != new.outputs else None

    def functions(self):
        return Functions(self.aws, bucket_name(self.aws, self.caller.account, self.name))

    def environment(self):
        """Variables with which AWS's own tools reach what the deployed functions reach."""
        return {"AWS_ENDPOINT_URL": self.aws.endpoint, "AWS_ENDPOINT_URL_SAGEMAKER": control_plane.endpoint(self.aws),
                "AWS_ACCESS_KEY_ID": STAND_IN_KEY, "AWS_SECRET_ACCESS_KEY": STAND_IN_KEY}

    def keeps_mlflow(self, found):
        """Whether App or tracking server stay when the stack goes."""
        answered = (self.moto.template() or {}).get("Metadata", {}).get("Answered", {}).values()
        return any(each["ResourceType"] == "Custom::MLflowApp" and each["ResourceProperties"]["DeletionPolicy"] == "Retain" for each in answered)

    def delete(self, found):
        """Removes the stack: what needs a custom resource, then that by its function, and the network last of all."""
        self.moto.show_functions()
        template = self.moto.template()
        stages = Stages(self, template)
        stages.remove(Blueprint.made(template).custom)
        network = self._network()
        try:
            self.aws("cloudformation", "delete-stack", "--stack-name", self.name)
        except CommandFailed as problem:
            if problem.code != "DependencyViolation":
                raise
            self._delete_forgotten(network)
        there = self.moto.describe()
        if there:
            raise Failure(f"the stack is {there['StackStatus']}: moto did not delete it.")

    def _network(self):
        found = self.aws("cloudformation", "list-stack-resources", "--stack-name", self.name)["StackResourceSummaries"]
        return {kind: [each["PhysicalResourceId"] for each in found if each.get("ResourceType") == f"AWS::EC2::{kind}"]
                for kind in ("RouteTable", "VPC")}

    def _delete_forgotten(self, network):
        """moto's CloudFormation does not delete route tables, and then not the VPC that has them."""
        say("  moto's CloudFormation forgot route tables, which keep the VPC: they are deleted with the VPC by EC2's own calls")
        for each in network["RouteTable"]:
            self.aws.find("ec2", "delete-route-table", "--route-table-id", each)
        for each in network["VPC"]:
            self.aws("ec2", "delete-vpc", "--vpc-id", each)


class Stages:
    """The templates that a stack goes through at moto, and the requests between them."""

    def __init__(self, target, template):
        self.moto = target.moto
        self.old = Blueprint.made(template)
        self.custom = CustomResources(target.moto, target.functions(), template.get("Metadata", {}).get("Answered", {}))
        self.current = self.old

    def put(self, blueprint, outputs=None, **state):
        self.current = blueprint
        outputs = blueprint.outputs if outputs is None else outputs
        self.moto.put(blueprint.template(outputs, {"Answered": self.custom.answered, **state}))

    def make(self, new):
        """Makes or changes everything, what needs the answer of a custom resource after it. Returns what was replaced."""
        replaced = {}
        for index, key in enumerate(new.custom):
            waiting = set().union(*(new.waiting[each] for each in new.custom[index:]))
            resources = {**self.old.resources, **{name: each for name, each in new.resources.items() if name not in waiting}}
            stage = Blueprint(resources, {}, {each: after for each, after in {**self.old.waiting, **new.waiting}.items() if each in resources})
            properties = new.resources[key]["Properties"]
            self.put(stage, CustomResources.question(properties))
            answer = progress.outputs(self.moto.describe())[REQUEST]
            before = self.custom.make_or_change(key, new.resources[key]["Type"], json.loads(answer))
            if before:
                replaced[key] = before
        return replaced

    def remove(self, keys):
        """Removes custom resources: before each what needs it, but for what stays; those last that others wait for first."""
        for key in reversed(keys):
            left = {name: each for name, each in self.current.resources.items()
                    if name not in self.current.waiting[key] or each.get("DeletionPolicy") == "Retain"}
            outputs = {name: each for name, each in self.current.outputs.items() if stack.references(each) <= set(left)}
            self.put(Blueprint(left, outputs, {each: after for each, after in self.current.waiting.items() if each in left}))
            if key in self.custom.answered:
                self.custom.delete(key, self.custom.answered[key])
                del self.custom.answered[key]

    def keep_what_was_answered(self, **state):
        self.put(self.current, {}, **state)


class Change:
    """Changes that are worked out, to be carried out or not."""

    def __init__(self, target, old, new, is_update):
        self.target, self.new, self.is_update = target, new, is_update
        self.stages = Stages(target, old)
        self.old = self.stages.old
        self.changes = list(self.old.differences(new))

    def discard(self):
        pass

    def carry_out(self):
        moto, new = self.target.moto, self.new
        try:
            replaced = self.stages.make(new)
            removed = [key for key in self.old.custom if key not in new.resources]
            if removed:
                self.stages.put(Blueprint({**self.old.resources, **new.resources}, {}, {**self.old.waiting, **new.waiting}))
                self.stages.remove(removed)
        except Failure as problem:
            if moto.is_there():
                self.stages.keep_what_was_answered(**({} if self.is_update else {"Unfinished": True}))
            after = ("moto does not roll back: what was changed before that is changed." if self.is_update else
                     f"Mend that, remove what is left (./build.sh destroy --stack {self.target.name} --endpoint {self.target.aws.endpoint}), and deploy again.")
            raise Failure(f"{problem}\n{after}") from None
        self.stages.put(new)
        for key, before in replaced.items():
            self.stages.custom.delete(key, before)
        if new.custom and not self.is_update:
            moto.answer(LAST)
        there = moto.describe()
        expected = "UPDATE_COMPLETE" if self.is_update else "CREATE_COMPLETE"
        if there["StackStatus"] != expected:
            raise Failure(f"the stack ended as {there['StackStatus']}, not {expected}: moto waits for an answer that did not come.")
