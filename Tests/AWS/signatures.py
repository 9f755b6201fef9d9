"""Checks the SigV4 signature of a request as a service does, with botocore's own signer."""

import datetime
import hashlib
import hmac
import re

import botocore.auth
import botocore.awsrequest
import botocore.credentials
from protocols import APIError

AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/,\s]+)/(\d{8})/([a-z0-9-]+)/([a-z0-9-]+)/aws4_request, ?"
    r"SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})$")
VALIDITY = datetime.timedelta(minutes=5)


class SignatureCheck:
    """`keys` is access key id -> (secret access key, session token or None)."""

    def __init__(self, keys):
        self.keys = dict(keys)
        # How far this service's clock is from the machine's.
        self.clock_offset = datetime.timedelta()

    def now(self):
        return datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None) + self.clock_offset

    def check(self, request):
        """Raises what the service answers to a request that is not properly signed. Returns the region and the key id."""
        given = request.headers.get("Authorization")
        if not given:
            raise refusal(request, "missing", "Request is missing Authentication Token")
        match = AUTHORIZATION.match(given)
        if not match:
            raise refusal(request, "incomplete", "the Authorization header is not one of Signature Version 4")
        key, day, region, service, signed, signature = match.groups()
        if key not in self.keys:
            raise refusal(request, "unknown", "The security token included in the request is invalid.")
        if request.signing_name != service:
            raise refusal(request, "wrong", f"Credential should be scoped to correct service: '{request.signing_name}'.")
        secret, token = self.keys[key]
        if token != request.headers.get("X-Amz-Security-Token"):
            raise refusal(request, "unknown", "The security token included in the request is invalid.")
        self.check_headers(request, set(signed.split(";")))
        self.check_date(request, day)
        credentials = botocore.credentials.Credentials(key, secret)
        expected = self.sign(request, signed.split(";"), credentials, region, service)
        if not hmac.compare_digest(expected, signature):
            raise refusal(request, "wrong", "The request signature we calculated does not match the signature you provided.")
        return region, key

    @staticmethod
    def check_headers(request, signed):
        needed = {name.lower() for name in request.headers if name.lower().startswith("x-amz-")} | {"host"}
        if missing := sorted(needed - signed):
            raise refusal(request, "wrong", f"There were headers present in the request which were not signed: {missing}")
        if absent := sorted(name for name in signed if name not in request.headers):
            raise refusal(request, "wrong", f"signed, but not in the request: {absent}")
        stated = request.headers.get("X-Amz-Content-Sha256")
        if stated and stated != hashlib.sha256(request.body).hexdigest():
            raise refusal(request, "wrong", "The provided 'x-amz-content-sha256' header does not match what was computed.")

    def check_date(self, request, day):
        text = request.headers.get("X-Amz-Date", "")
        try:
            date = datetime.datetime.strptime(text, "%Y%m%dT%H%M%SZ")
        except ValueError:
            raise refusal(request, "incomplete", "the request has no valid X-Amz-Date") from None
        if not text.startswith(day):
            raise refusal(request, "wrong", "Date in Credential scope does not match YYYYMMDD from the date of the request")
        if abs(self.now() - date) > VALIDITY:
            raise refusal(request, "expired", f"Signature expired: {text} is not within 5 min. of {self.now():%Y%m%dT%H%M%SZ}")

    @staticmethod
    def sign(request, signed, credentials, region, service):
        made = botocore.awsrequest.AWSRequest(
            method=request.method, url=f"http://{request.headers['Host']}{request.target}", data=request.body,
            headers={name: request.headers[name] for name in signed})
        made.context["timestamp"] = request.headers["X-Amz-Date"]
        signer = Signer(credentials, service, region)
        return signer.signature(signer.string_to_sign(made, signer.canonical_request(made)), made)


class AnyKey(SignatureCheck):
    """Takes whatever key a request names, and none, as moto does."""

    def check(self, request):
        match = re.search(r"Credential=([^/,\s]+)/\d{8}/([a-z0-9-]+)/", request.headers.get("Authorization", ""))
        return (match[2], match[1]) if match else (request.region, None)


class Signer(botocore.auth.SigV4Auth):
    """Signs exactly the header fields that it is given: which ones belong in, the client has said."""

    def headers_to_sign(self, request):
        return request.headers


def refusal(request, kind, message):
    """The code is the service's own for each kind of refusal."""
    if request.service == "ec2":
        code, status = {
            "missing": ("MissingAuthenticationToken", 403), "incomplete": ("AuthFailure", 401), "unknown": ("AuthFailure", 401),
            "wrong": ("SignatureDoesNotMatch", 403), "expired": ("RequestExpired", 400)}[kind]
    elif request.service == "sts":
        code, status = {
            "missing": ("MissingAuthenticationToken", 403), "incomplete": ("IncompleteSignature", 400),
            "unknown": ("InvalidClientTokenId", 403)}.get(kind, ("SignatureDoesNotMatch", 403))
    else:
        code, status = {
            "missing": ("MissingAuthenticationTokenException", 403), "incomplete": ("IncompleteSignatureException", 403),
            "unknown": ("UnrecognizedClientException", 403)}.get(kind, ("InvalidSignatureException", 403))
    return APIError(code, message, status)
