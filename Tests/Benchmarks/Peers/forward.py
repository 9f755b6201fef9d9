"""Signs a request with botocore and sends it on with requests: what the proxies in Python have in common."""

import os

import botocore.session
import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

ENDPOINT = os.environ["SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT"]
REGION = os.environ["AWS_REGION"]
# Fields of one connection, and those that the proxy sets itself (RFC 9110, section 7.6.1).
DROPPED = {
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer", "transfer-encoding", "upgrade",
    "host", "content-length", "authorization", "x-amz-date", "x-amz-security-token"}

# One for the process: connections to MLflow are kept.
session = requests.Session()
session.trust_env = False
credentials = botocore.session.get_session().get_credentials()


def forward(method, path_and_query, headers, body):
    """Returns MLflow's status, header fields and body."""
    url = ENDPOINT + path_and_query
    kept = {name: value for name, value in headers if name.lower() not in DROPPED}
    request = AWSRequest(method, url, headers=kept, data=body)
    SigV4Auth(credentials.get_frozen_credentials(), "sagemaker-mlflow", REGION).add_auth(request)
    answer = session.request(method, url, headers=dict(request.headers), data=body, allow_redirects=False, timeout=60)
    return answer.status_code, [(name, value) for name, value in answer.headers.items() if name.lower() not in DROPPED], answer.content
