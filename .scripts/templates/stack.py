"""Reads the stack's templates and resolves them for one set of parameters: nested stacks, conditions and functions become one
flat template, as the tools that look at one template at a time need it. Nothing here talks to AWS."""

import functools
import ipaddress
import json
import pathlib
import re

import yaml

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
ROOT_TEMPLATE = REPOSITORY / "lambda/template.yaml"
PROFILES = REPOSITORY / "lambda/profiles"

PSEUDO = {
    "AWS::AccountId": "123456789012", "AWS::Partition": "aws", "AWS::Region": "us-east-1", "AWS::URLSuffix": "amazonaws.com",
    "AWS::NotificationARNs": [],
}
STACK_NAME = "mlflow-gateway"
# What ./build.sh deploy sets by itself.
DEPLOYMENT = {
    "CodeBucket": "code-123456789012-us-east-1", "TemplatePrefix": "mlflow-gateway/templates/0123456789ab",
    "ProxyCodeKey": "mlflow-gateway/mlflow-proxy-0123456789ab.zip", "MlflowAppCodeKey": "mlflow-gateway/mlflow-app-0123456789ab.zip",
    "VpcCleanupCodeKey": "mlflow-gateway/vpc-cleanup-0123456789ab.zip", "Release": "0123456789ab",
}


class Problem(Exception):
    """A sentence about a template or its parameters."""


class NoValue:
    """`AWS::NoValue`: what has it is left out."""


NO_VALUE = NoValue()


class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """YAML with CloudFormation's short forms."""


def _short_form(loader, suffix, node):
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
        return {name: value.split(".", 1) if suffix == "GetAtt" else value}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    return {name: loader.construct_mapping(node, deep=True)}


Loader.add_multi_constructor("!", _short_form)
# "on" and a date stay the text that they are.
Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


@functools.cache
def load(path):
    """A template. Reading one takes half a second, and all profiles have the same."""
    return yaml.load(pathlib.Path(path).read_text(), Loader)


def profile_names():
    return sorted(path.stem for path in PROFILES.glob("*.json"))


def profile(name):
    """The parameters of a profile, with its examples for what the user gives."""
    path = PROFILES / f"{name}.json"
    if not path.is_file():
        raise Problem(f"There is no profile '{name}'. There are: {', '.join(profile_names())}.")
    content = json.loads(path.read_text())
    return {**content["Parameters"], **content["Examples"]}


def check_parameters(template, given, where):
    """All parameters with their defaults. Raises what is wrong with them, all at once."""
    declared, problems, values = template.get("Parameters", {}), [], {}
    for name in sorted(set(given) - set(declared)):
        problems.append(f"{where} has no parameter {name}")
    for name, about in declared.items():
        if name not in given and "Default" not in about:
            problems.append(f"{where} needs {name}: {about.get('Description', '')}")
            continue
        value = given.get(name, about.get("Default"))
        values[name] = value
        if isinstance(value, (str, int, float)) and not isinstance(value, bool):
            values[name] = text = str(value)
            rule = about.get("ConstraintDescription", about.get("AllowedPattern", ""))
            if "AllowedValues" in about and text not in map(str, about["AllowedValues"]):
                problems.append(f"{where}: {name} is '{text}', not one of {', '.join(map(str, about['AllowedValues']))}")
            if "AllowedPattern" in about and not re.fullmatch(about["AllowedPattern"], text):
                problems.append(f"{where}: {name} is '{text}'; it has to be {rule}")
            if about["Type"] == "Number":
                if not re.fullmatch(r"-?\d+", text):
                    problems.append(f"{where}: {name} is '{text}', not a number")
                elif not about.get("MinValue", int(text)) <= int(text) <= about.get("MaxValue", int(text)):
                    problems.append(f"{where}: {name} is {text}; it has to be from {about['MinValue']} to {about['MaxValue']}")
    if problems:
        raise Problem(". ".join(problems) + ".")
    return values


