#!/usr/bin/env python3
"""The stand-in for SageMaker's control plane, driven by boto3: it is right when AWS's own SDK cannot tell the difference.

Every answer is checked against the service model: no member that the model does not have, every value as the model says.
"""

import json
import pathlib
import subprocess
import time
import unittest
import urllib.error
import urllib.request

import boto3
import botocore.config
import botocore.exceptions
import botocore.validate

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
TOOL = REPOSITORY / ".build/debug/lambda-local"
KEYS = {"aws_access_key_id": "AKIATESTTESTTEST0000", "aws_secret_access_key": "test-secret", "aws_session_token": "test-token"}
ROLE = "arn:aws:iam::123456789012:role/mlflow"
STORE = "s3://artifacts/mlflow"


class ControlPlane:
    def __init__(self, **settings):
        arguments = ["--access-key-id", KEYS["aws_access_key_id"], "--secret-access-key", KEYS["aws_secret_access_key"],
                     "--session-token", KEYS["aws_session_token"], "--settings", json.dumps(settings)]
        self.process = subprocess.Popen([TOOL, "sagemaker", *arguments], stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().strip()

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def set(self, **settings):
        urllib.request.urlopen(urllib.request.Request(
            f"{self.url}/__control", json.dumps(settings).encode(), {"Content-Type": "application/json"})).close()

    def calls(self):
        with urllib.request.urlopen(f"{self.url}/__control") as answer:
            return json.load(answer)["calls"]

    def client(self, **changes):
        client = boto3.client(
            "sagemaker", region_name=changes.pop("region", "us-east-1"), endpoint_url=self.url, **(KEYS | changes),
            config=botocore.config.Config(retries={"total_max_attempts": 1}))
        client.meta.events.register("before-parse.sagemaker", check_names)
        client.meta.events.register("after-call.sagemaker", check_parsed)
        return client


def check_parsed(parsed, model, **_):
    if "Error" in parsed:
        return
    parsed = {name: value for name, value in parsed.items() if name != "ResponseMetadata"}
    if model.output_shape:
        report = botocore.validate.ParamValidator().validate(parsed, model.output_shape)
        assert not report.has_errors(), f"{model.name}: {report.generate_report()}"


def check_names(operation_model, response_dict, **_):
    """The parser passes over what the model does not have, so that the bytes are looked at before."""
    if response_dict["status_code"] == 200 and operation_model.output_shape:
        unknown = list(names_unknown_to(operation_model.output_shape, json.loads(response_dict["body"])))
        assert not unknown, f"{operation_model.name} answers with {unknown}, which the service model does not have"


def names_unknown_to(shape, value):
    if shape.type_name == "structure":
        for name, member in value.items():
            if name not in shape.members:
                yield name
            else:
                yield from names_unknown_to(shape.members[name], member)
    elif shape.type_name == "list":
        for member in value:
            yield from names_unknown_to(shape.member, member)


class Case(unittest.TestCase):
    def start(self, **settings):
        plane = ControlPlane(**({"creation": 0.2, "update": 0.2, "deletion": 0.2, "startAndStop": 0.2} | settings))
        self.addCleanup(plane.close)
        return plane, plane.client()

    def assert_refused(self, code, call, *arguments, **input):
        with self.assertRaises(botocore.exceptions.ClientError) as caught:
            call(*arguments, **input)
        self.assertEqual(caught.exception.response["Error"]["Code"], code, caught.exception)
        return caught.exception.response["Error"]["Message"]

    def wait(self, describe, wanted):
        end = time.monotonic() + 10
        while time.monotonic() < end:
            answer = describe()
            status = answer.get("Status") or answer.get("TrackingServerStatus")
            if status == wanted:
                return answer
            time.sleep(0.02)
        self.fail(f"the status is {status}, not {wanted}")

    def app(self, client, name="demo", **more):
        arn = client.create_mlflow_app(Name=name, ArtifactStoreUri=STORE, RoleArn=ROLE, **more)["Arn"]
        self.wait(lambda: client.describe_mlflow_app(Arn=arn), "Created")
        return arn

    def server(self, client, name="demo", **more):
        client.create_mlflow_tracking_server(TrackingServerName=name, ArtifactStoreUri=STORE, RoleArn=ROLE, **more)
        self.wait(lambda: client.describe_mlflow_tracking_server(TrackingServerName=name), "Created")
        return name


class Apps(Case):
    def test_the_life_of_an_app(self):
        plane, client = self.start()
        arn = client.create_mlflow_app(
            Name="demo", ArtifactStoreUri=STORE, RoleArn=ROLE, ModelRegistrationMode="AutoModelRegistrationEnabled",
            WeeklyMaintenanceWindowStart="Tue:03:30", AccountDefaultStatus="ENABLED", DefaultDomainIdList=["d-abc"],
            Tags=[{"Key": "team", "Value": "ml"}])["Arn"]
        describe = lambda: client.describe_mlflow_app(Arn=arn)
        self.assertEqual(describe()["Status"], "Creating")
        self.assert_refused("ConflictException", client.update_mlflow_app, Arn=arn, Name="other")
        self.assert_refused("ConflictException", client.delete_mlflow_app, Arn=arn)
        made = self.wait(describe, "Created")
        self.assertEqual(
            [made[name] for name in ("Name", "ModelRegistrationMode", "WeeklyMaintenanceWindowStart", "AccountDefaultStatus",
                                     "DefaultDomainIdList")],
            ["demo", "AutoModelRegistrationEnabled", "Tue:03:30", "ENABLED", ["d-abc"]])
        client.update_mlflow_app(Arn=arn, Name="other", DefaultDomainIdList=[], ModelRegistrationMode="AutoModelRegistrationDisabled")
        changed = self.wait(describe, "Updated")
        self.assertEqual((changed["Name"], changed["DefaultDomainIdList"]), ("other", []))
        client.delete_mlflow_app(Arn=arn)
        self.assertEqual(self.wait(describe, "Deleted")["Name"], "other")
        self.assert_refused("ResourceNotFound", client.delete_mlflow_app, Arn=arn)
        self.assertIn((arn, "Deleted"), [(app["Arn"], app["Status"]) for app in client.list_mlflow_apps()["Summaries"]])

    def test_an_update_that_says_nothing_of_the_registration_turns_it_on(self):
        _, client = self.start()
        arn = self.app(client)
        client.update_mlflow_app(Arn=arn, Name="other")
        self.assertEqual(client.describe_mlflow_app(Arn=arn)["ModelRegistrationMode"], "AutoModelRegistrationEnabled")

    def test_there_is_one_default_of_the_account_and_of_a_domain(self):
        _, client = self.start()
        self.app(client, AccountDefaultStatus="ENABLED", DefaultDomainIdList=["d-abc"])
        other = self.app(client, "other")
        self.assert_refused("ValidationException", client.update_mlflow_app, Arn=other, AccountDefaultStatus="ENABLED")
        self.assert_refused("ValidationException", client.update_mlflow_app, Arn=other, DefaultDomainIdList=["d-abc"])

    def test_a_listing_comes_in_pages_and_can_be_narrowed(self):
        _, client = self.start(creation=0)
        for number in range(12):
            self.app(client, f"app-{number:02}")
        names, token, pages = [], None, 0
        while True:
            answer = client.list_mlflow_apps(SortBy="Name", SortOrder="Ascending", MaxResults=5, **({"NextToken": token} if token else {}))
            names += [app["Name"] for app in answer["Summaries"]]
            token, pages = answer.get("NextToken"), pages + 1
            if not token:
                break
        self.assertEqual((names, pages), ([f"app-{number:02}" for number in range(12)], 3))
        self.assertEqual(len(client.list_mlflow_apps()["Summaries"]), 10, "the default page has 10")
        self.assertEqual(client.list_mlflow_apps(Status="Deleting")["Summaries"], [])
        self.assert_refused("ValidationException", client.list_mlflow_apps, NextToken="made-up")

    def test_a_presigned_url_works_once(self):
        _, client = self.start()
        url = client.create_presigned_mlflow_app_url(Arn=self.app(client), ExpiresInSeconds=60)["AuthorizedUrl"]
        with urllib.request.urlopen(url) as answer:
            self.assertEqual(answer.status, 200)
        with self.assertRaises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(url)
        caught.exception.close()
        self.assertEqual(caught.exception.code, 403)


class Servers(Case):
    def test_the_life_of_a_tracking_server(self):
        _, client = self.start()
        name = self.server(client, TrackingServerSize="Small", MlflowVersion="3.0.0", AutomaticModelRegistration=True)
        describe = lambda: client.describe_mlflow_tracking_server(TrackingServerName=name)
        self.assertEqual(describe()["IsActive"], "Active")
        self.assert_refused("ConflictException", client.start_mlflow_tracking_server, TrackingServerName=name)
        client.stop_mlflow_tracking_server(TrackingServerName=name)
        self.assert_refused("ConflictException", client.start_mlflow_tracking_server, TrackingServerName=name)
        self.assertEqual(self.wait(describe, "Stopped")["IsActive"], "Inactive")
        self.assert_refused(
            "ConflictException", client.update_mlflow_tracking_server, TrackingServerName=name, TrackingServerSize="Large")
        client.start_mlflow_tracking_server(TrackingServerName=name)
        self.wait(describe, "Started")
        client.update_mlflow_tracking_server(TrackingServerName=name, TrackingServerSize="Large")
        self.assertEqual(self.wait(describe, "Updated")["TrackingServerSize"], "Large")
        self.assertTrue(client.create_presigned_mlflow_tracking_server_url(TrackingServerName=name)["AuthorizedUrl"])
        client.delete_mlflow_tracking_server(TrackingServerName=name)
        self.assertEqual(describe()["TrackingServerStatus"], "Deleting")
        time.sleep(0.4)
        self.assert_refused("ResourceNotFound", describe)
        self.assertEqual(client.list_mlflow_tracking_servers()["TrackingServerSummaries"], [])

    def test_a_name_is_taken_once(self):
        _, client = self.start()
        name = self.server(client)
        self.assert_refused(
            "ConflictException", client.create_mlflow_tracking_server, TrackingServerName=name, ArtifactStoreUri=STORE, RoleArn=ROLE)


class Tags(Case):
    def test_tags_come_and_go(self):
        _, client = self.start()
        for arn in (self.app(client, Tags=[{"Key": "a", "Value": "1"}]),
                    client.describe_mlflow_tracking_server(TrackingServerName=self.server(client))["TrackingServerArn"]):
            client.add_tags(ResourceArn=arn, Tags=[{"Key": "a", "Value": "2"}, {"Key": "b", "Value": ""}])
            self.assertEqual(client.list_tags(ResourceArn=arn)["Tags"], [{"Key": "a", "Value": "2"}, {"Key": "b", "Value": ""}])
            client.delete_tags(ResourceArn=arn, TagKeys=["a", "none"])
            self.assertEqual(client.list_tags(ResourceArn=arn)["Tags"], [{"Key": "b", "Value": ""}])
            self.assert_refused("ValidationException", client.add_tags, ResourceArn=arn, Tags=[{"Key": "aws:x", "Value": ""}])


class Strictness(Case):
    def test_a_wrong_signature_is_refused(self):
        plane, _ = self.start()
        for change in ({"aws_secret_access_key": "other"}, {"aws_session_token": "other"}, {"aws_access_key_id": "AKIAOTHER"},
                       {"region": "eu-west-1"}):
            with self.subTest(change), self.assertRaises(botocore.exceptions.ClientError) as caught:
                plane.client(**change).list_mlflow_apps()
            self.assertEqual(caught.exception.response["ResponseMetadata"]["HTTPStatusCode"], 403)

    def test_values_that_the_service_model_refuses_are_refused_together(self):
        plane, _ = self.start()
        client = boto3.client(
            "sagemaker", region_name="us-east-1", endpoint_url=plane.url, **KEYS,
            config=botocore.config.Config(parameter_validation=False, retries={"total_max_attempts": 1}))
        message = self.assert_refused(
            "ValidationException", client.create_mlflow_app, Name="-no-", ArtifactStoreUri="ftp://x", RoleArn=ROLE,
            WeeklyMaintenanceWindowStart="TUE:03:30", AccountDefaultStatus="maybe")
        for part in ("4 validation errors", "'name'", "'artifactStoreUri'", "'weeklyMaintenanceWindowStart'", "'accountDefaultStatus'"):
            self.assertIn(part, message)
        message = self.assert_refused("ValidationException", client.create_mlflow_app, Name="demo")
        self.assertIn("Value at 'roleArn' failed to satisfy constraint: Member must not be null", message)

    def test_what_goes_wrong_can_be_chosen(self):
        plane, client = self.start()
        create = lambda name="demo": client.create_mlflow_app(Name=name, ArtifactStoreUri=STORE, RoleArn=ROLE)
        plane.set(throttling=1)
        self.assert_refused("ThrottlingException", create)
        plane.set(throttling=0, internalErrors=1)
        self.assert_refused("InternalFailure", create)
        plane.set(internalErrors=0, failures={"CreateMlflowApp": {
            "count": 1, "code": "ValidationException", "message": "unable to perform: sts:AssumeRole"}})
        self.assertIn("sts:AssumeRole", self.assert_refused("ValidationException", create))
        plane.set(failedCreations=1, failedUpdates=1, failedDeletions=1)
        arn = create()["Arn"]
        self.wait(lambda: client.describe_mlflow_app(Arn=arn), "CreateFailed")
        arn = self.app(client)
        client.update_mlflow_app(Arn=arn, Name="new")
        self.wait(lambda: client.describe_mlflow_app(Arn=arn), "UpdateFailed")
        client.delete_mlflow_app(Arn=arn)
        self.wait(lambda: client.describe_mlflow_app(Arn=arn), "DeleteFailed")
        plane.set(lostCreations=1)
        self.assert_refused("InternalFailure", create, "lost")
        self.assertIn("lost", [app["Name"] for app in client.list_mlflow_apps()["Summaries"]])
        plane.set(limit=1)
        self.assert_refused("ResourceLimitExceeded", create)
        self.assertGreater(plane.calls().count("CreateMlflowApp"), 5)


if __name__ == "__main__":
    unittest.main(verbosity=2)
