"""The calls of a visitor to a deployed URL, with curl. Each line is one thing that a deployment has to do."""

import argparse
import os
import re
import shutil
import subprocess
import sys
import urllib.parse

from console import Failure, say

SEARCH = "/api/2.0/mlflow/experiments/search?max_results=1"
# What a load balancer that signs people in would believe of itself alone.
INVENTED_SIGN_IN = ("--header", "x-amzn-oidc-data: e30=.e30=.e30=", "--header", "x-amzn-oidc-identity: somebody")
# What a script of another origin's page would be, and what its browser asks before such a call.
ELSEWHERE = ("--header", "Origin: https://elsewhere.example.com")
ASKS = ("--header", "Access-Control-Request-Method: POST")
# curl itself would refuse TLS 1.1 otherwise, whatever the server does.
OLD_TLS = ("--tlsv1.0", "--tls-max", "1.1", "--ciphers", "DEFAULT@SECLEVEL=0")


class Answer:
    """What came of one call; status 000 when nothing did."""

    def __init__(self, status, location, error):
        self.status, self.location, self.error = status, location, error

    def __str__(self):
        return " ".join(filter(None, ("" if self.status == "000" else self.status, self.location, self.error)))


class Visitor:
    """Somebody with curl, and perhaps with a token."""

    def __init__(self, options):
        found = re.fullmatch(r"(https?)://([^/:]+)(:\d+)?/?", options.url)
        if not found:
            raise Failure(f"'{options.url}' is no https://HOST.")
        if not shutil.which("curl"):
            raise Failure("there is no curl in PATH, with which the calls are made. Install it.")
        self.scheme, self.host, self.port = found.groups()
        self.base = options.url.rstrip("/")
        self.arguments = ["--cacert", options.ca] if options.ca else []
        for each in options.connect_to or []:
            self.arguments += ["--connect-to", each if ":" in each else f"{self.host}::{each}:"]

    def get(self, path, *arguments, base=None):
        # The machine's own settings and proxies are not what is looked at.
        command = ["curl", "--disable", "--noproxy", "*", "--silent", "--show-error", "--max-time", "60", "--path-as-is", "--output", os.devnull,
                   "--write-out", "%{http_code} %{redirect_url}", *self.arguments, *arguments, (base or self.base) + path]
        result = subprocess.run(command, capture_output=True, text=True)
        status, _, location = result.stdout.partition(" ")
        return Answer(status, location.strip(), result.stderr.strip())


class Report:
    """Lines, and how many of them say FAIL."""

    def __init__(self):
        self.failed = 0

    def check(self, what, good, got):
        self.failed += not good
        say(f"  {'ok  ' if good else 'FAIL'}  {what}" + ("" if good else f": {got}"))

    def skip(self, what, why):
        say(f"  --    {what}: {why}")


def verify(options):
    """Looks at the URL. Returns 1 when something is not as it should be."""
    visitor, report = Visitor(options), Report()
    say(f"Looking at {visitor.base}")
    first = visitor.get("/")
    if first.status == "000":
        raise Failure(f"{visitor.base} cannot be reached: {first.error}. While its name does not point at the load balancer yet: "
                      "--connect-to the load balancer's own name.")
    entry(visitor, report, first, options)
    if options.token:
        token(visitor, report, options.token)
    got = visitor.get("/", "--header", "Host: other.example.com")
    report.check("another host name is 421", got.status == "421", got)
    if first.status != "200":
        got = visitor.get("/", *INVENTED_SIGN_IN)
        report.check("an invented sign-in does not let anybody in", not got.status.startswith("2"), got)
        preflights(visitor, report)
    got = visitor.get("/api/2.0/mlflow/%2e%2e/x")
    report.check("a path with .. is not forwarded", got.status in ("400", "401", "403"), got)
    if visitor.scheme == "https":
        port_80(visitor, report)
        old_tls(visitor, report)
    say("All is as it should be." if not report.failed else f"{report.failed} of these are not as they should be.")
    return 1 if report.failed else 0


def entry(visitor, report, first, options):
    """Who is let in: whoever signs in, whoever has a token, or anybody."""
    if first.status == "200":
        may = options.open or visitor.scheme == "http"
        report.check("the page answers, to whoever reaches it" if may else "the page asks who you are (say --open if whoever reaches it may)", may, first)
        got = visitor.get(SEARCH)
        report.check("the API answers", got.status == "200", got)
        return
    if first.status == "302":
        back = f"redirect_uri={urllib.parse.quote(f'https://{visitor.host}{visitor.port or str()}/oauth2/idpresponse', safe='')}"
        good = first.location.startswith("https://") and back.lower() in first.location.lower()
        report.check("the page sends to sign in, and back here", good, first)
    else:
        report.check("the page wants a sign-in or a token", first.status == "401", first)
    got = visitor.get(SEARCH)
    report.check("an API call without a session is 401, not a redirect", got.status == "401", got)


def token(visitor, report, text):
    bearer = ("--header", f"Authorization: Bearer {text}")
    got = visitor.get(SEARCH, *bearer)
    report.check("an API call with the token answers", got.status == "200", got)
    # The first letter of the signature: the last one may hold bits that do not count.
    start = text.rfind(".") + 1
    altered = text[:start] + ("B" if text[start:start + 1] == "A" else "A") + text[start + 1:]
    got = visitor.get(SEARCH, "--header", f"Authorization: Bearer {altered}")
    report.check("a token with another signature is refused", got.status in ("401", "403"), got)


def preflights(visitor, report):
    """A browser's question before a call from another page is the one request that may get past sign-in, and is answered for pages of
    the allowed origins alone."""
    options = ("--request", "OPTIONS", *ELSEWHERE)
    got = visitor.get(SEARCH, *options)
    report.check("OPTIONS that is no preflight stops at the load balancer", got.status in ("401", "403"), got)
    got = visitor.get(SEARCH, *options, *ASKS)
    report.check("a preflight of an unknown origin is refused", got.status in ("401", "403"), got)


def port_80(visitor, report):
    got = visitor.get("/", base=f"http://{visitor.host}")
    closed = got.status == "000"
    there = urllib.parse.urlsplit(got.location)
    redirects = got.status in ("301", "308") and (there.scheme, there.hostname) == ("https", visitor.host)
    report.check("port 80 redirects to HTTPS or is closed", closed or redirects, got)


def old_tls(visitor, report):
    what = "TLS 1.1 is refused"
    got = visitor.get("/", *OLD_TLS)
    by_server = re.search(r"alert|reset by peer|unexpected eof|unexpectedly|SSL_ERROR_SYSCALL", got.error, re.I)
    if got.status == "000" and not by_server:
        report.skip(what, f"this curl cannot try it ({got.error})")
    else:
        report.check(what, got.status == "000", got)


def arguments():
    parser = argparse.ArgumentParser(prog="./build.sh verify", description="Makes the calls of a visitor to a deployed URL.")
    parser.add_argument("url", metavar="https://HOST")
    parser.add_argument("--token", help="a bearer token, where machines come with one")
    parser.add_argument("--open", action="store_true", help="whoever reaches it may, as with AuthMode=network: the page does not ask who you are")
    parser.add_argument("--connect-to", action="append", metavar="NAME", help="where the host's name does not point at the load balancer yet: "
                        "the load balancer's own, or HOST:PORT:HOST:PORT as curl has it, for a tunnel; may be repeated")
    parser.add_argument("--ca", metavar="FILE", help="certificate authorities to trust instead of the system's")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        sys.exit(verify(arguments()))
    except Failure as problem:
        sys.exit(f"build.sh: {problem}")
