#!/usr/bin/env python3
"""The packaged proxy with events, settings and names that are wrong: each gets a sentence, and no event ends it."""

import base64
import copy
import json
import os
import pathlib
import random
import unittest

from functions import PROXY_SETTINGS, REPOSITORY, SECRET_KEY, SESSION_TOKEN, Function, error_message
from servers import ORDINARY_HEADERS, Event, PlainUpstream, RuntimeAPI

COOKIE = "canary-cookie-4d1f0c"
AUTHORIZATION = "canary-authorization-91ab7e"

ALB_EVENT = {
    "requestContext": {
        "elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/mlflow/6d0ecf831eec9f09"}
    },
    "httpMethod": "POST",
    "path": "/api/2.0/mlflow/experiments/search",
    "multiValueQueryStringParameters": {"a": ["1", "2"], "b%20c": ["%2F"]},
    "multiValueHeaders": {
        "host": ["mlflow.example.com"],
        "x-forwarded-for": ["203.0.113.7"],
        "x-forwarded-proto": ["https"],
        "content-type": ["application/json"],
        "cookie": [f"session={COOKIE}; mlflow-request-header-x=1"],
        "authorization": [f"Bearer {AUTHORIZATION}"],
        "x-amzn-oidc-data": ["identity"],
    },
    "body": '{"max_results": 1}',
    "isBase64Encoded": False,
}


def event(**members):
    """The ordinary event with other members; those that are `...` are left out."""
    return {name: value for name, value in {**ALB_EVENT, **members}.items() if value is not ...}


def single(**members):
    """The event of a target group whose headers have one value each."""
    headers = {name: values[-1] for name, values in ALB_EVENT["multiValueHeaders"].items()}
    return event(**{
        "multiValueHeaders": ..., "multiValueQueryStringParameters": ..., "headers": headers,
        "queryStringParameters": {"a": "1"}, **members})


class ProxyCase(unittest.TestCase):
    def setUp(self):
        self.upstream = PlainUpstream()
        self.addCleanup(self.upstream.close)

    def api(self, *events):
        api = RuntimeAPI(events)
        self.addCleanup(api.close)
        return api

    def proxy(self, api, **environment):
        endpoint = {"SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT": f"http://{self.upstream.address}"}
        return Function(self, "mlflow-proxy", api, {**PROXY_SETTINGS, **endpoint, **environment})

    def assert_error(self, posted, phrase, error_type="Function.ALBEventError"):
        self.assertEqual(posted.kind, "error", posted.body)
        report = json.loads(posted.body)
        self.assertEqual(report["errorType"], error_type)
        self.assertIn(phrase, report["errorMessage"])
        self.assertGreater(len(report["errorMessage"].split()), 5)
        self.assertLess(len(report["errorMessage"]), 1_000)
        return report


NO_ELB = "requestContext.elb is missing"
REMEDY = "register the function as the Lambda target of an Application Load Balancer"

