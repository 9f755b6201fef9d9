#!/usr/bin/env python3
"""Writes the SigV4 vectors of this folder with botocore, AWS's own signer for Python.

    pip install botocore==1.43.11
    python3 generate.py

The seed is fixed: the same botocore writes the same files.

What is signed is what is sent. Each case starts from the target on the wire, path and query already percent-encoded,
and botocore is given the very same URL, so nothing is encoded between here and there. Two things about botocore have
to be known:

- A request signed in its headers takes the query from the URL as it stands. No more is needed.
- A presigned request has its query decoded and written anew, and the first of repeated keys alone is kept. Here the
  parameters are given apart from the URL, repeated keys as lists, and the query of the case is read back from the URL
  that botocore made: all that stands before X-Amz-Algorithm. What the Swift signer makes of it has to be botocore's
  URL, to the byte.

Left out, because no client sends them or the two sides rightly differ: `Date` (botocore signs it in place of
X-Amz-Date), capitals in host names (botocore makes them small), fragments, empty paths, Unicode white space in header
values (Python's str.split takes it for a space).

A line holds: method, URL before signing, headers, body, index of the credentials, time, whether the payload is signed,
signature, then the first 16 digits of the SHA-256 of the canonical request, of the string to sign and, of a presigned
request, of the URL. The first lines of each file hold these texts in full, so that a failure can be read.
"""

import datetime
import json
import random
from hashlib import sha256
from pathlib import Path
from unittest import mock
from urllib.parse import quote

import botocore
from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

SEED = 20150830
CASES = 2_000
IN_FULL = 10
HERE = Path(__file__).parent

CREDENTIALS = [
    ("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", None),
    ("ASIDEXAMPLE", "a/b+c=d", "IQoJb3JpZ2luX2VjEPT//+abc/def=="),
]


class UnnormalizedAuth(auth.SigV4Auth):
    """Normalisation left out, for which botocore has no class; the encoding stays."""

    def _normalize_url_path(self, path):
        return quote(path, safe="/~")


class RequestWithBody(AWSRequest):
    """A request whose body stays a body: botocore moves `data` into the query when it presigns."""

    kept = b""
    body = property(lambda self: self.kept)


# name: (class, region, service, how long a presigned URL holds or None)
MODES = {
    "header": (auth.SigV4Auth, "us-east-1", "service", None),
    "header-unnormalized": (UnnormalizedAuth, "eu-central-1", "sagemaker-mlflow", None),
    "header-s3": (auth.S3SigV4Auth, "us-east-1", "s3", None),
    "query": (auth.SigV4QueryAuth, "cn-north-1", "sts", 3_600),
    "query-s3": (auth.S3SigV4QueryAuth, "us-gov-west-1", "s3", 604_800),
}

UNRESERVED = "abcxyzABCXYZ019-._~"
RESERVED = "!$'()*,;:@"
UNICODE = ["é", "ß", "ሴ", "日", "😀", "\u00a0", "e\u0301", "\ufeff", "ı"]
WORDS = ["a", "api", "2.0", "mlflow", "runs", "get", "x-id", "Action", "prefix", "X", "x", "~", "index.html"]


def text(r, longest=6, extra=" +/%&=?#\"<>\\^`{|}[]\t\n\x00\x7f"):
    """Some text that needs encoding here and there."""
    if r.random() < 0.4:
        return r.choice(WORDS)
    kinds = [UNRESERVED] * 5 + [RESERVED, extra]
    return "".join(
        r.choice(UNICODE) if r.random() < 0.12 else r.choice(r.choice(kinds)) for _ in range(r.randint(0, longest))
    )


def odd_encoding(r, encoded):
    """Small hexadecimal digits, needless escapes, a bare percent sign: legal enough to travel, signed as they are."""
    choice = r.random()
    if choice < 0.5:
        return encoded.lower() if "%" in encoded else encoded + "%7e"
    if choice < 0.8:
        return "".join(f"%{ord(c):02x}" if c.isalnum() and c.isascii() else c for c in encoded if c != "%") or "%41"
    return encoded + r.choice(["%", "%4", "%zz", "%2F", "%2e%2e", "%00"])


def path(r):
    if r.random() < 0.1:
        return "/"
    segments = []
    for _ in range(r.randint(1, 4)):
        choice = r.random()
        if choice < 0.12:
            segment = r.choice([".", "..", "", "...", ".a", "..b"])
        else:
            # Browsers leave the sub-delimiters raw in paths, strict clients encode them.
            segment = quote(text(r), safe=r.choice(["", "!$'()*,;:@+&="]))
            if choice > 0.92:
                segment = odd_encoding(r, segment)
        segments.append(segment)
    return "/" + "/".join(segments) + r.choice(["", "", "/"])


