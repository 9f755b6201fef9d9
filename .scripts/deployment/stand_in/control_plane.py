"""SageMaker's MLflow beside moto, which does not have it: `lambda-local sagemaker`, for as long as moto runs."""

import json
import os
import pathlib
import socket
import subprocess
import sys
import urllib.parse

from aws_cli import STAND_IN_KEY, CommandFailed
from console import Failure, say
from stand_in.functions import local_tool

# Where moto keeps the address of it.
PARAMETER = "/stand-in/sagemaker-endpoint"
WATCH = pathlib.Path(__file__).with_name("watch.py")


def endpoint(aws):
    """The address: one that the environment names as AWS's tools have it, the one that is there, or one that is started."""
    given = os.environ.get("AWS_ENDPOINT_URL_SAGEMAKER")
    if given:
        return given
    recorded = _recorded_endpoint(aws)
    if recorded and _listens(recorded):
        return recorded
    if recorded:
        aws.find("ssm", "delete-parameter", "--name", PARAMETER)
    address = _start(aws)
    # As JSON, since the AWS CLI reads a value that is a URL from there. Of two at once the first counts; the other one ends.
    about = {"Name": PARAMETER, "Type": "String", "Value": address}
    try:
        aws("ssm", "put-parameter", "--cli-input-json", json.dumps(about))
    except CommandFailed as problem:
        if problem.code != "ParameterAlreadyExists":
            raise
        return _recorded_endpoint(aws)
    say(f"  moto has no MLflow: `lambda-local sagemaker` stands in for it at {address}, as long as moto runs")
    return address


def _recorded_endpoint(aws):
    found = aws.find("ssm", "get-parameter", "--name", PARAMETER)
    return found and found["Parameter"]["Value"]


def _start(aws):
    plane = [local_tool(), "sagemaker", "--region", aws.region, "--access-key-id", STAND_IN_KEY, "--secret-access-key", STAND_IN_KEY,
             "--session-token", ""]
    watch = subprocess.Popen([sys.executable, WATCH, aws.endpoint, aws.region, PARAMETER, *map(str, plane)], stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True)
    address = watch.stdout.readline().strip()
    if not address.startswith("http"):
        raise Failure(f"the stand-in for SageMaker did not start: {' '.join(map(str, plane))}")
    return address


def _listens(address):
    url = urllib.parse.urlsplit(address)
    try:
        with socket.create_connection((url.hostname, url.port), timeout=5):
            return True
    except OSError:
        return False
