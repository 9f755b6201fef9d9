#!/usr/bin/env python3
"""All of moto, with the rules of EC2 and EFS in force for every call, and for what CloudFormation deletes.

    .venv/bin/python Tests/AWS/strict_server.py --port 5000

moto's CloudFormation deletes behind its own API: it knows hardly any dependency, and forgets some kinds altogether. Here a
stack's resources go by the services' own calls, in the order of their references, and what the services refuse fails with
their reason: as in AWS, a VPC in which somebody left something is not deleted.
"""

import argparse
import email.message
import io
import json
import os
import re
import urllib.parse

from botocore.awsrequest import AWSResponse, HeadersDict
from cloudformation_rules import CloudFormationRules
from protocols import Answer, APIError, Request
from signatures import AnyKey
from strict_aws import ACCESS_KEY, SECRET_KEY, StrictAWS

RESPONSE_PATH = re.compile(r"/cloudformation_([a-z0-9-]+)/cfnresponse$")


class Body(io.BytesIO):
    """An answer's body as a connection gives it."""

    def stream(self):
        yield self.read()


class StrictServer(StrictAWS):
    """`keys` is access key id -> secret; any key will do where it is None. `functions` answers for kinds of custom resources:
    kind -> what takes the Delete request and gives the answer."""

    def __init__(self, port=0, keys=None, functions=None):
        self.functions = functions or {}
        super().__init__(keys, port=port)
        # Where moto tells custom resources to answer.
        os.environ["MOTO_PORT"] = str(self.server.server_address[1])

    @staticmethod
    def signature_check(keys):
        if keys is None:
            return AnyKey({ACCESS_KEY: (SECRET_KEY, None)})
        return StrictAWS.signature_check({**{key: (secret, None) for key, secret in keys.items()}, ACCESS_KEY: (SECRET_KEY, None)})

    def reset(self, seed=0):
        super().reset(seed)
        makers = (self.rules["ec2"][1], self.rules["efs"][0])
        self.stacks = CloudFormationRules(self.world, self.inner_client, self.functions, makers, self.moto)
        self.rules["cloudformation"] = [self.stacks]

    def answer(self, request):
        try:
            request.recognise()
        except (APIError, ValueError):
            return self.pass_on(request)
        ruled = any(hasattr(rules, request.operation) for rules in self.rules.get(request.service, []))
        return super().answer(request) if ruled or request.service == "ec2" else self.pass_on(request)

    def inner_client(self, service, region):
        """A client whose calls come here without a connection: for CloudFormation, in the middle of a call."""
        client = self.client(service, region)
        client.meta.events.register("before-send", self.take)
        return client

    def take(self, request, **_):
        url = urllib.parse.urlsplit(request.url)
        headers = email.message.Message()
        for name, value in {**request.headers, "Host": url.netloc}.items():
            headers[name] = value.decode() if isinstance(value, bytes) else value
        body = request.body or b""
        target = url.path + (f"?{url.query}" if url.query else "")
        given = self.answer(Request(request.method, target, headers, body.encode() if isinstance(body, str) else body))
        return AWSResponse(request.url, given.status, HeadersDict(given.headers), Body(given.body))

    def pass_on(self, request):
        """What no rule is about: moto's answer as it is."""
        answered = RESPONSE_PATH.match(request.path)
        if answered and "Authorization" not in request.headers:
            # moto knows the region of such an answer by its signature alone, which it has not.
            request.headers["Authorization"] = f"AWS4-HMAC-SHA256 Credential=none/20000101/{answered[1]}/cloudformation/aws4_request"
        with self.world.lock:
            try:
                status, headers, body = self.run_moto(request)
            except Exception as error:  # moto raises what it has not implemented.
                return Answer(501, f"moto cannot {request.method} {request.path}: {error!r}", {"Content-Type": "text/plain"})
            if answered and status == 200:
                self.stacks.answered(answered[1], json.loads(request.body))
        return Answer(status, body, headers)


def main():
    parser = argparse.ArgumentParser(description="moto with the rules of EC2, EFS and CloudFormation.")
    parser.add_argument("--port", type=int, default=5000, help="of 127.0.0.1; 0 for any")
    parser.add_argument("--key", action="append", metavar="ID:SECRET", help="a key that signatures are checked with; any key otherwise")
    options = parser.parse_args()
    keys = dict(each.split(":", 1) for each in options.key) if options.key else None
    with StrictServer(options.port, keys) as server:
        print(server.url, flush=True)
        try:
            server.thread.join()
        except KeyboardInterrupt:
            pass


if __name__ == "__main__":
    main()
