"""What the policies of a resolved template say: whether every action is one, takes the resources it is given, and what may be
written on every resource there is."""

import fnmatch
import functools
import json
import re

# Actions newer than the database, or resources that it does not know of an action; each with its reason.
EXCEPTIONS = {
    ("ec2:RevokeSecurityGroup*", "security-group-rule"): "rules that are named by their ids are resources of the call; the database knows groups alone",
    ("sagemaker-mlflow:*", "mlflow-app"): "SageMaker signs an App's data plane as sagemaker-mlflow too; the database knows servers alone",
}


def policies(template):
    """Every policy of an identity: the resource that has it, and its statements."""
    for name, resource in template["Resources"].items():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::IAM::Role":
            for policy in properties.get("Policies", []):
                yield f"{name}/{policy['PolicyName']}", policy["PolicyDocument"]["Statement"]
        elif resource["Type"] in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"):
            yield name, properties["PolicyDocument"]["Statement"]


def documents(template):
    """Every policy of a resource and every trust policy: their actions have to exist as well."""
    for name, resource in template["Resources"].items():
        properties = resource.get("Properties", {})
        for key in ("PolicyDocument", "KeyPolicy", "AssumeRolePolicyDocument"):
            if resource["Type"] != "AWS::IAM::Policy" and isinstance(properties.get(key), dict):
                yield f"{name}/{key}", properties[key]["Statement"]


def text_of(form):
    """A resource as a pattern: what is known when the stack runs alone is anything, but an ARN where it is one."""
    if isinstance(form, str):
        return form
    if "Fn::Sub" in form:
        text = form["Fn::Sub"] if isinstance(form["Fn::Sub"], str) else form["Fn::Sub"][0]
        return re.sub(r"\$\{[^}]+\}", "*", text)
    if "Fn::Join" in form:
        return form["Fn::Join"][0].join(map(text_of, form["Fn::Join"][1]))
    return "?"


class Actions:
    """The database: what actions there are, how they change the world, and which resources they know."""

    def __init__(self, path):
        self.services = json.loads(path.read_text())

    @functools.cache  # There is one database a run.
    def matching(self, action):
        service, _, name = action.partition(":")
        privileges = self.services.get(service.lower(), {}).get("privileges", {})
        if action == "*":
            return []
        return [(service, about) for each, about in privileges.items() if fnmatch.fnmatchcase(each.lower(), name.lower())]

    def types(self, about):
        return {kind for kind in about["resource_types"] if kind}

    def arn_pattern(self, service, kind):
        arn = self.services[service.lower()]["resources"].get(kind.rstrip("*"), {}).get("arn", "")
        return re.sub(r"\$\{[^}]+\}", "*", arn)

    def accepts(self, service, about, resource):
        if resource in ("*", "?"):
            return resource == "?" or not self.types(about) or about["access_level"] in ("List", "Read")
        return any(overlap(resource, self.arn_pattern(service, kind)) for kind in self.types(about))


def overlap(one, other):
    """Whether two patterns may mean the same ARN, compared part by part."""
    ones, others = one.split(":", 5), other.split(":", 5)
    if len(ones) < 6 or len(others) < 6:
        return one == "*" or _fits(one, other)
    return all(_fits(a, b) for a, b in zip(ones, others))


@functools.cache
def _fits(one, other):
    """Whether some text matches both patterns."""
    known = {}

    def meet(i, j):
        if (i, j) not in known:
            if i == len(one) or j == len(other):
                known[i, j] = set(one[i:] + other[j:]) <= {"*"}
            elif one[i] == "*" or other[j] == "*":
                known[i, j] = meet(i + 1, j) or meet(i, j + 1)
            else:
                known[i, j] = one[i] == other[j] and meet(i + 1, j + 1)
        return known[i, j]

    return meet(0, 0)


def findings(template, actions):
    """What is unknown or does not fit; what is written on `*` though it could be less; what is on `*` because there is nothing less."""
    unknown, writes, unavoidable = [], [], []
    for where, statements in policies(template):
        for statement in statements:
            for action in _list(statement["Action"]):
                matching = actions.matching(action)
                if not matching:
                    unknown.append(f"{where}: {action} is no action")
                for service, about in matching:
                    full = f"{service}:{about['privilege']}"
                    for resource in map(text_of, _list(statement["Resource"])):
                        if statement["Effect"] == "Deny":
                            continue
                        if resource == "*" and about["access_level"] not in ("List", "Read"):
                            (writes if actions.types(about) else unavoidable).append(full if not actions.types(about) else f"{where}: {full}")
                        elif not actions.accepts(service, about, resource) and not _excepted(full, resource):
                            if not _other_takes_it(actions, statement, resource):
                                unknown.append(f"{where}: {full} does not know {resource}")
                        elif "*" in action:
                            writes.append(f"{where}: {action} is not exact")
    for where, statements in documents(template):
        for statement in statements:
            for action in _list(statement["Action"]):
                if not actions.matching(action):
                    unknown.append(f"{where}: {action} is no action")
    return unknown, writes, sorted(set(unavoidable))


def _other_takes_it(actions, statement, resource):
    """A statement with several actions and several resources may pair some that do not belong together, as long as each resource
    is known to one of them and each action knows one of the resources."""
    resources, names = list(map(text_of, _list(statement["Resource"]))), _list(statement["Action"])
    pairs = [(name, each) for name in names for each in resources for service, about in actions.matching(name) if actions.accepts(service, about, each)]
    return len(resources) > 1 and {name for name, _ in pairs} == set(names) and {each for _, each in pairs} == set(resources)


def _excepted(action, resource):
    return any(fnmatch.fnmatchcase(action, pattern) and f":{kind}/" in resource for pattern, kind in EXCEPTIONS)


def _list(value):
    return value if isinstance(value, list) else [value]
