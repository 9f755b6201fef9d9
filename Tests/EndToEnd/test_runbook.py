#!/usr/bin/env python3
"""The commands of docs/operations.md, typed as they stand there, on a stack that `./build.sh deploy` has made at moto."""

import json
import pathlib
import re
import sys
import tempfile
import unittest

from local_stack import REPOSITORY
from moto_deployment import ENVIRONMENT, KEYS, Moto, Stack, build

sys.path.append(str(REPOSITORY / "Tests/Documents"))
import markdown  # noqa: E402  (the other folder of tests has it)

OPERATIONS = (REPOSITORY / "docs/operations.md").read_text(encoding="utf-8")
STACK = "mlflow-gateway"
PROFILES = {STACK: "app-cognito-internal", "oidc": "app-oidc-internet"}


def commands(heading):
    """The first commands for a shell under a heading."""
    under = re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#|\Z)", OPERATIONS, re.M | re.S)[1]
    return markdown.code_blocks(under)[0]


class Runbook(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.moto = Moto()
        cls.addClassCleanup(cls.moto.stop)
        for stack, profile in PROFILES.items():
            made = build("deploy", "--profile", profile, "--stack", stack, "--set", f"MlflowName={stack}", "--endpoint", cls.moto.address, "--yes")
            if made.status != 0:
                raise AssertionError(f"{profile} was not deployed:\n{made.output}")
        cls.awslambda, cls.elb, cls.ec2 = (cls.moto.client(name) for name in ("lambda", "elbv2", "ec2"))
        # moto's CloudFormation knows no aliases.
        version = cls.awslambda.publish_version(FunctionName=f"{STACK}-proxy")["Version"]
        cls.awslambda.create_alias(FunctionName=f"{STACK}-proxy", Name="live", FunctionVersion=version)
        cls.variables = markdown.code_blocks(OPERATIONS)[0]

    def type(self, heading, stack=STACK, **given):
        """What is printed when the commands under a heading are typed, after those at the beginning of the document."""
        return self.type_text(commands(heading), stack, **given)

    def type_text(self, text, stack=STACK, **given):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        script = f"{self.variables.replace(STACK, stack, 1)}\n{text}"
        # The AWS CLI's first version does not mind AWS_ENDPOINT_URL for every service.
        (self.folder / "aws").write_text(f'#!/bin/sh\nexec {REPOSITORY}/.venv-aws/bin/aws --endpoint-url {self.moto.address} "$@"\n')
        (self.folder / "aws").chmod(0o755)
        ended = build("-c", script, command=("bash",), folder=self.folder, PATH=f"{self.folder}:{ENVIRONMENT['PATH']}", AWS_PAGER="",
                      AWS_ACCESS_KEY_ID=KEYS["aws_access_key_id"], AWS_SECRET_ACCESS_KEY=KEYS["aws_secret_access_key"], **given)
        self.assertEqual(ended.status, 0, ended.output)
        self.assertNotRegex(ended.output, r"(?i)error|usage:|parse|not found", text)
        return ended.output

    def configuration(self, qualifier="$LATEST"):
        return self.awslambda.get_function_configuration(FunctionName=f"{STACK}-proxy", Qualifier=qualifier)

    def live(self):
        return self.awslambda.get_alias(FunctionName=f"{STACK}-proxy", Name="live")["FunctionVersion"]

    def rules(self, stack):
        balancer, = self.elb.describe_load_balancers(Names=[stack])["LoadBalancers"]
        listener, = [each for each in self.elb.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"] if each["Protocol"] == "HTTPS"]
        return [each for each in self.elb.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"] if not each["IsDefault"]]

    def test_stop_everything(self):
        self.assertIn(f"{STACK}-proxy: stopped", self.type("Stop everything"))
        self.assertEqual(self.awslambda.get_function_concurrency(FunctionName=f"{STACK}-proxy")["ReservedConcurrentExecutions"], 0)

    def test_end_all_sessions(self):
        for stack, kind in ((STACK, "AuthenticateCognitoConfig"), ("oidc", "AuthenticateOidcConfig")):
            with self.subTest(kind):
                before = self.rules(stack)
                self.type("End all sessions", stack)
                after = self.rules(stack)
                self.assertEqual([each["Conditions"] for each in after], [each["Conditions"] for each in before])
                cookies = set()
                for was, now in zip(before, after):
                    self.assertEqual([each["Type"] for each in now["Actions"]], [each["Type"] for each in was["Actions"]])
                    for old, new in zip(was["Actions"], now["Actions"]):
                        if kind in new:
                            cookies.add(new[kind]["SessionCookieName"])
                            self.assertEqual(new[kind]["SessionTimeout"], old[kind]["SessionTimeout"])
                            self.assertEqual(new[kind]["OnUnauthenticatedRequest"], old[kind]["OnUnauthenticatedRequest"])
                self.assertEqual(len(cookies), 1)
                self.assertRegex(cookies.pop(), r"^MLflow\d+$")

    def test_take_credentials_back(self):
        self.type("Take credentials back")
        role = self.configuration()["Environment"]["Variables"]["SAGEMAKER_MLFLOW_ASSUME_ROLE_ARN"].rsplit("/", 1)[1]
        policy = self.moto.client("iam").get_role_policy(RoleName=role, PolicyName="revoke-older-sessions")["PolicyDocument"]
        statement, = policy["Statement"]
        self.assertEqual((statement["Effect"], statement["Action"], statement["Resource"]), ("Deny", "*", "*"))
        self.assertRegex(statement["Condition"]["DateLessThan"]["aws:TokenIssueTime"], r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$")

    def test_replace_all_instances_and_roll_back(self):
        first = self.live()
        self.type("Replace all instances")
        self.assertGreater(int(self.live()), int(first))
        self.assertIn("Replaced 20", self.configuration(self.live())["Description"])
        rollback = commands("Roll back")
        self.assertIn("--function-version 41", rollback)
        self.assertIn("Replaced 20", self.type_text(rollback.replace("--function-version 41", f"--function-version {first}")))
        self.assertEqual(self.live(), first)

    def test_read_only_at_once(self):
        before = self.configuration()["Environment"]["Variables"]
        self.type("Read only, at once")
        self.assertIn("PROXY_UPLOAD_LOCATIONS", before)
        expected = {name: value for name, value in before.items() if name != "PROXY_UPLOAD_LOCATIONS"} | {"PROXY_ACCESS": "read-only"}
        self.assertEqual(self.configuration()["Environment"]["Variables"], expected)

    def test_close_the_network(self):
        def rules():
            group = self.elb.describe_load_balancers(Names=[STACK])["LoadBalancers"][0]["SecurityGroups"][0]
            return self.ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["IpPermissions"]

        before = rules()
        self.assertTrue(before)
        self.type("Close the network")
        self.assertEqual(rules(), [])
        self.assertEqual(len(json.loads((self.folder / "rules.json").read_text())), len(before))

    def test_read_the_dead_letter_queue(self):
        sqs = self.moto.client("sqs")
        queue, = sqs.list_queues(QueueNamePrefix=f"{STACK}-")["QueueUrls"]
        sqs.send_message(QueueUrl=queue, MessageBody="given up")
        self.assertIn("given up", self.type("Read the dead-letter queue"))

    def test_an_artifact_that_was_deleted_comes_back(self):
        s3, bucket = self.moto.client("s3"), Stack(self.moto, STACK).outputs["ArtifactBucket"]
        key = "mlflow/1/0123456789abcdef/artifacts/model/weights.bin"
        # moto's CloudFormation leaves that out.
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        s3.put_object(Bucket=bucket, Key=key, Body=b"weights")
        s3.delete_object(Bucket=bucket, Key=key)
        self.type("Backup and restore", ARTIFACT_BUCKET=bucket, RUN="0123456789abcdef")
        self.assertEqual(s3.get_object(Bucket=bucket, Key=key)["Body"].read(), b"weights")


if __name__ == "__main__":
    unittest.main(verbosity=2)