FOREIGN = {
    "API Gateway, format 1": (
        {"version": "1.0", "httpMethod": "GET", "path": "/", "requestContext": {"apiId": "a", "stage": "prod"}},
        "an event of an API Gateway REST API"),
    "API Gateway, format 2": (
        {"version": "2.0", "rawPath": "/", "requestContext": {"apiId": "a", "http": {"method": "GET", "path": "/"}}},
        "an event of a Lambda function URL or an API Gateway HTTP API"),
    "function URL": (
        {"version": "2.0", "rawPath": "/", "requestContext": {"http": {"method": "GET", "path": "/"}}},
        "an event of a Lambda function URL or an API Gateway HTTP API"),
    "WebSocket": ({"requestContext": {"connectionId": "c", "stage": "x"}}, "an event of an API Gateway WebSocket API"),
    "VPC Lattice": ({"requestContext": {"serviceNetworkArn": "arn:x"}}, "an event of VPC Lattice"),
    "EventBridge": ({"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}}, "an EventBridge event"),
    "SNS": ({"Records": [{"EventSource": "aws:sns", "Sns": {"Message": "m"}}]}, "queue, topic, stream or bucket"),
    "SQS": ({"Records": [{"eventSource": "aws:sqs", "body": "m"}]}, "queue, topic, stream or bucket"),
    "S3": ({"Records": [{"eventSource": "aws:s3", "s3": {"bucket": {}}}]}, "queue, topic, stream or bucket"),
    "CloudFormation": ({"RequestType": "Create", "ResponseURL": "https://x"}, "a CloudFormation custom resource request"),
    "console test": ({"key1": "value1", "key2": "value2"}, "To use the function"),
    "empty object": ({}, "To use the function"),
    "null elb": (event(requestContext={"elb": None}), "To use the function"),
    "null context": (event(requestContext=None), "To use the function"),
    "context of text": (event(requestContext="elb"), "To use the function"),
}

NO_JSON = {
    "nothing": (b"", "not valid JSON at byte 0"),
    "white space": (b" \r\n\t", "not valid JSON"),
    "words": (b"hello", "not valid JSON at byte 0"),
    "half an object": (json.dumps(ALB_EVENT).encode()[:200], "not valid JSON at byte 200"),
    "two values": (b"{}{}", "not valid JSON at byte 2"),
    "trailing comma": (b'{"a":1,}', "not valid JSON"),
    "single quotes": (b"{'a':1}", "not valid JSON"),
    "NaN": (b'{"a":NaN}', "not valid JSON"),
    "UTF-16": (json.dumps(ALB_EVENT).encode("utf-16"), "not valid JSON"),
    "bytes that are not UTF-8": (b'{"a":"\xff\xfe"}', "not valid JSON"),
    "a surrogate in UTF-8": (b'{"a":"\xed\xa0\x80"}', "not valid JSON"),
    "an overlong slash": (b'{"a":"\xc0\xaf"}', "not valid JSON"),
    "NUL bytes": (b"\x00" * 100, "not valid JSON at byte 0"),
    "a NUL in a string": (b'{"a":"\x00"}', "not valid JSON"),
    "a million brackets": (b"[" * 1_000_000, "not valid JSON"),
    "a million objects": (b'{"a":' * 1_000_000, "not valid JSON"),
    "array": (b"[1,2,3]", "an ALB target event is an object"),
    "string": (b'"event"', "an ALB target event is an object"),
    "number": (b"17", "an ALB target event is an object"),
    "true": (b"true", "an ALB target event is an object"),
    "null": (b"null", "an ALB target event is an object"),
}

MISSHAPEN = {
    "elb is text": (event(requestContext={"elb": "x"}), "requestContext.elb should be an object"),
    "elb is a list": (event(requestContext={"elb": []}), "requestContext.elb should be an object"),
    "target group is a number": (
        event(requestContext={"elb": {"targetGroupArn": 1}}), "requestContext.elb.targetGroupArn should be a string"),
    "no method": (event(httpMethod=...), "has no httpMethod"),
    "null method": (event(httpMethod=None), "has no httpMethod"),
    "method is a number": (event(httpMethod=1), "httpMethod should be a string"),
    "no path": (event(path=...), "has no path"),
    "path is a list": (event(path=["/"]), "path should be a string"),
    "headers are a list": (event(multiValueHeaders=[]), "multiValueHeaders should be an object"),
    "headers are text": (event(multiValueHeaders="host: x"), "multiValueHeaders should be an object"),
    "a header is text": (event(multiValueHeaders={"host": "x"}), "multiValueHeaders.host should be an array of strings"),
    "a header is null": (event(multiValueHeaders={"host": None}), "multiValueHeaders.host should be an array"),
    "a header's element is a number": (
        event(multiValueHeaders={"host": [1]}), "an element of multiValueHeaders.host should be a string"),
    "a header's element is null": (
        event(multiValueHeaders={"host": [None]}), "an element of multiValueHeaders.host should be a string"),
    "a query's element is an object": (
        event(multiValueQueryStringParameters={"a": [{}]}), "an element of multiValueQueryStringParameters.a should be"),
    "the query is true": (event(multiValueQueryStringParameters=True), "multiValueQueryStringParameters should be an object"),
    "single headers are a list": (single(headers=["host"]), "headers should be an object"),
    "a single header is a list": (single(headers={"host": ["x"]}), "headers.host should be a string"),
    "a single query is a number": (single(queryStringParameters={"a": 1}), "queryStringParameters.a should be a string"),
    "body is an object": (event(body={}), "body should be a string"),
    "body is a number": (event(body=1), "body should be a string"),
    "flag is text": (event(isBase64Encoded="true"), "isBase64Encoded should be a boolean"),
    "flag is 1": (event(isBase64Encoded=1), "isBase64Encoded should be a boolean"),
    "Base 64 with a space": (event(isBase64Encoded=True, body="QUJD RA=="), "is not strict Base 64"),
    "Base 64 without padding": (event(isBase64Encoded=True, body="QUI"), "is not strict Base 64"),
    "Base 64 with spare bits": (event(isBase64Encoded=True, body="QUJ="), "is not strict Base 64"),
    "Base 64 of another alphabet": (event(isBase64Encoded=True, body="--__"), "is not strict Base 64"),
    "Base 64 of padding": (event(isBase64Encoded=True, body="===="), "is not strict Base 64"),
    "Base 64 beyond ASCII": (event(isBase64Encoded=True, body="QUJD\u00fc\u00fc"), "is not strict Base 64"),
}

# Events of a load balancer in shape, with values that no client should send: the client is told.
REFUSED = {
    "an empty path": (event(path=""), 400, "does not start with a slash"),
    "a path without a slash": (event(path="api"), 400, "does not start with a slash"),
    "a path with a URL": (event(path="http://192.0.2.1/"), 400, "does not start with a slash"),
    "a path with a dot segment": (event(path="/a/../b"), 400, "dot segment"),
    "a path with a hidden dot segment": (event(path="/a/%252e%252E/b"), 400, "dot segment"),
    "a path with a NUL": (event(path="/a\x00b"), 400, "percent-encoded"),
    "a path with an encoded NUL": (event(path="/a%00b"), 400, "control character"),
    "a path with a query": (event(path="/a?b=c"), 400, "percent-encoded"),
    "a path with half an escape": (event(path="/a%2"), 400, "two hexadecimal digits"),
    "a path with two slashes": (event(path="//192.0.2.1/a"), 400, "two slashes"),
    "a path with bytes that are not UTF-8": (event(path="/%ff"), 400, "not UTF-8"),
    "an empty method": (event(httpMethod=""), 405, "not one that MLflow knows"),
    "a method that is none": (event(httpMethod="GET /x HTTP/1.1\r\nx: y"), 405, "not one that MLflow knows"),
    "CONNECT": (event(httpMethod="CONNECT"), 405, "not one that MLflow knows"),
    "TRACE": (event(httpMethod="TRACE"), 405, "not one that MLflow knows"),
    "a header with a line break": (
        event(multiValueHeaders={"host": ["mlflow.example.com"], "x-a": ["b\r\nx-c: d"]}), 400, "A header of the request"),
    "a header with a NUL": (
        event(multiValueHeaders={"host": ["mlflow.example.com"], "x-a": ["b\x00"]}), 400, "A header of the request"),
    "a header name with a space": (
        event(multiValueHeaders={"host": ["mlflow.example.com"], "x a": ["b"]}), 400, "A header of the request"),
    "an empty header name": (
        event(multiValueHeaders={"host": ["mlflow.example.com"], "": ["b"]}), 400, "A header of the request"),
    "two content types": (
        event(multiValueHeaders={"host": ["mlflow.example.com"], "content-type": ["a/b", "c/d"]}), 400, "Content-Type"),
}


def as_bytes(value):
    return value if isinstance(value, bytes) else (value if isinstance(value, str) else json.dumps(value)).encode()


class Events(ProxyCase):
    def assert_errors(self, cases):
        """One process is given them all, and an ordinary one after each."""
        events = []
        for value, _ in cases.values():
            events += [Event(as_bytes(value), headers=ORDINARY_HEADERS), ALB_EVENT]
        function = self.proxy(self.api(*events))
        reports = {}
        for name, (_, phrase) in cases.items():
            with self.subTest(name):
                reports[name] = self.assert_error(function.posted(), phrase)
                ordinary = function.posted()
                self.assertEqual((ordinary.kind, json.loads(ordinary.body)["statusCode"]), ("response", 200))
        function.assert_alive()
        self.assertNotIn(COOKIE, function.log)
        self.assertNotIn(AUTHORIZATION, function.log)
        return reports

    def test_events_of_other_services_are_named_with_what_to_do(self):
        for name, report in self.assert_errors(FOREIGN).items():
            with self.subTest(name):
                self.assertIn(NO_ELB, report["errorMessage"])
                self.assertIn(REMEDY, report["errorMessage"])

    def test_an_event_that_is_no_JSON_object_is_told_where(self):
        self.assert_errors(NO_JSON)

    def test_a_member_of_the_wrong_type_is_named(self):
        self.assert_errors(MISSHAPEN)

    def test_an_error_names_the_function_that_threw_it(self):
        function = self.proxy(self.api({}))
        stack = json.loads(function.posted().body)["stackTrace"]
        self.assertGreaterEqual(len(stack), 2, stack)
        self.assertRegex(stack[0], r"^\S.* at bootstrap \+ 0x[0-9a-f]+$")
        names = "\n".join(stack)
        self.assertTrue("EventOrigin" in names or "ALBTargetRequest" in names, names)
        self.assertIn("MLflowProxyHandler.handle", names)

    def test_values_that_no_client_should_send_are_answered_and_go_nowhere(self):
        function = self.proxy(self.api(*(Event(as_bytes(value)) for value, _, _ in REFUSED.values())))
        for name, (_, status, phrase) in REFUSED.items():
            with self.subTest(name):
                posted = function.posted()
                self.assertEqual(posted.kind, "response", posted.body)
                answer = json.loads(posted.body)
                self.assertEqual(answer["statusCode"], status, answer)
                self.assertIn(phrase, json.loads(answer["body"])["message"])
        function.assert_alive()
        self.assertEqual(self.upstream.requests, [])

    def test_lone_surrogates_become_replacement_characters_wherever_they_stand(self):
        ordinary = json.dumps(event())
        texts = {
            "path": (ordinary.replace("/api/2.0", "/\\ud800"), 400),
            "header": (ordinary.replace("application/json", "\\udfff"), 200),
            "name": (ordinary.replace('"content-type"', '"\\ud800\\ud800"'), 400),
            "body": (ordinary.replace("max_results", "\\udc00\\ud800"), 200),
        }
        function = self.proxy(self.api(*(Event(text.encode()) for text, _ in texts.values())))
        for name, (text, status) in texts.items():
            with self.subTest(name):
                self.assertNotEqual(text, ordinary)
                posted = function.posted()
                self.assertEqual((posted.kind, json.loads(posted.body)["statusCode"]), ("response", status))
        self.assertEqual([request[3].decode() for request in self.upstream.requests][1], '{"\ufffd\ufffd": 1}')

    def test_a_huge_event_is_answered(self):
        body = base64.b64encode(bytes(4_500_000)).decode()
        names = {f"x-{number}": ["v" * 50] for number in range(5_000)}
        function = self.proxy(self.api(
            event(isBase64Encoded=True, body=body),
            event(multiValueHeaders={"host": ["mlflow.example.com"], **names}),
            event(path="/" + "a" * 1_000_000),
            event(multiValueQueryStringParameters={f"k{number}": ["v"] * 10 for number in range(5_000)}),
            ALB_EVENT))
        for _ in range(5):
            posted = function.posted()
            self.assertEqual(posted.kind, "response")
            self.assertIsInstance(json.loads(posted.body)["statusCode"], int)
        self.assertEqual(json.loads(posted.body)["statusCode"], 200)
        self.assertEqual(len(self.upstream.requests[0][3]), 4_500_000)


TRACKING = "arn:aws:sagemaker:eu-west-1:123456789012:mlflow-tracking-server/team"
EXAMPLE = "it should look like arn:aws:sagemaker:us-east-1:123456789012:mlflow-tracking-server/NAME"

ARNS = {
    "": "MLFLOW_TRACKING_ARN is not set",
    " ": "is no ARN: it does not start with",
    "team": "is no ARN: it does not start with",
    "https://eu-west-1.experiments.sagemaker.aws": "is no ARN: it does not start with",
    "ARN:AWS:SAGEMAKER:eu-west-1:123456789012:mlflow-tracking-server/team": "is no ARN: it does not start with",
    " " + TRACKING: "is no ARN: it does not start with",
    "arn": "is no ARN: it has 1 parts",
    "arn:": "is no ARN: it has 2 parts",
    "arn:aws:sagemaker": "is no ARN: it has 3 parts",
    "arn:aws:sagemaker:eu-west-1:123456789012": "is no ARN: it has 5 parts",
    "arn::sagemaker:eu-west-1:123456789012:mlflow-tracking-server/team": "there is no partition",
    "arn:azure:sagemaker:eu-west-1:123456789012:mlflow-tracking-server/team": "there is no partition \"azure\"",
    "arn:aws::eu-west-1:123456789012:mlflow-tracking-server/team": "is not a service",
    "arn:aws:s3:::bucket": "is an ARN of s3: it should be one of sagemaker",
    "arn:aws:sagemaker-mlflow:eu-west-1:123456789012:mlflow-tracking-server/team": "it should be one of sagemaker",
    "arn:aws:sagemaker::123456789012:mlflow-tracking-server/team": "has no valid region",
    "arn:aws:sagemaker:europe:123456789012:mlflow-tracking-server/team": "has no valid region",
    "arn:aws:sagemaker:eu-west-1.evil.test:123456789012:mlflow-tracking-server/team": "is not a region",
    "arn:aws:sagemaker:eu-west-1/x:123456789012:mlflow-tracking-server/team": "is not a region",
    "arn:aws:sagemaker:cn-north-1:123456789012:mlflow-tracking-server/team": "is in partition aws-cn, not in aws",
    "arn:aws-cn:sagemaker:eu-west-1:123456789012:mlflow-tracking-server/team": "is in partition aws, not in aws-cn",
    "arn:aws-cn:sagemaker:cn-north-1:123456789012:mlflow-tracking-server/team": "set SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT",
    "arn:aws:sagemaker:eu-west-1::mlflow-tracking-server/team": "has no account number",
    "arn:aws:sagemaker:eu-west-1:aws:mlflow-tracking-server/team": "has no account number",
    "arn:aws:sagemaker:eu-west-1:12345:mlflow-tracking-server/team": "is not twelve digits",
    "arn:aws:sagemaker:eu-west-1:12345678901x:mlflow-tracking-server/team": "is not twelve digits",
    "arn:aws:sagemaker:eu-west-1:123456789012:": "the resource is missing",
    "arn:aws:sagemaker:eu-west-1:123456789012:mlflow-tracking-server": "names no MLflow resource",
    "arn:aws:sagemaker:eu-west-1:123456789012:mlflow-tracking-server/": "names no MLflow resource",
    "arn:aws:sagemaker:eu-west-1:123456789012:mlflow-tracking-server/a/b": "names no MLflow resource",
    "arn:aws:sagemaker:eu-west-1:123456789012:mlflow-tracking-server/-a": "names no MLflow resource",
    "arn:aws:sagemaker:eu-west-1:123456789012:mlflow-tracking-server/a b": "has a space or a control character",
    TRACKING + "\n": "has a space or a control character",
    TRACKING + "\r\nx-evil: 1": "has a space or a control character",
    TRACKING + "\u00fc": "names no MLflow resource",
    "arn:aws:sagemaker:eu-west-1:123456789012:notebook-instance/team": "names a resource that is not MLflow",
    "arn:aws:sagemaker:eu-west-1:123456789012:mlflow-tracking-server/" + "a" * 5_000: "names no MLflow resource",
    "x" * 100_000: "is no ARN: it does not start with",
}

# Settings in addition to the ordinary ones (nothing: left out), and what the sentence says.
SETTINGS = [
    ({"PROXY_AUTH": None}, ["PROXY_AUTH is not set", "alb-jwt", "network"]),
    ({"PROXY_AUTH": "none"}, ['PROXY_AUTH is "none": it should be alb-oidc, alb-jwt or network']),
    ({"PROXY_AUTH": "NETWORK"}, ['PROXY_AUTH is "NETWORK"']),
    ({"PROXY_AUTH": "alb-oidc"}, ["PROXY_ALB_ARN is not set: with PROXY_AUTH alb-oidc it names the load balancer"]),
    ({"PROXY_PUBLIC_URL": "mlflow.example.com"}, ["PROXY_PUBLIC_URL", "https://HOST without a path"]),
    ({"PROXY_PUBLIC_URL": "https://mlflow.example.com/path"}, ["PROXY_PUBLIC_URL", "without a path"]),
    ({"PROXY_PUBLIC_URL": "https://user@mlflow.example.com"}, ["PROXY_PUBLIC_URL"]),
    ({"PROXY_ALLOWED_ORIGINS": "*"}, ["PROXY_ALLOWED_ORIGINS", "there are no wildcards"]),
    ({"PROXY_ALLOWED_ORIGINS": "https://a.test, https://*.b.test"}, ["PROXY_ALLOWED_ORIGINS", "https://*.b.test"]),
    ({"PROXY_FRAME_ANCESTORS": "'self'"}, ["PROXY_FRAME_ANCESTORS", "'self'"]),
    ({"PROXY_ACCESS": "some"}, ['PROXY_ACCESS is "some"', "full"]),
    ({"PROXY_AUHT": "network"}, ["PROXY_AUHT is no setting", "PROXY_AUTH is meant"]),
    ({"PROXY_SOMETHING_ELSE": "1"}, ["PROXY_SOMETHING_ELSE is no setting", "PROXY_PUBLIC_URL"]),
    ({"PROXY_OIDC_ISSUER": "https://a.test"}, ["PROXY_OIDC_ISSUER is set, and PROXY_AUTH network does nothing with it"]),
    ({"SAGEMAKER_MLFLOW_ASSUME_ROLE_ARN": "admin"}, ["SAGEMAKER_MLFLOW_ASSUME_ROLE_ARN cannot be used"]),
    ({"SAGEMAKER_MLFLOW_ASSUME_ROLE_ARN": "arn:aws:iam::123456789012:user/x"}, ["SAGEMAKER_MLFLOW_ASSUME_ROLE_ARN"]),
    ({"SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT": "mlflow.example.com"}, ["SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT is not an absolute"]),
    ({"SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT": "ftp://a.test"}, ["SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT is not an absolute"]),
    ({"SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT": "https://a.test/?x=1"}, ["SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT"]),
    ({"SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT": "https://a.test/../b"}, ["has a path that cannot stand in front"]),
    ({"SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT": f"https://u:{COOKIE}@a.test/"}, ["SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT"]),
    (
        {"MLFLOW_TRACKING_ARN": None, "PROXY_AUTH": "x", "PROXY_PUBLIC_URL": "y", "PROXY_ACESS": "full"},
        ["MLFLOW_TRACKING_ARN is not set", 'PROXY_AUTH is "x"', 'PROXY_PUBLIC_URL is "y"', "PROXY_ACCESS is meant"]),
]


class Settings(ProxyCase):
    def assert_refused(self, environment, phrases):
        """The function reports all the phrases and ends with 1."""
        settings = {**PROXY_SETTINGS, **environment}
        function = Function(
            self, "mlflow-proxy", self.api(), {name: value for name, value in settings.items() if value is not None})
        posted = function.posted()
        self.assertEqual(posted.path, "/2018-06-01/runtime/init/error")
        self.assertEqual(function.status(), 1)
        self.assertEqual(json.loads(posted.body)["errorType"], "Runtime.ConfigurationError")
        for phrase in phrases:
            self.assertIn(phrase, error_message(posted))
        self.assertLess(len(posted.body), 10_000)
        for secret in (SECRET_KEY, SESSION_TOKEN, COOKIE):
            self.assertNotIn(secret, posted.body.decode())
            self.assertNotIn(secret, function.log)

    def test_an_ARN_that_names_no_MLflow_is_explained(self):
        self.assertGreaterEqual(len(ARNS), 25)
        for arn, phrase in ARNS.items():
            with self.subTest(arn[:100]):
                self.assert_refused({"MLFLOW_TRACKING_ARN": arn}, ["MLFLOW_TRACKING_ARN", phrase])

    def test_settings_that_are_missing_or_contradict_themselves_are_explained(self):
        for environment, phrases in SETTINGS:
            with self.subTest(environment):
                self.assert_refused(environment, phrases)


HOP_BY_HOP_AND_IDENTITY = {
    "connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "proxy-authorization",
    "proxy-authenticate", "proxy-connection", "http2-settings", "forwarded", "x-real-ip", "x-client-ip", "origin",
    "referer", "x-original-url", "x-rewrite-url", "x-http-method-override",
}
IDENTITY_PREFIXES = ("x-forwarded-", "x-amzn-oidc-", "x-amzn-mtls-", "x-amzn-tls-", "x-sm-")
SIGNATURE = {"x-amz-date", "x-amz-content-sha256", "x-amz-security-token"}

VALUES = [
    None, True, False, 0, -1, 1e308, 10**30, "", "/", "GET", "\x00", "\u2028", "\ud83d\ude00", "a" * 10_000, [], {}, [[]],
    ["a"], [None], {"a": "b"}, {"a": ["b"]}, {"": [""]}, "../..", "%", "%00", "%2e%2e", "\r\nx: y", "=?utf-8?q?=", "\u202e",
]
NAMES = [
    "host", "Host", "connection", "Transfer-Encoding", "content-length", "expect", "upgrade", "te", "x-forwarded-host",
    "x_forwarded_for", "X-Amz-Security-Token", "x-amz-date", "x-sm-mlflow-app-arn", "x-mlflow-sm-tracking-server-arn",
    "proxy-authorization", "x-amzn-oidc-identity", "origin", "range", "accept-encoding", "cookie", "\u00e9", "a b", "",
    "content-type", "via", "user-agent", "x-http-method-override", "keep-alive", "trailer", "sec-fetch-site",
    "transfer_encoding", "KEEP_ALIVE", "proxy_authorization", "x_sm_mlflow_app_arn",
]
HEADER_VALUES = [
    "", "close", "chunked", "x-custom, keep-alive", "100-continue", "0", "-1", "99999999999", "gzip;q=0", "*", "a\r\nb",
    "\x00", "\u00fc", "x" * 8_000, "https://evil.test", "null", "bytes=0-1", "h2c", "mlflow.example.com:80", "[::1]",
]


class Mutations:
    """Ordinary events, each changed a little at random."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        samples = sorted(pathlib.Path(REPOSITORY, "events/mlflow-proxy").glob("*.json"))
        texts = [path.read_text(encoding="utf-8") for path in samples if path.name != "expected.json"]
        self.events = [json.loads(text) for text in texts] + [ALB_EVENT, single()]

    def next(self):
        event = json.loads(json.dumps(self.random.choice(self.events)))
        self.add_secrets(event)
        for _ in range(self.random.randint(1, 3)):
            self.random.choice((self.replace, self.remove, self.header, self.header, self.path, self.query))(event)
        data = json.dumps(event, ensure_ascii=self.random.random() < 0.5).encode("utf-8", "surrogatepass")
        return self.bytes(data) if self.random.random() < 0.3 else data

    def add_secrets(self, event):
        for member, wrap in (("multiValueHeaders", lambda value: [value]), ("headers", str)):
            if isinstance(event.get(member), dict):
                event[member]["cookie"] = wrap(f"AWSELBAuthSessionCookie-0={COOKIE}")
                event[member]["authorization"] = wrap(f"Bearer {AUTHORIZATION}")

    def replace(self, event):
        names = list(event)
        place = event
        name = self.random.choice(names)
        while isinstance(place.get(name), dict) and place[name] and self.random.random() < 0.7:
            place = place[name]
            name = self.random.choice(list(place))
        place[name] = copy.deepcopy(self.random.choice(VALUES))

    def remove(self, event):
        event.pop(self.random.choice(list(event)))

    def header(self, event):
        value = self.random.choice(HEADER_VALUES)
        if isinstance(event.get("multiValueHeaders"), dict):
            event["multiValueHeaders"][self.random.choice(NAMES)] = [value] * self.random.randint(0, 3)
        elif isinstance(event.get("headers"), dict):
            event["headers"][self.random.choice(NAMES)] = value

    def path(self, event):
        if isinstance(event.get("path"), str):
            place = self.random.randint(0, len(event["path"]))
            piece = self.random.choice(("/", "//", "/../", "%2F", "%", "%25", " ", "\\", "?", "#", "\x00", ";", "\u00fc", "."))
            event["path"] = event["path"][:place] + piece + event["path"][place:]

    def query(self, event):
        name = self.random.choice(("a", "", "%", "%ff", "a b", "X-Amz-Signature", "\u00fc", "a&b", "a=b", "\x00"))
        value = self.random.choice(("", "1", "%", "%00", "+", "&", "\u00fc", "a=b", "\r\n"))
        if isinstance(event.get("multiValueQueryStringParameters"), dict):
            event["multiValueQueryStringParameters"][name] = [value] * self.random.randint(0, 3)
        elif isinstance(event.get("queryStringParameters"), dict):
            event["queryStringParameters"][name] = value

    def bytes(self, data):
        data = bytearray(data)
        for _ in range(self.random.randint(1, 4)):
            place = self.random.randrange(len(data))
            change = self.random.randrange(4)
            if change == 0:
                data[place] = self.random.randrange(256)
            elif change == 1:
                del data[place : place + self.random.randint(1, 8)]
            elif change == 2:
                data[place:place] = self.random.randbytes(self.random.randint(1, 4))
            else:
                data[place] ^= 1 << self.random.randrange(8)
            if not data:
                break
        return bytes(data)


class Mutated(ProxyCase):
    """`FUZZ_PACKAGED_EVENTS` says how many events there are in all."""

    COUNT = int(os.environ.get("FUZZ_PACKAGED_EVENTS", 6_000)) // 3

    def test_no_mutated_event_ends_the_function_or_lets_anything_through_that_should_not(self):
        for seed, environment in enumerate((
                {}, {"PROXY_AUTH": "alb-jwt", "PROXY_ACCESS": "no-delete"}, {"PROXY_ACCESS": "read-only"})):
            with self.subTest(environment):
                self.upstream.requests.clear()
                self.send_mutated(20240618 + seed, environment)

    def send_mutated(self, seed, environment):
        mutations = Mutations(seed)
        api = self.api()
        function = self.proxy(api, **environment)
        statuses = {"error": 0}
        for number in range(self.COUNT):
            data = mutations.next()
            request_id = f"request-{number}"
            api.waiting.put(Event(data, request_id, ORDINARY_HEADERS))
            posted = function.posted()
            self.assertEqual(posted.path.split("/")[-2], request_id)
            status = self.check(posted, data)
            statuses[status] = statuses.get(status, 0) + 1
        function.assert_alive()
        # Every way through the function was taken, and often.
        for status in ("error", 200, 400, 403):
            self.assertGreater(statuses.get(status, 0), self.COUNT // 250, statuses)
        for secret in (SECRET_KEY, SESSION_TOKEN, COOKIE, AUTHORIZATION):
            self.assertNotIn(secret, function.log)
        self.assertGreater(len(self.upstream.requests), self.COUNT // 25)
        for request in self.upstream.requests:
            self.check_upstream(*request)
            if environment.get("PROXY_ACCESS") == "read-only":
                self.assertNotIn(request[0], ("PUT", "PATCH", "DELETE"))

    def check(self, posted, data):
        """The answer's status, or `error`."""
        for secret in (SECRET_KEY, SESSION_TOKEN, COOKIE, AUTHORIZATION):
            self.assertNotIn(secret.encode(), posted.body, data)
            self.assertNotIn(secret, str(posted.headers), data)
        answer = json.loads(posted.body)
        if posted.kind == "error":
            self.assertEqual(answer["errorType"], "Function.ALBEventError", data)
            self.assertGreater(len(answer["errorMessage"].split()), 5, data)
            return "error"
        self.assertIs(type(answer["statusCode"]), int, data)
        self.assertTrue(200 <= answer["statusCode"] <= 599, data)
        self.assertIsInstance(answer["body"], str, data)
        self.assertIsInstance(answer.get("headers", answer.get("multiValueHeaders")), dict, data)
        return answer["statusCode"]

    def check_upstream(self, method, target, fields, _):
        names = [name.lower().replace("_", "-") for name, _ in fields]
        for name in names:
            self.assertNotIn(name, HOP_BY_HOP_AND_IDENTITY, fields)
            self.assertFalse(name.startswith(IDENTITY_PREFIXES), fields)
            self.assertTrue(not name.startswith("x-amz-") or name in SIGNATURE, fields)
        headers = {name.lower(): value for name, value in fields}
        for name in ("host", "authorization", "x-amz-date", "x-mlflow-sm-tracking-server-arn", "x-amz-security-token"):
            self.assertEqual(names.count(name), 1, fields)
        self.assertEqual(headers["host"], self.upstream.address)
        self.assertTrue(headers["authorization"].startswith("AWS4-HMAC-SHA256 "), fields)
        self.assertEqual(headers["x-amz-security-token"], SESSION_TOKEN)
        self.assertEqual(headers["x-mlflow-sm-tracking-server-arn"], TRACKING)
        self.assertTrue(target.startswith("/") and not target.startswith("//"), target)
        self.assertNotIn(SECRET_KEY, str(fields) + target)
        self.assertNotIn(COOKIE, headers.get("cookie", ""))
        self.assertIn(method, ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
