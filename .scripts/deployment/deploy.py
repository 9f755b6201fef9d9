"""Makes or changes the stack: checks, code, changes, and the URL at the end."""

import permissions
import prerequisites
import progress
import settings
from change_set import show
from code_bucket import CodeBucket
from console import Failure, agreed, bullets, say


def asked(options):
    """The parameters that the command line asks for, which are looked at before anything else is."""
    settings.check_name(options.stack)
    values = settings.chosen(options.profile, options.set, examples_will_do=bool(options.endpoint))
    settings.check(values, options.stack)
    return values


def deploy(aws, caller, target, values, options):
    """`target` is the stack at AWS or at a stand-in."""
    say("Checking")
    say(f"  account {caller.account}, region {aws.region}, as {caller.arn}")
    found = progress.describe(aws, options.stack)
    is_update = progress.usable(aws, found, options.stack)
    if aws.endpoint:
        values = target.prepare(values)
    resources = settings.resolved(values, options.stack, caller.account, aws.region)
    refuse(prerequisites.problems(aws, values, options.stack, resources, found if is_update else None))
    if not aws.endpoint:
        check_permissions(aws, caller, options.stack, values.get("PermissionsBoundaryArn", ""))
    say("Sending code and templates")
    bucket = CodeBucket(aws, caller, options.stack)
    values |= bucket.send_release(values)
    say("Working out the changes")
    change = target.change(values, bucket, is_update)
    if change is None:
        say("There is nothing to change.")
        return show_result(progress.describe(aws, options.stack), values)
    show(change.changes)
    if not options.yes and not agreed(f"{'Change' if is_update else 'Make'} the stack {options.stack} in account {caller.account}, {aws.region}?"):
        change.discard()
        raise Failure("nothing was changed.")
    say("Changing the stack" if is_update else f"Making the stack: {target.duration}")
    change.carry_out()
    show_result(progress.describe(aws, options.stack), values)


def refuse(problems):
    if problems:
        raise Failure(f"this has to be mended first:\n{bullets(problems)}")


def check_permissions(aws, caller, stack_name, boundary):
    denied = permissions.missing(aws, caller, stack_name, boundary)
    if denied is None:
        say("  your permissions cannot be asked for (iam:SimulatePrincipalPolicy); going on")
    elif denied:
        raise Failure(f"you lack permissions ({len(denied)}): {', '.join(denied[:12])}{' …' if len(denied) > 12 else ''}. What is needed: "
                      f"./build.sh deploy --print-policy --stack {stack_name}{f' --set PermissionsBoundaryArn={boundary}' if boundary else ''}")
    else:
        say("  your permissions are enough")


def show_result(found, parameters):
    values = progress.outputs(found)
    say()
    say(f"Stack     {found['StackName']} is {found['StackStatus']}")
    say(f"Open      {values['Url']}")
    alias = f", or alias in zone {values['LoadBalancerZone']}" if "LoadBalancerZone" in values else ""
    say(f"DNS       point {values['Url'].split('/')[2]} at {values['LoadBalancerName']} (CNAME{alias})")
    say(f"MLflow    {values['MlflowArn']}")
    if values.get("UserPool"):
        say(f"People    aws cognito-idp admin-create-user --user-pool-id {values['UserPool']} --username NAME@EXAMPLE.COM")
    say(f"Then      ./build.sh verify {values['Url']}{' --open' if parameters.get('AuthMode') == 'network' else ''}")
