"""Uploads a large artifact through mlflow-proxy: MLFLOW_TRACKING_URI=https://… python upload.py RUN_ID FILE [FOLDER]"""

import os
import sys

import requests
from mlflow.utils.credentials import get_default_host_creds
from mlflow.utils.rest_utils import http_request


def upload(run_id, file, folder=""):
    host = get_default_host_creds(os.environ["MLFLOW_TRACKING_URI"])
    about = {"run_id": run_id, "path": "/".join(filter(None, [folder, os.path.basename(file)])), "size": os.path.getsize(file)}

    def ask(step="", **more):
        answer = http_request(host, f"/_proxy/uploads{step}", "POST", json={**about, **more})
        if not answer.ok:
            raise SystemExit(answer.text)
        return answer.json()

    begun, parts = ask(), []
    with open(file, "rb") as data:
        if "url" in begun:
            requests.put(begun["url"], data=data if about["size"] else b"", headers=begun["headers"]).raise_for_status()
            return begun["location"]
        identifier = begun["upload_id"]
        for number in range(1, begun["part_count"] + 1):
            # Each when it is sent: a URL that waits for a hundred others may end before its turn.
            part, = ask("/parts", upload_id=identifier, first=number, count=1)["parts"]
            sent = requests.put(part["url"], data=data.read(part["size"]))
            sent.raise_for_status()
            parts.append({"number": number, "etag": sent.headers["ETag"]})
    return ask("/complete", upload_id=identifier, parts=parts)["location"]


if __name__ == "__main__":
    print(upload(*sys.argv[1:]))
