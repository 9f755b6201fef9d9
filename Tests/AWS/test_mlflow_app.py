#!/usr/bin/env python3
"""The packaged mlflow-app and botocore's model of SageMaker: every request it sends is one that botocore would send, and the
properties it refuses are those that the service's patterns refuse."""

import json
import pathlib
import random
import string
import sys
import unittest

from control_plane_front import MODEL, faults_of, matches
from custom_resource import local_tool
from mlflow_app_faults import APP, FLOWS, SERVER, Row, Run, act, create, delete, update
from test_control_plane import ROLE

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "Packaging"))
from functions import Function, unpacked  # noqa: E402
from servers import PlainUpstream, RuntimeAPI  # noqa: E402

FULL_APP = {
    **APP, "ModelRegistrationMode": "AutoModelRegistrationEnabled", "WeeklyMaintenanceWindowStart": "Tue:03:30",
    "AccountDefaultStatus": "ENABLED", "DefaultDomainIdList": ["d-abc"], "KmsKeyId": "alias/mlflow",
    "Tags": [{"Key": "team", "Value": "ml"}]}
FULL_SERVER = {
    **SERVER, "TrackingServerSize": "Medium", "MlflowVersion": "3.0.0", "AutomaticModelRegistration": "true",
    "WeeklyMaintenanceWindowStart": "Tue:03:30", "S3BucketOwnerAccountId": "123456789012", "S3BucketOwnerVerification": "true",
    "Tags": [{"Key": "team", "Value": "ml"}]}
# Every property set, and every one that can be changed changed.
FULL = [
    Row("a full App", (create(FULL_APP), update(FULL_APP, {
        **FULL_APP, "Name": "other", "ArtifactStoreUri": "s3://other/x", "ModelRegistrationMode": "AutoModelRegistrationDisabled",
        "WeeklyMaintenanceWindowStart": "Sun:23:59", "AccountDefaultStatus": "DISABLED", "DefaultDomainIdList": [],
        "Tags": [{"Key": "other", "Value": ""}]}), act("presign", app=-1), act("describe", app=-1), delete()), ()),
    Row("a Delete that can only look by tags", (create(), delete({"Kind": "Ap"}, identifier="demo-MLflow-1ABCDEFGHIJKL")), ()),
    Row("a server's", (create(SERVER), delete({"Kind": "Ap"}, identifier="demo-MLflow-1ABCDEFGHIJKL")), ()),
    Row("a full server", (create(FULL_SERVER), update(FULL_SERVER, {
        **FULL_SERVER, "ArtifactStoreUri": "s3://other/x", "TrackingServerSize": "Large", "AutomaticModelRegistration": "false",
        "WeeklyMaintenanceWindowStart": "Sun:23:59", "S3BucketOwnerAccountId": "210987654321", "S3BucketOwnerVerification": "false",
        "Tags": [{"Key": "other", "Value": ""}]}), act("presign"), act("describe"), delete(SERVER)), ()),
]


class Requests(unittest.TestCase):
    def test_every_request_of_every_flow_is_one_that_botocore_would_send(self):
        operations, inputs = set(), {}
        for row in [*FLOWS, *FULL]:
            with self.subTest(row.name):
                run = Run(row, unpacked("mlflow-app"), local_tool())
                self.assertEqual(run.found, [], run.log)
                for call in run.every_call:
                    operations.add(call.operation)
                    inputs.setdefault(call.operation, set()).update(call.input)
        # Servers are listed only where a Delete's properties cannot be read.
        mlflow = {name for name in MODEL.operation_names if "MlflowApp" in name or "MlflowTrackingServer" in name}
        self.assertEqual(operations, mlflow | {"AddTags", "DeleteTags", "ListTags"})
        for operation in ("CreateMlflowApp", "UpdateMlflowApp", "CreateMlflowTrackingServer", "UpdateMlflowTrackingServer"):
            known = set(MODEL.operation_model(operation).input_shape.members)
            self.assertEqual(known - inputs[operation], set(), operation)

    def test_the_check_finds_what_is_wrong(self):
        self.assertTrue(faults_of("CreateMlflowApp", {"Name": "-x", "ArtifactStoreUri": "s3://a", "RoleArn": ROLE}))
        self.assertTrue(faults_of("CreateMlflowApp", {"Name": "x", "ArtifactStoreUri": "s3://a"}))
        self.assertTrue(faults_of("DescribeMlflowApp", {"Arn": "x", "Nmae": "x"}))
        self.assertEqual(faults_of("DeleteMlflowTrackingServer", {"TrackingServerName": "x"}), [])


class Texts:
    """Texts near a pattern: a good one, changed a little or much."""

    def __init__(self, good, alphabet, seed):
        self.good, self.alphabet, self.random = good, alphabet, random.Random(seed)

    def next(self):
        text = list(self.random.choice(self.good))
        for _ in range(self.random.choice((0, 1, 1, 2, 4))):
            place = self.random.randrange(len(text) + 1)
            change = self.random.random()
            if change < 0.4:
                text.insert(place, self.random.choice(self.alphabet))
            elif change < 0.7 and text:
                del text[min(place, len(text) - 1)]
            elif change < 0.8:
                text[place:place] = self.random.choice(self.alphabet) * self.random.choice((30, 62, 130, 250, 1100, 2100))
            elif text:
                text[min(place, len(text) - 1)] = self.random.choice(self.alphabet)
        return "".join(text)


