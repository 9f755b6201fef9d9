"""The stack as one flat template without what moto lacks, and what in it waits for which custom resource."""

import re

import stack
from change_set import Change

# Kinds that moto's CloudFormation does not make.
MISSING = {
    "AWS::CloudFormation::WaitConditionHandle", "AWS::CloudTrail::Trail", "AWS::CloudWatch::Alarm", "AWS::Cognito::UserPool",
    "AWS::Cognito::UserPoolClient", "AWS::Cognito::UserPoolDomain", "AWS::EC2::NetworkAcl", "AWS::EC2::NetworkAclEntry",
    "AWS::EC2::SecurityGroupEgress", "AWS::EC2::SubnetNetworkAclAssociation", "AWS::Lambda::Alias", "AWS::Lambda::EventInvokeConfig",
    "AWS::S3::BucketPolicy", "AWS::SNS::Subscription", "AWS::SNS::TopicPolicy", "AWS::SQS::QueuePolicy", "AWS::SageMaker::Domain",
    "AWS::Scheduler::Schedule", "AWS::Scheduler::ScheduleGroup", "AWS::WAFv2::LoggingConfiguration", "AWS::WAFv2::WebACL",
    "AWS::WAFv2::WebACLAssociation",
}
# Attributes that moto does not know of kinds that it makes.
MISSING_ATTRIBUTES = {"LoadBalancerFullName", "CanonicalHostedZoneID", "TargetGroupFullName"}
# Actions of the load balancer's rules that moto refuses.
MISSING_ACTIONS = {"jwt-validation"}
# moto waits for it: so the stack is CREATE_IN_PROGRESS until the last stage of it is made.
LAST = "RestOfTheStack"


class Blueprint:
    """Resources by id, custom ones with all their properties, and outputs.

    - `custom`: the ids of the custom resources, those that others wait for first.
    - `waiting`: for each of them, the ids of what is made after its answer and gone before its Delete.
    """

    def __init__(self, resources, outputs, waiting, left_out=()):
        self.resources, self.outputs, self.waiting, self.left_out = resources, outputs, waiting, left_out
        self.custom = sorted(waiting, key=lambda key: -len(waiting[key]))

    @classmethod
    def of(cls, parameters, name, account, region):
        """What a set of parameters asks for."""
        pseudo = {**stack.PSEUDO, "AWS::AccountId": account, "AWS::Region": region}
        flat = stack.flatten(parameters, name, pseudo)
        waiting = _waiting(flat["Resources"], stack.scope(parameters, name, pseudo))
        gaps = _Gaps(flat["Resources"])
        resources = {key: gaps.bridge_resource(each) for key, each in flat["Resources"].items() if key not in gaps.ids}
        outputs = {key: gaps.bridge(each) for key, each in flat["Outputs"].items() if not gaps.stands_in(each["Value"])}
        kinds = sorted({flat["Resources"][key]["Type"] for key in gaps.ids} | gaps.actions)
        return cls(resources, outputs, {key: sorted(set(after) & set(resources)) for key, after in waiting.items()}, kinds)

    @classmethod
    def made(cls, template):
        """What a template at moto stands for."""
        about = template.get("Metadata", {})
        resources = {key: each for key, each in template.get("Resources", {}).items() if key != LAST}
        for key, properties in about.get("Declared", {}).items():
            if key in resources:
                resources[key] = {**resources[key], "Properties": properties}
        return cls(resources, template.get("Outputs", {}), {key: after for key, after in about.get("Waiting", {}).items() if key in resources})

    def template(self, outputs, state, names=None):
        """As moto takes it: all of it, or the resources of some names.

        moto cannot change a custom resource. The one that it has never changes, then; what it is to be is beside it.
        """
        names = self.resources if names is None else names
        resources = {key: self.resources[key] for key in names}
        declared = {key: resources[key]["Properties"] for key in self.custom if key in resources}
        for key, properties in declared.items():
            resources[key] = {"Type": resources[key]["Type"], "Properties": {"ServiceToken": properties["ServiceToken"]}}
        if declared:
            first = next(iter(declared.values()))
            resources[LAST] = {"Type": f"Custom::{LAST}", "Properties": {"ServiceToken": first["ServiceToken"]}}
        waiting = {key: self.waiting[key] for key in declared}
        return {"AWSTemplateFormatVersion": "2010-09-09", "Metadata": {"Declared": declared, "Waiting": waiting, **state},
                "Resources": resources, "Outputs": outputs}

    def differences(self, other):
        """The changes that make another of this."""
        for key, each in other.resources.items():
            if key not in self.resources:
                yield Change("added", key, each["Type"])
            elif each != self.resources[key]:
                yield Change("changed", key, each["Type"])
        for key, each in self.resources.items():
            if key not in other.resources:
                yield Change("removed", key, each["Type"], each.get("DeletionPolicy") == "Retain")


