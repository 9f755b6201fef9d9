"""Runs `lambda-local sagemaker` for as long as the moto server beside it runs and knows it.

Usage: watch.py MOTO REGION PARAMETER COMMAND...: PARAMETER is where moto keeps the address that the command prints first.
"""

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request

LOOK_SECONDS = 2
# How often in a row moto may not know the address: before it has learned it, and after that or when it is gone.
FIRST_MISSES, MISSES = 30, 3
GONE = object()


def main(moto, region, parameter, *command):
    server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    address = server.stdout.readline().strip()
    print(address, flush=True)
    left = FIRST_MISSES
    try:
        while server.poll() is None and left > 0:
            time.sleep(LOOK_SECONDS)
            found = recorded(moto, region, parameter)
            left = MISSES if found == address else min(left, MISSES if found is GONE else FIRST_MISSES) - 1
    finally:
        server.terminate()
        server.wait()


def recorded(moto, region, parameter):
    """What moto has as the address: None when it has none, GONE when moto is."""
    headers = {"X-Amz-Target": "AmazonSSM.GetParameter", "Content-Type": "application/x-amz-json-1.1",
               "Authorization": f"AWS4-HMAC-SHA256 Credential=stand-in/20260101/{region}/ssm/aws4_request, SignedHeaders=host, Signature=none"}
    request = urllib.request.Request(moto, json.dumps({"Name": parameter}).encode(), headers)
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        return json.load(direct.open(request, timeout=30))["Parameter"]["Value"]
    except (urllib.error.HTTPError, ValueError, KeyError):
        return None
    except OSError:
        return GONE


if __name__ == "__main__":
    main(*sys.argv[1:])
