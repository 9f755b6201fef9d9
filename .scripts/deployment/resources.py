"""What a stack and its nested ones have, as CloudFormation lists it and as their templates declare it."""

import dataclasses

import yaml

import stack

STACK = "AWS::CloudFormation::Stack"


@dataclasses.dataclass(frozen=True)
class Resource:
    """One resource: in which stack it is by which name, its kind, its id, and what has become of it."""

    stack_id: str
    name: str
    kind: str
    physical: str
    status: str


def every(aws, stack_id):
    """What is there of a stack and its nested ones. Of nested ones that are gone as well, since they may have left something."""
    waiting = [stack_id]
    while waiting:
        parent = waiting.pop(0)
        answer = aws.find("cloudformation", "list-stack-resources", "--stack-name", parent) or {}
        for each in answer.get("StackResourceSummaries", []):
            found = Resource(parent, each["LogicalResourceId"], each["ResourceType"], each.get("PhysicalResourceId", ""), each["ResourceStatus"])
            if found.kind == STACK and found.physical:
                waiting.append(found.physical)
            if found.physical and found.status != "DELETE_COMPLETE":
                yield found


class Retained:
    """Which resources stay when their stack goes, by the templates that the stacks have now."""

    def __init__(self, aws):
        self.aws, self.names = aws, {}

    def __contains__(self, resource):
        if resource.stack_id not in self.names:
            self.names[resource.stack_id] = self._names(resource.stack_id)
        return resource.name in self.names[resource.stack_id]

    def _names(self, stack_id):
        body = (self.aws.find("cloudformation", "get-template", "--stack-name", stack_id) or {}).get("TemplateBody", {})
        template = yaml.load(body, stack.Loader) if isinstance(body, str) else body
        return {name for name, each in template.get("Resources", {}).items() if each.get("DeletionPolicy", "").startswith("Retain")}
