"""The request of `Signing/Main.swift`, signed by botocore: `sign.py COUNT BODY_BYTES`."""

import datetime
import json
import sys
import time

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

# The same time for every signature, so that the two signers can be compared.
botocore.auth.get_current_datetime = lambda *_, **__: datetime.datetime(2026, 8, 1, 12, 36)


def main(count, body_bytes):
    credentials = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "FwoGZXIvYXdzEXAMPLE" * 40)
    signer = botocore.auth.SigV4Auth(credentials, "sagemaker-mlflow", "us-east-1")
    body = b"x" * body_bytes
    for number in (1, count):
        started = time.process_time()
        for _ in range(number):
            request = AWSRequest(
                "POST", "https://us-east-1.experiments.sagemaker.aws/api/2.0/mlflow/runs/search?max_results=100&order=start%20time",
                headers={"accept": "*/*", "content-type": "application/json", "x-mlflow-workspace": "default"}, data=body)
            signer.add_auth(request)
        seconds = (time.process_time() - started) / number
    print(json.dumps({"seconds": seconds, "authorization": request.headers["Authorization"]}))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
