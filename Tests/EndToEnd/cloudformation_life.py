"""The life of a small stack as `deploy` and `destroy` lead it at AWS, by change sets and events, here at moto's CloudFormation.

Usage: cloudformation_life.py MOTO, with the Python that has the AWS CLI."""

import argparse
import json
import pathlib
import sys
import tempfile

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPOSITORY / ".scripts/deployment"), str(REPOSITORY / ".scripts/templates")]

import change_set  # noqa: E402  (the folders are named above)
import progress  # noqa: E402
import stack  # noqa: E402
from aws_cli import AWS, Caller  # noqa: E402
from cloudformation import Stack  # noqa: E402
from code_bucket import CodeBucket  # noqa: E402
from destroy import destroy  # noqa: E402

NAME = "small"
TEMPLATE = {
    "Parameters": {"Release": {"Type": "String"}},
    "Resources": {
        "Log": {"Type": "AWS::Logs::LogGroup", "DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain", "Properties": {"LogGroupName": "small-log"}},
        "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Ref": "Release"}}}}}


def main(moto):
    aws = AWS("us-east-1", moto)
    caller, target = Caller(aws), Stack(aws, NAME)
    with tempfile.TemporaryDirectory() as folder:
        stack.ROOT_TEMPLATE = pathlib.Path(folder) / "template.json"
        stack.ROOT_TEMPLATE.write_text(json.dumps(TEMPLATE))
        bucket = CodeBucket(aws, caller, NAME)
        for release in ("000000000001", "000000000002"):
            is_update = progress.usable(aws, progress.describe(aws, NAME), NAME)
            change = target.change({"Release": release}, bucket, is_update)
            change_set.show(change.changes)
            change.carry_out()
        target.change({"Release": "000000000003"}, bucket, True).discard()
    print("Change sets:", len(aws("cloudformation", "list-change-sets", "--stack-name", NAME)["Summaries"]))
    destroy(aws, caller, target, argparse.Namespace(stack=NAME, yes=True))
    print("Stack:", progress.describe(aws, NAME))


if __name__ == "__main__":
    main(*sys.argv[1:])
