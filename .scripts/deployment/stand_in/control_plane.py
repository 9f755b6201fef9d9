"""SageMaker's MLflow beside moto, which does not have it: `lambda-local sagemaker`, for as long as moto runs.

As a script, this is the watch that ends it.
"""

import json
import os
import pathlib
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

# Where moto keeps the address of it.
PARAMETER = "/stand-in/sagemaker-endpoint"
LOOK_SECONDS = 2
# So often in a row it is not there: not yet, or no longer.
MISSES = 3


def endpoint(aws):
    """The address: one that the environment names as AWS's tools have it, the one that is there, or one that is started."""
    given = os.environ.get("AWS_ENDPOINT_URL_SAGEMAKER")
    if given:
        return given
    recorded = aws.maybe("ssm", "get-parameter", "--name", PARAMETER)
    if recorded and _listens(recorded["Parameter"]["Value"]):
        return recorded["Parameter"]["Value"]
    address = _start(aws)
    # As JSON, since the AWS CLI reads a value that is a URL from there.
    about = {"Name": PARAMETER, "Type": "String", "Overwrite": True, "Value": address}
    aws("ssm", "put-parameter", "--cli-input-json", json.dumps(about))
    return address


def _start(aws):
    from aws_cli import STAND_IN_KEY
    from console import Failure, say
    from stand_in.functions import local_tool

    plane = [local_tool(), "sagemaker", "--region", aws.region, "--access-key-id", STAND_IN_KEY, "--secret-access-key", STAND_IN_KEY,
             "--session-token", ""]
    watch = subprocess.Popen([sys.executable, __file__, aws.endpoint, aws.region, *map(str, plane)], stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True)
    address = watch.stdout.readline().strip()
    if not address.startswith("http"):
        raise Failure(f"the stand-in for SageMaker did not start: {' '.join(map(str, plane))}")
    say(f"  moto has no MLflow: `lambda-local sagemaker` stands in for it at {address}, as long as moto runs")
    return address


def _listens(address):
    url = urllib.parse.urlsplit(address)
    try:
        with socket.create_connection((url.hostname, url.port), timeout=5):
            return True
    except OSError:
        return False


def _watch(moto, region, command):
    plane = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    address = plane.stdout.readline().strip()
    print(address, flush=True)
    misses = 0
    try:
        while plane.poll() is None and misses < MISSES:
            time.sleep(LOOK_SECONDS)
            misses = 0 if _recorded(moto, region) == address else misses + 1
    finally:
        plane.terminate()
        plane.wait()


def _recorded(moto, region):
    """What moto has as the address; None when it has forgotten it or is gone."""
    headers = {"X-Amz-Target": "AmazonSSM.GetParameter", "Content-Type": "application/x-amz-json-1.1",
               "Authorization": f"AWS4-HMAC-SHA256 Credential=stand-in/20260101/{region}/ssm/aws4_request, SignedHeaders=host, Signature=none"}
    request = urllib.request.Request(moto, json.dumps({"Name": PARAMETER}).encode(), headers)
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        return json.load(direct.open(request, timeout=30))["Parameter"]["Value"]
    except (urllib.error.URLError, OSError, ValueError, KeyError):
        return None


if __name__ == "__main__":
    _watch(sys.argv[1], sys.argv[2], sys.argv[3:])