def _waiting(resources, scope):
    """For each custom resource, what depends on it, nested stacks' order included."""
    members = {name: set(scope.stack(name).resources()) for name in scope.stack_dependencies()}
    edges = {key: (stack.references(each) | set(each.get("DependsOn", []))) & set(resources) for key, each in resources.items()}
    for name, before in scope.stack_dependencies().items():
        for key in members[name]:
            edges[key] |= set().union(*(members[other] for other in before))
    custom = [key for key, each in resources.items() if each["Type"].startswith("Custom::")]
    return {each: [key for key in resources if each in _behind(edges, key)] for each in custom}


def _behind(edges, key):
    found, left = set(), [key]
    while left:
        new = edges[left.pop()] - found
        found |= new
        left += new
    return found


class _Gaps:
    """What moto lacks of the resources, and what takes its place where others refer to it."""

    def __init__(self, resources):
        self.ids = {key for key, each in resources.items() if each["Type"] in MISSING}
        self.actions = set()
        # Without aliases the function itself is the target.
        self.instead = {key: {"Fn::GetAtt": [resources[key]["Properties"]["FunctionName"]["Ref"], "Arn"]}
                        for key in self.ids if resources[key]["Type"] == "AWS::Lambda::Alias"}
        # The one name that is looked at: MLflow takes domains' ids alone.
        self.instead |= {key: "d-nodomain" for key in self.ids if resources[key]["Type"] == "AWS::SageMaker::Domain"}

    def bridge_resource(self, resource):
        bridged = self.bridge({key: value for key, value in resource.items() if key not in ("DependsOn", "Metadata")})
        before = [each for each in resource.get("DependsOn", []) if each not in self.ids]
        if before:
            bridged["DependsOn"] = before
        if bridged.get("DeletionPolicy") == "RetainExceptOnCreate":
            bridged["DeletionPolicy"] = "Retain"
        # moto keeps the policy as it comes and cannot describe the key then, unless it is a text.
        if bridged["Type"] == "AWS::KMS::Key":
            bridged["Properties"]["KeyPolicy"] = {"Fn::ToJsonString": bridged["Properties"]["KeyPolicy"]}
        return bridged

    def stands_in(self, form):
        """Whether a reference becomes a text that only names what is missing."""
        bridged = self.bridge(form)
        return bridged != form and isinstance(bridged, str)

    def bridge(self, form):
        """References to what is missing become what takes its place, or a text that names it."""
        if isinstance(form, list):
            return [self.bridge(each) for each in form if not self._is_missing_action(each)]
        if not isinstance(form, dict):
            return form
        if set(form) == {"Ref"} and form["Ref"] in self.ids:
            return self.instead.get(form["Ref"], f"no-{form['Ref']}")
        if set(form) == {"Fn::GetAtt"}:
            name, attribute = form["Fn::GetAtt"]
            if name in self.instead:
                return self.instead[name]
            if self._lacks(name, attribute):
                return f"no-{name}-{attribute}"
        if set(form) == {"Fn::Sub"} and isinstance(form["Fn::Sub"], str):
            return {"Fn::Sub": re.sub(r"\$\{([^}!]+)\}", self._bridge_text, form["Fn::Sub"])}
        return {key: self.bridge(value) for key, value in form.items()}

    def _is_missing_action(self, form):
        if not isinstance(form, dict) or form.get("Type") not in MISSING_ACTIONS:
            return False
        self.actions.add(f"{form['Type']} of listener rules")
        return True

    def _bridge_text(self, found):
        name, _, attribute = found.group(1).partition(".")
        return f"no-{found.group(1)}" if self._lacks(name, attribute) else found.group(0)

    def _lacks(self, name, attribute):
        return name in self.ids or attribute in MISSING_ATTRIBUTES