def query(r):
    if r.random() < 0.25:
        return r.choice([None, None, ""])
    keys = [quote(text(r, 4), safe="") for _ in range(r.randint(1, 3))]
    pairs = []
    for _ in range(r.randint(1, 4)):
        key, value = r.choice(keys), quote(text(r), safe="" if r.random() < 0.8 else "/:+*'()!,")
        if r.random() < 0.06:
            value = odd_encoding(r, value)
        pairs.append(r.choice([f"{key}={value}"] * 8 + [f"{key}=", key, f"{key}=={value}", ""]))
    return "&".join(pairs)


def parameters(r):
    result = {}
    for _ in range(r.randint(0, 3)):
        key = text(r, 4)
        values = [text(r) for _ in range(r.choice([1, 1, 1, 2, 3]))]
        result[key] = values if len(values) > 1 else values[0]
    return result


def headers(r):
    result = []
    for _ in range(r.choice([0, 0, 1, 2, 3])):
        name = r.choice(
            ["Content-Type", "accept", "X-Amz-Meta-A", "x-amz-meta-b", "My-Header", "Range", "Accept-Encoding"]
            + ["User-Agent", "X-Amzn-Trace-Id", "Connection", "Expect", "TE", "Upgrade", "Content-Length"]
        )
        if name == "Content-Length":
            if any(name == other for other, _ in result):
                continue
            result.append((name, "0"))
            continue
        words = [r.choice(["a", "b;q=0.5", '"c   d"', "é", "*/*", "x,y", "", "Z"]) for _ in range(r.randint(0, 3))]
        value = r.choice([" ", "  ", "\t", ", "]).join(words)
        result.append((name, r.choice(["", "", " ", "\t "]) + value + r.choice(["", "", "  "])))
    return result


def authority(r):
    host = r.choice(["example.amazonaws.com", "b.s3.amazonaws.com", "127.0.0.1", "[::1]", "mlflow.aws"])
    scheme, port = r.choice([("https", "")] * 6 + [("https", ":443"), ("https", ":8443"), ("http", ":80"), ("http", "")])
    return f"{scheme}://{host}{port}"


def case(r, mode, in_full):
    signer, region, service, expires = MODES[mode]
    method = r.choice(["GET", "GET", "POST", "PUT", "DELETE", "PATCH", "HEAD"])
    base, fields = authority(r), headers(r)
    body = r.choice(["", "", "{}", '{"a":"é"}', "x" * 20]) if method in ("POST", "PUT", "PATCH") else ""
    who = r.randrange(len(CREDENTIALS))
    time = datetime.datetime(2015, 1, 1) + datetime.timedelta(seconds=r.randrange(15 * 365 * 86_400))
    url = base + path(r)
    given = {}
    if expires is None:
        wire = query(r)
        url += "" if wire is None else "?" + wire
    else:
        given = parameters(r)
    signs_payload = base.startswith("http:") or mode == "query-s3" or r.random() < 0.8

    request = RequestWithBody(method=method, url=url, params=given)
    request.kept = body.encode()
    for name, value in fields:
        request.headers.add_header(name, value)
    if not signs_payload:
        request.context["payload_signing_enabled"] = False
        if mode == "header-s3":
            request.context["client_config"] = mock.Mock(s3={"payload_signing_enabled": False})
    credentials = Credentials(*CREDENTIALS[who])
    arguments = {"expires": expires} if expires else {}
    author = signer(credentials, service, region, **arguments)

    seen = {}
    original_request, original_string = author.canonical_request, author.string_to_sign

    def canonical_request(*a):
        seen["canonical"] = original_request(*a)
        return seen["canonical"]

    def string_to_sign(*a):
        seen["string"] = original_string(*a)
        return seen["string"]

    author.canonical_request, author.string_to_sign = canonical_request, string_to_sign
    with mock.patch.object(auth, "get_current_datetime", lambda: time):
        author.add_auth(request)

    row = [method, url, [list(field) for field in fields], body, who, time.strftime("%Y%m%dT%H%M%SZ"), signs_payload]
    stages = [seen["canonical"], seen["string"]]
    if expires:
        before, _, rest = request.url.partition("X-Amz-Algorithm=")
        row[1] = before[:-1]
        signature = rest.rpartition("X-Amz-Signature=")[2]
        stages.append(request.url)
    else:
        signature = request.headers["Authorization"].rpartition("Signature=")[2]
    if not in_full:
        stages = [sha256(stage.encode()).hexdigest()[:16] for stage in stages]
    return row + [signature] + stages


def main():
    assert botocore.__version__ == "1.43.11", f"written for botocore 1.43.11, this is {botocore.__version__}"
    for mode in MODES:
        r = random.Random(f"{SEED}-{mode}")
        rows = [case(r, mode, in_full=number < IN_FULL) for number in range(CASES)]
        lines = [json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows]
        (HERE / f"{mode}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
