"""vpc-cleanup beside a clean-up in Python that makes one call after the other: Tests/AWS/vpc_cleanup_speed.py."""

import re
import subprocess

from contest import REPOSITORY
from results import SECONDS, Row

PART, PEER = "a large VPC is cleaned", "boto3, one call after the other"
SCRIPT = REPOSITORY / "Tests/AWS/vpc_cleanup_speed.py"


def rows(bench):
    # Its time is that of the services it stands in for, so that it hardly varies; and it takes a minute.
    if bench.quick or not bench.has("boto3", "moto"):
        return [Row(PART, "time until all is gone", SECONDS, [], PEER, [])]
    command = [bench.python, SCRIPT, bench.bootstrap("vpc-cleanup"), bench.local_tool]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    seconds = dict(re.findall(r"^(one after the other|vpc-cleanup) .*? ([\d.]+) *$", done.stdout, re.M))
    if done.returncode or len(seconds) != 2:
        raise RuntimeError(f"{SCRIPT.name} failed: {(done.stdout + done.stderr)[-2000:]}")
    return [Row(PART, "time until all is gone", SECONDS, [float(seconds["vpc-cleanup"])], PEER, [float(seconds["one after the other"])])]
