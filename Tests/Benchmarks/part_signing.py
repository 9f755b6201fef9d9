"""SigV4: one request signed by the functions' signer and by botocore's."""

import json
import subprocess

from contest import FOLDER
from results import MICROSECONDS, Row, in_turns

PART, PEER = "signing (SigV4)", "botocore"
SIZES = [("no body", 0, 5_000), ("body of 1 KB", 1_000, 5_000), ("body of 700 KB", 700_000, 500)]


def rows(bench):
    found = []
    for name, size, count in SIZES:
        contestants = {"ours": lambda: signed([bench.signing], bench.count(count), size)}
        if bench.has("boto3"):
            contestants[PEER] = lambda: signed([bench.python, FOLDER / "Peers/sign.py"], bench.count(count), size)
        seen = in_turns(bench.rounds, contestants)
        signatures = {sample["authorization"] for samples in seen.values() for sample in samples}
        if len(signatures) != 1:
            raise RuntimeError(f"the same request at the same time was signed in different ways: {signatures}")
        seconds = {name: [sample["seconds"] for sample in samples] for name, samples in seen.items()}
        found.append(Row(PART, f"{name}: processor time", MICROSECONDS, seconds["ours"], PEER, seconds.get(PEER, [])))
    return found


def signed(command, count, size):
    return json.loads(subprocess.run([*command, str(count), str(size)], capture_output=True, check=True).stdout)
