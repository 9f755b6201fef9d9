"""The parameters of a stack: what its profile says, and what the command line says."""

import json

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


def check(parameters, stack_name):
    """Refuses what the template would refuse, with the template's own words."""
    try:
        stack.flatten(parameters, stack_name)
    except stack.Problem as problem:
        raise Failure(str(problem)) from None
