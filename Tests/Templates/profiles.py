"""Every profile as the templates resolve it, for tests of what no scanner looks at and no stand-in applies."""

import pathlib
import sys
import unittest

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPOSITORY / ".scripts/templates"), str(REPOSITORY / ".scripts/deployment")]

import tools  # noqa: E402  (the folders are named above)

# The test that imports this goes on in the environment that has what the next ones need.
tools.use()

import listener  # noqa: E402
import stack  # noqa: E402

PROFILES = {name: stack.profile(name) for name in stack.profile_names()}
FLAT = {name: stack.flatten(parameters) for name, parameters in PROFILES.items()}
LISTENERS = {name: listener.Listener(template) for name, template in FLAT.items()}
SIGNED_IN = [name for name, parameters in PROFILES.items() if parameters["AuthMode"] in ("cognito", "oidc")]


def of_type(template, kind):
    return {name: each.get("Properties", {}) for name, each in template["Resources"].items() if each["Type"] == kind}


def attributes(properties, key):
    return {each["Key"]: each["Value"] for each in properties[key]}


def rules(name):
    found = of_type(FLAT[name], "AWS::ElasticLoadBalancingV2::ListenerRule").values()
    return sorted(found, key=lambda rule: rule["Priority"])


def paths(rule):
    return [path for each in rule["Conditions"] if each["Field"] == "path-pattern" for path in each["PathPatternConfig"]["Values"]]


def actions_of(name, role):
    """The actions that a role may take on anything but logs."""
    found = set()
    for resource in FLAT[name]["Resources"].values():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::IAM::Policy" and {"Ref": role} in properties["Roles"]:
            found |= {action for statement in properties["PolicyDocument"]["Statement"] for action in as_list(statement["Action"])}
    for policy in FLAT[name]["Resources"][role]["Properties"].get("Policies", []):
        for statement in policy["PolicyDocument"]["Statement"]:
            if statement["Effect"] == "Allow":
                found |= set(as_list(statement["Action"]))
    return found


def as_list(value):
    return value if isinstance(value, list) else [value]



class EachProfile(unittest.TestCase):
    """Base of the tests that hold for all; what fails names the profile."""

    def each(self, names=None):
        for self.profile in names or FLAT:
            yield self.profile, FLAT[self.profile]

    def _formatMessage(self, message, standard):
        return f"in {getattr(self, 'profile', 'no profile')}: {super()._formatMessage(message, standard)}"