class Scope:
    """One template with its parameters, as a part of the flat one."""

    def __init__(self, template, parameters, stack_name, prefix="", folder=ROOT_TEMPLATE.parent, pseudo=PSEUDO):
        self.template, self.prefix, self.folder = template, prefix, folder
        values = check_parameters(template, parameters, stack_name)
        self.parameters = {}
        for name, value in values.items():
            kind = template["Parameters"][name]["Type"]
            if kind.startswith(("List<", "CommaDelimitedList")):
                value = as_list(value)
            self.parameters[name] = int(value) if kind == "Number" and isinstance(value, str) else value
        identity = "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"
        self.pseudo = {**pseudo, "AWS::StackName": stack_name, "AWS::NoValue": NO_VALUE,
                       "AWS::StackId": f"arn:aws:cloudformation:{pseudo['AWS::Region']}:{pseudo['AWS::AccountId']}:stack/{stack_name}/{identity}"}
        self.conditions = {}
        self.nested = {}
        self.flat_ids = {}
        for name, resource in template["Resources"].items():
            if "Condition" not in resource or self.condition(resource["Condition"]):
                self.flat_ids[name] = prefix + name
        self.check_rules()

    def check_rules(self):
        for name, rule in self.template.get("Rules", {}).items():
            if "RuleCondition" not in rule or self.truth(rule["RuleCondition"]):
                for assertion in rule["Assertions"]:
                    if not self.truth(assertion["Assert"]):
                        raise Problem(f"{assertion['AssertDescription']} (rule {name}).")

    def condition(self, name):
        if name not in self.conditions:
            if name not in self.template.get("Conditions", {}):
                raise Problem(f"There is no condition {name}.")
            self.conditions[name] = self.truth(self.template["Conditions"][name])
        return self.conditions[name]

    def truth(self, form):
        (function, argument), = form.items()
        if function == "Condition":
            return self.condition(argument)
        if function == "Fn::Not":
            return not self.truth(argument[0])
        if function == "Fn::And":
            return all([self.truth(each) for each in argument])
        if function == "Fn::Or":
            return any([self.truth(each) for each in argument])
        if function == "Fn::Equals":
            left, right = map(self.resolve, argument)
            # What is known when the stack runs alone, such as an ARN, is never one of the texts that templates compare with.
            return isinstance(left, (str, int)) and isinstance(right, (str, int)) and str(left) == str(right)
        raise Problem(f"{function} is no condition.")

    def resolve(self, form):
        if isinstance(form, list):
            return [value for value in map(self.resolve, form) if value is not NO_VALUE]
        if not isinstance(form, dict):
            return form
        if len(form) == 1:
            (name, argument), = form.items()
            if name == "Ref":
                return self.reference(argument)
            if name.startswith("Fn::"):
                return getattr(self, "function_" + name[4:].lower())(argument)
        resolved = {key: self.resolve(value) for key, value in form.items()}
        return {key: value for key, value in resolved.items() if value is not NO_VALUE}

    def reference(self, name):
        if name in self.pseudo:
            return self.pseudo[name]
        if name in self.parameters:
            return self.parameters[name]
        if name in self.nested:
            raise Problem(f"{name} is a stack: its outputs are what others can use.")
        return {"Ref": self.flat_id(name)}

    def flat_id(self, name):
        if name not in self.template["Resources"]:
            raise Problem(f"{self.prefix or 'The template'} refers to {name}, which it does not have.")
        if name not in self.flat_ids:
            raise Problem(f"{self.prefix or 'The template'} refers to {name}, whose condition is false.")
        return self.flat_ids[name]

    def function_getatt(self, argument):
        name, attribute = argument if isinstance(argument, list) else argument.split(".", 1)
        if self.template["Resources"].get(name, {}).get("Type") == "AWS::CloudFormation::Stack":
            self.flat_id(name)
            return self.stack(name).output(attribute.removeprefix("Outputs."))
        return {"Fn::GetAtt": [self.flat_id(name), attribute]}

    def function_if(self, argument):
        return self.resolve(argument[1] if self.condition(argument[0]) else argument[2])

    def function_sub(self, argument):
        text, own = (argument, {}) if isinstance(argument, str) else argument
        pieces = []
        for literal, name in re.findall(r"([^$]+|\$(?!\{)|)(?:\$\{([^}]+)\})?", text):
            if literal:
                pieces.append(literal)
            if name:
                if name in own:
                    pieces.append(self.resolve(own[name]))
                elif "." in name:
                    pieces.append(self.function_getatt(name))
                else:
                    pieces.append(self.reference(name))
        if all(isinstance(piece, (str, int)) for piece in pieces):
            return "".join(map(str, pieces))
        if all(isinstance(piece, str) or set(piece) & {"Ref", "Fn::GetAtt"} or isinstance(piece.get("Fn::Sub"), str) for piece in pieces):
            return {"Fn::Sub": "".join(
                piece if isinstance(piece, str) else piece.get("Fn::Sub") or "${" + (piece.get("Ref") or ".".join(piece["Fn::GetAtt"])) + "}"
                for piece in pieces)}
        return {"Fn::Join": ["", pieces]}

    def function_join(self, argument):
        separator, parts = argument[0], self.resolve(argument[1])
        if isinstance(parts, list) and all(isinstance(part, (str, int)) for part in parts):
            return separator.join(map(str, parts))
        return {"Fn::Join": [separator, parts]}

    def function_split(self, argument):
        separator, text = argument[0], self.resolve(argument[1])
        if isinstance(text, str):
            return text.split(separator)
        if isinstance(text, dict) and text.get("Fn::Join", [None])[0] == separator:
            return text["Fn::Join"][1]
        return {"Fn::Split": [separator, text]}

    def function_select(self, argument):
        index, choices = int(self.resolve(argument[0])), self.resolve(argument[1])
        if not isinstance(choices, list):
            return {"Fn::Select": [index, choices]}
        if index >= len(choices):
            raise Problem(f"{', '.join(map(str, choices))} are {len(choices)}, and {self.prefix or 'the template'} needs {index + 1}.")
        return choices[index]

    def function_cidr(self, argument):
        block, count, bits = (self.resolve(part) for part in argument)
        whole = ipaddress.ip_network(block, strict=False)
        if 2 ** (32 - whole.prefixlen) < int(count) * 2 ** int(bits):
            raise Problem(f"{block} does not hold {count} subnets of {bits} bits each: take a larger network or smaller subnets.")
        networks = whole.subnets(new_prefix=32 - int(bits))
        return [str(network) for network, _ in zip(networks, range(int(count)))]

    def function_getazs(self, argument):
        return {"Fn::GetAZs": self.resolve(argument)}

    def stack(self, name):
        """A nested stack of this one."""
        if name not in self.nested:
            properties = self.template["Resources"][name]["Properties"]
            # The last part of the URL is the file's name beside this template.
            file = properties["TemplateURL"]["Fn::Sub"].rsplit("/", 1)[1]
            parameters = self.resolve(properties.get("Parameters", {}))
            self.nested[name] = Scope(
                load(self.folder / "templates" / file), parameters, f"{self.pseudo['AWS::StackName']}-{name}-1A2B3C4D5E6F7", self.prefix + name,
                self.folder, {key: value for key, value in self.pseudo.items() if key in PSEUDO})
        return self.nested[name]

    def output(self, name):
        outputs = self.template.get("Outputs", {})
        if name not in outputs:
            raise Problem(f"The stack {self.prefix} has no output {name}.")
        if "Condition" in outputs[name] and not self.condition(outputs[name]["Condition"]):
            raise Problem(f"The output {name} of the stack {self.prefix} is used while its condition is false.")
        return self.resolve(outputs[name]["Value"])

    def resources(self):
        """All resources by their flat ids, those of nested stacks included."""
        found = {}
        for name in self.flat_ids:
            resource = self.template["Resources"][name]
            if resource["Type"] == "AWS::CloudFormation::Stack":
                found.update(self.stack(name).resources())
                continue
            flat = {key: value for key, value in resource.items() if key not in ("Condition", "DependsOn", "Properties")}
            before = [self.flat_ids[each] for each in as_list(resource.get("DependsOn", [])) if each in self.flat_ids]
            if before:
                flat["DependsOn"] = before
            if "Properties" in resource:
                flat["Properties"] = self.resolve(resource["Properties"])
            found[self.flat_ids[name]] = flat
        return found

    def stack_dependencies(self):
        """Which nested stack is made after which others: by DependsOn and by the outputs that it takes."""
        edges = {}
        for name in self.flat_ids:
            resource = self.template["Resources"][name]
            if resource["Type"] != "AWS::CloudFormation::Stack":
                continue
            before = {each for each in as_list(resource.get("DependsOn", [])) if each in self.flat_ids}
            before |= {each for each in self.used_stacks(resource["Properties"].get("Parameters", {}))}
            edges[name] = before
        return edges

    def used_stacks(self, form):
        if isinstance(form, list):
            return set().union(*map(self.used_stacks, form)) if form else set()
        if not isinstance(form, dict):
            return set()
        if "Fn::If" in form:
            condition, yes, no = form["Fn::If"]
            return self.used_stacks(yes if self.condition(condition) else no)
        if "Fn::GetAtt" in form:
            return {form["Fn::GetAtt"][0]}
        return set().union(*map(self.used_stacks, form.values())) if form else set()


