"""The command line of `./build.sh deploy` and `./build.sh destroy`."""

import argparse
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "templates")]

import permissions
import settings
import stack
from aws_cli import AWS, Caller, CommandFailed
from cloudformation import Stack
from console import Failure
from deploy import asked, deploy
from destroy import destroy
from stand_in.moto_stack import MotoStack


def arguments():
    parser = argparse.ArgumentParser(prog="./build.sh", description="Makes, changes and removes the stack with the AWS CLI.")
    commands = parser.add_subparsers(dest="command", required=True)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--stack", default="mlflow-gateway", metavar="NAME", help="the stack's name, with which names of its resources begin: 3 to 23 small letters, digits and hyphens (mlflow-gateway)")
    common.add_argument("--region", help="the AWS region; that of the AWS CLI when it is not given")
    common.add_argument("--endpoint", metavar="URL", help="a moto server in the place of AWS; the deployed functions then run on this machine")
    common.add_argument("--yes", action="store_true", help="do not ask")
    # For build.sh, before it builds what takes minutes.
    common.add_argument("--arguments-only", action="store_true", help=argparse.SUPPRESS)
    # Abbreviations are not taken, since build.sh looks for options by their names too.
    make = commands.add_parser("deploy", parents=[common], allow_abbrev=False, help="makes or changes the stack")
    make.add_argument("--profile", metavar="NAME", help=f"a shape of the stack: {', '.join(stack.profile_names())}")
    make.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a parameter of lambda/template.yaml; may be repeated")
    make.add_argument("--print-policy", action="store_true", help="what the deployer needs, as IAM policies, one a line")
    commands.add_parser("destroy", parents=[common], allow_abbrev=False, help="removes the stack, and says what stays")
    return parser.parse_args()


def bound(options):
    """The permissions boundary that the command line asks for; what else it says or lacks is nothing to the deployer's policy."""
    return settings.chosen(options.profile, options.set, examples_will_do=True).get("PermissionsBoundaryArn", "")


def run(options):
    values = asked(options) if options.command == "deploy" and not options.print_policy else None
    if options.arguments_only:
        return
    aws = AWS(options.region, options.endpoint)
    caller = Caller(aws)
    target = MotoStack(aws, caller, options.stack) if aws.endpoint else Stack(aws, options.stack)
    if options.command == "destroy":
        destroy(aws, caller, target, options)
    elif options.print_policy:
        permissions.print_policies(caller, aws.region, options.stack, bound(options))
    else:
        deploy(aws, caller, target, values, options)


if __name__ == "__main__":
    options = arguments()
    try:
        run(options)
    except (Failure, CommandFailed) as problem:
        sys.exit(f"build.sh: {problem}")
    except KeyboardInterrupt:
        where = f"{f'--region {options.region} ' if options.region else ''}--stack-name {options.stack}"
        sys.exit(f"build.sh: stopped. What AWS has begun goes on by itself: aws cloudformation describe-stack-events {where}")
