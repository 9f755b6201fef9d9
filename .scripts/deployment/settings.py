"""The parameters of a stack: what its profile says, and what the command line says."""

import json
import re

import stack
from console import Failure


def chosen(profile, assignments, examples_will_do):
    """The parameters by name; the profile's examples count only where nothing real comes of them."""
    content = {"Parameters": {}, "Examples": {}}
    if profile:
        path = stack.PROFILES / f"{profile}.json"
        if profile not in stack.profile_names():
            raise Failure(f"there is no profile '{profile}'. There are: {', '.join(stack.profile_names())}.")
        content = json.loads(path.read_text())
    given = dict(content["Parameters"])
    if examples_will_do:
        given |= content["Examples"]
    for assignment in assignments:
        name, separator, value = assignment.partition("=")
        if not separator:
            raise Failure(f"--set needs NAME=VALUE, not '{assignment}'.")
        given[name] = value
    missing = [name for name in content["Examples"] if name not in given]
    if missing:
        lines = "\n".join(f"    --set {name}={content['Examples'][name]}" for name in missing)
        raise Failure(f"the profile {profile} needs values of your own, such as\n{lines}")
    return given


def check_name(name):
    """Refuses a stack's name that names of its resources cannot begin with."""
    about = stack.load(stack.ROOT_TEMPLATE.parent / "templates/routes.yaml")["Parameters"]["Prefix"]
    if not re.fullmatch(about["AllowedPattern"], name):
        raise Failure(f"the stack's name '{name}' does not do: names of resources begin with it, some of which hold no more. It has to be 3 to 23 "
                      "small letters, digits and single hyphens, begin with a letter, end with a letter or digit, and not begin with internal-.")


def check(parameters, stack_name):
    """Refuses what the template would refuse, with the template's own words, and what it cannot compare."""
    try:
        values = stack.scope(parameters, stack_name).parameters
        stack.flatten(parameters, stack_name)
    except stack.Problem as problem:
        raise Failure(str(problem)) from None
    ready, most = values["ProxyProvisionedConcurrency"], values["ProxyReservedConcurrency"]
    if ready > most:
        raise Failure(f"ProxyProvisionedConcurrency is {ready}, and ProxyReservedConcurrency lets no more than {most} run: set one of them.")
    if ":mlflow-app/" in values["ExistingMlflowArn"] and values["NatGateways"] == "none" and not values["ExistingVpcId"]:
        raise Failure("NatGateways none is for a tracking server; ExistingMlflowArn is an App, which is reached through one.")


def resolved(parameters, stack_name, account, region):
    """The stack's resources as these parameters make them in an account."""
    return stack.flatten(parameters, stack_name, {**stack.PSEUDO, "AWS::AccountId": account, "AWS::Region": region})["Resources"]