def as_list(value):
    if isinstance(value, str):
        return value.split(",") if value else []
    if isinstance(value, dict) and value.get("Fn::Join", [None])[0] == ",":
        return value["Fn::Join"][1]
    return value


def scope(parameters, stack_name=STACK_NAME, pseudo=PSEUDO):
    return Scope(load(ROOT_TEMPLATE), {**DEPLOYMENT, **parameters}, stack_name, pseudo=pseudo)


def flatten(parameters, stack_name=STACK_NAME, pseudo=PSEUDO):
    """The stack as one template without parameters and conditions."""
    whole = scope(parameters, stack_name, pseudo)
    outputs = {}
    for name, output in whole.template["Outputs"].items():
        if "Condition" not in output or whole.condition(output["Condition"]):
            outputs[name] = {"Value": whole.resolve(output["Value"])}
    return {"AWSTemplateFormatVersion": "2010-09-09", "Description": whole.template["Description"],
            "Resources": whole.resources(), "Outputs": outputs}


def references(form):
    """The flat ids of resources that a resolved form refers to."""
    if isinstance(form, list):
        return set().union(*map(references, form)) if form else set()
    if not isinstance(form, dict):
        return set()
    found = set()
    for key, value in form.items():
        if key == "Ref" and isinstance(value, str):
            found.add(value)
        elif key == "Fn::GetAtt":
            found.add(value[0])
        elif key == "Fn::Sub":
            text = value if isinstance(value, str) else value[0]
            found |= {name.split(".")[0] for name in re.findall(r"\$\{([^}!]+)\}", text)}
        else:
            found |= references(value)
    return found
