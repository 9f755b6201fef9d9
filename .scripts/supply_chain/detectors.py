"""Kinds of secrets that detect-secrets does not know, or not in every form. It loads each class of this file by name."""

import re

from detect_secrets.plugins.base import RegexBasedDetector


class PrivateKeyBlock(RegexBasedDetector):
    """The first line of a private key in a text form, in a file of any size."""

    secret_type = "Private key"
    denylist = [re.compile(r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----"), re.compile(r"^PuTTY-User-Key-File-\d")]


class PresignedURL(RegexBasedDetector):
    """A signature in the query of a URL: whoever has the URL may what the signer may, until it ends."""

    secret_type = "Presigned URL"
    denylist = [
        re.compile(r"X-Amz-Signature=([0-9a-fA-F]{64})(?![0-9a-fA-F])"),
        re.compile(r"[?&]AWSAccessKeyId=[^&\s]+&.*?Signature=([A-Za-z0-9%+/]{27,}={0,2})"),
    ]


class AWSSessionToken(RegexBasedDetector):
    """The token of temporary credentials."""

    secret_type = "AWS session token"
    denylist = [re.compile(r"\b(?:IQoJb3JpZ2luX2Vj|FwoGZXIvYXdz|FQoGZXIvYXdz)[A-Za-z0-9+/=%]{80,}")]


class ServiceToken(RegexBasedDetector):
    """Tokens that say by their beginning whose they are."""

    secret_type = "Service token"
    denylist = [re.compile(rf"\b{form}") for form in (
        r"github_pat_[A-Za-z0-9_]{60,}", r"glpat-[A-Za-z0-9_-]{20,}", r"npm_[A-Za-z0-9]{36}", r"pypi-AgE[A-Za-z0-9_-]{50,}",
        r"sk-(?:proj-|ant-)?[A-Za-z0-9_-]{32,}", r"xapp-\d-[A-Za-z0-9-]{20,}", r"AIza[A-Za-z0-9_-]{35}", r"ya29\.[A-Za-z0-9_-]{30,}")]