class Rules(unittest.TestCase):
    """Random texts as properties: the function refuses what the service's pattern and lengths refuse."""

    ROUNDS = 250
    ODD = "-_.:/ é\u0663\n"

    def setUp(self):
        self.upstream = PlainUpstream()
        self.addCleanup(self.upstream.close)
        self.api = RuntimeAPI()
        self.addCleanup(self.api.close)
        Function(self, "mlflow-app", self.api, {
            "AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "x", "AWS_ENDPOINT_URL": "http://127.0.0.1:1"})
        self.number = 0

    def is_refused(self, base, name, value):
        """Whether the function has something to say about a property. One more is always wrong, so that nothing is ever made."""
        self.number += 1
        self.api.waiting.put({
            "RequestType": "Create", "ResponseURL": f"http://{self.upstream.address}/x?X-Amz-Signature=1", "StackId":
            "arn:aws:cloudformation:us-east-1:123456789012:stack/s/1", "RequestId": str(self.number), "LogicalResourceId": "M",
            "ResourceType": "Custom::MLflowApp", "ResourceProperties": {**base, name: value, "Unknown": "x"}})
        reason = json.loads(self.api.posted.get(timeout=30).body)["Reason"]
        self.assertIn("Unknown", reason)
        return f"property {name}" in reason

    def compare(self, base, name, shape, good, alphabet, stricter=lambda text: False, wrap=lambda text: text):
        texts, counts = Texts(good, alphabet + self.ODD, seed=name), {True: 0, False: 0}
        rules = shape.metadata
        for _ in range(self.ROUNDS):
            text = texts.next()
            if not text:
                continue
            is_good = rules.get("min", 0) <= len(text) <= rules.get("max", len(text)) and matches(
                rules["pattern"], text)
            counts[is_good] += 1
            is_refused = self.is_refused(base, name, wrap(text))
            if is_good and stricter(text):
                continue
            self.assertEqual(is_refused, not is_good, f"{name}: {text!r} and {rules}")
        self.assertGreater(min(counts.values()), self.ROUNDS / 20, counts)

    def test_the_rules_are_those_of_the_service_model(self):
        app = MODEL.operation_model("CreateMlflowApp").input_shape.members
        server = MODEL.operation_model("CreateMlflowTrackingServer").input_shape.members
        letters = string.ascii_letters + string.digits
        self.compare(APP, "Name", app["Name"], ["demo", "a", "a-b", "x" * 250, "a--b9"], letters)
        # A control character in a place of S3 is a mistake, whatever the pattern says.
        self.compare(APP, "ArtifactStoreUri", app["ArtifactStoreUri"], ["s3://bucket/prefix", "https://b", "s3://b//x"], letters,
                     stricter=lambda text: any(ord(character) < 32 for character in text))
        # A role needs a name.
        self.compare(APP, "RoleArn", app["RoleArn"], [ROLE, "arn:aws-us-gov:iam::123456789012:role/a/b", ROLE + "/x=,.@"],
                     letters + "+=,@", stricter=lambda text: not text.split(":role", 1)[1].strip("/"))
        self.compare(APP, "WeeklyMaintenanceWindowStart", app["WeeklyMaintenanceWindowStart"],
                     ["Tue:03:30", "Sun:23:59", "Mon:19:00"], string.digits)
        self.compare(APP, "DefaultDomainIdList", app["DefaultDomainIdList"].member, ["d-abc", "d-a-b", "d-" + "a" * 59], letters,
                     wrap=lambda text: [text])
        self.compare(APP, "KmsKeyId", app["KmsKeyId"], ["alias/x", "arn:aws:kms:us-east-1:123456789012:key/a-b"], letters)
        # The pattern's dots stand for anything, and its digits for none: a version is two numbers or three.
        self.compare(SERVER, "MlflowVersion", server["MlflowVersion"], ["3.0.0", "2.16"], string.digits,
                     stricter=lambda text: not (text.isascii() and text.count(".") in (1, 2) and all(
                         part.isdigit() for part in text.split("."))))
        self.compare(SERVER, "S3BucketOwnerAccountId", server["S3BucketOwnerAccountId"], ["123456789012"], string.digits)

    def test_the_rules_of_tags_are_those_of_the_service_model(self):
        tag = MODEL.operation_model("CreateMlflowApp").input_shape.members["Tags"].member.members

        for name, other in (("Key", "Value"), ("Value", "Key")):
            self.assertEqual(tag[name].metadata["pattern"], r"([\p{L}\p{Z}\p{N}_.:/=+\-@]*)")
            self.compare(APP, "Tags", tag[name], ["team", "cost centre", "Größe", "a@b=c"], "äλ中²\u2028!{*" + string.ascii_letters,
                         wrap=lambda text, name=name, other=other: [{name: text, other: "x"}],
                         stricter=lambda text, name=name: name == "Key" and text.lower().startswith("aws:"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
