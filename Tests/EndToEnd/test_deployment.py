#!/usr/bin/env python3
"""What `deploy` and `destroy` make of what AWS answers and moto never does: stacks that got stuck, change sets of nested stacks, refusals,
quotas. The answers are the tests' own, in the form that AWS's models have."""

import argparse
import contextlib
import datetime
import io
import json
import unittest

from local_stack import REPOSITORY
from scripted_aws import ScriptedAWS, refused

import capacity  # noqa: E402  (scripted_aws says where they are)
import change_set  # noqa: E402
import cloudformation  # noqa: E402
import code_bucket  # noqa: E402
import endpoints  # noqa: E402
import fixed  # noqa: E402
import leftovers  # noqa: E402
import prerequisites  # noqa: E402
import progress  # noqa: E402
import settings  # noqa: E402
import stack  # noqa: E402
from console import Failure  # noqa: E402
from deploy import check_permissions  # noqa: E402
from destroy import destroy  # noqa: E402

change_set.POLL_SECONDS = progress.POLL_SECONDS = 0
NAME, ACCOUNT = "mlflow-gateway", "123456789012"
CALLER = argparse.Namespace(account=ACCOUNT, partition="aws", arn=f"arn:aws:iam::{ACCOUNT}:user/deployer")
YES = argparse.Namespace(stack=NAME, yes=True)
BALANCER = f"arn:aws:elasticloadbalancing:us-east-1:{ACCOUNT}:loadbalancer/app/{NAME}/50dc6c495c0c9188"
GONE = refused("ValidationError", f"Stack with id {NAME} does not exist")
NO_ANSWERS = (refused("AccessDenied"), refused("Throttling", "Rate exceeded"), refused("ValidationError", "1 validation error detected"),
              refused("500", "Stack"), type(GONE)('Could not connect to the endpoint URL: "https://cloudformation.us-east-1.amazonaws.com/"'))


def arn(name):
    return f"arn:aws:cloudformation:us-east-1:{ACCOUNT}:stack/{name}/0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"


def about(status, **members):
    return {"StackName": NAME, "StackId": arn(NAME), "CreationTime": "2026-11-21T10:00:00Z", "StackStatus": status, **members}


def listed(*resources):
    """The answer of list-stack-resources; each a name, kind, id and perhaps a status."""
    return {"StackResourceSummaries": [
        {"LogicalResourceId": name, "ResourceType": kind, "PhysicalResourceId": physical, "ResourceStatus": (status or ["CREATE_COMPLETE"])[0],
         "LastUpdatedTimestamp": "2026-11-21T10:00:00Z"} for name, kind, physical, *status in resources]}


class World(ScriptedAWS):
    """A stack with nested ones: `stacks` lists the resources of each by its name, `templates` says what is retained."""

    def __init__(self, status="CREATE_COMPLETE", stacks=None, retained=(), **answers):
        self.status, self.events = status, []
        stacks = {arn(name): resources for name, resources in (stacks or {}).items()}
        kept = {"TemplateBody": json.dumps({"Resources": {name: {"DeletionPolicy": "RetainExceptOnCreate"} for name in retained}})}
        super().__init__({
            "cloudformation describe-stacks": lambda options: {"Stacks": [about(self.status)]} if self.status else GONE,
            "cloudformation list-stack-resources": lambda options: listed(*stacks[options["stack-name"]]),
            "cloudformation get-template": lambda options: kept,
            "cloudformation delete-stack": lambda options: setattr(self, "status", "DELETE_COMPLETE"),
            "cloudformation describe-stack-events": lambda options: {"StackEvents": self.events},
            **{name.replace("__", " ").replace("_", "-"): answer for name, answer in answers.items()}})


def said(action, *arguments):
    """What is printed while something is done, and the failure that it ends with."""
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        try:
            action(*arguments)
        except Failure as failure:
            return output.getvalue(), str(failure)
    return output.getvalue(), None


class Destroy(unittest.TestCase):
    NESTED = [("Data", "AWS::CloudFormation::Stack", arn("data"), "DELETE_COMPLETE"), ("Edge", "AWS::CloudFormation::Stack", arn("edge"), "DELETE_FAILED")]

    def world(self, status, **answers):
        return World(status, {
            NAME: self.NESTED, "edge": [("LoadBalancer", "AWS::ElasticLoadBalancingV2::LoadBalancer", BALANCER, "DELETE_FAILED"),
                                        ("WebAcl", "AWS::WAFv2::WebACL", "acl", "DELETE_COMPLETE")],
            "data": [("ArtifactBucket", "AWS::S3::Bucket", "artifacts", "DELETE_SKIPPED"), ("LogBucket", "AWS::S3::Bucket", "logs", "DELETE_COMPLETE"),
                     ("ArtifactBucketPolicy", "AWS::S3::BucketPolicy", "artifacts", "DELETE_SKIPPED")]}, ("LogBucket",),
                     **{"elbv2__modify_load_balancer_attributes": lambda options: {"Attributes": []}, **answers})

    def test_a_stack_without_outputs_is_unprotected_before_it_goes(self):
        for status in ("ROLLBACK_FAILED", "ROLLBACK_COMPLETE", "DELETE_FAILED"):
            with self.subTest(status):
                aws = self.world(status)
                output, failure = said(destroy, aws, CALLER, cloudformation.Stack(aws, NAME), YES)
                self.assertIsNone(failure, output)
                names = [name for name, _ in aws.calls]
                self.assertLess(names.index("elbv2 modify-load-balancer-attributes"), names.index("cloudformation delete-stack"))
                self.assertEqual(aws.called("elbv2 modify-load-balancer-attributes"),
                                 [{"load-balancer-arn": BALANCER, "attributes": "Key=deletion_protection.enabled,Value=false"}])

    def test_what_a_nested_stack_left_when_it_was_rolled_back_is_listed(self):
        output, _ = said(lambda aws: destroy(aws, CALLER, cloudformation.Stack(aws, NAME), YES), self.world("ROLLBACK_COMPLETE"))
        self.assertRegex(output, "(?m)^  bucket     artifacts +ArtifactBucket$")
        self.assertEqual(output.count("remove_bucket artifacts"), 1)
        self.assertNotRegex(output, "(?m)^  bucket     logs ")

    def test_a_load_balancer_that_is_gone_needs_no_unprotecting(self):
        aws = self.world("DELETE_FAILED", elbv2__modify_load_balancer_attributes=lambda options: refused("LoadBalancerNotFound"))
        self.assertIsNone(said(destroy, aws, CALLER, cloudformation.Stack(aws, NAME), YES)[1])

    def test_protection_that_stays_ends_it(self):
        aws = self.world("CREATE_COMPLETE", elbv2__modify_load_balancer_attributes=lambda options: refused("AccessDenied"))
        output, failure = said(destroy, aws, CALLER, cloudformation.Stack(aws, NAME), YES)
        self.assertIn("the load balancer is protected from deletion, and that could not be switched off", failure)
        self.assertEqual(aws.called("cloudformation delete-stack"), [])

    def test_all_that_the_templates_retain_is_listed_whatever_it_is(self):
        aws = World(stacks={NAME: [("Mlflow", "AWS::CloudFormation::Stack", arn("mlflow"))], "mlflow": [
            ("ServiceRole", "AWS::IAM::Role", "service-role"), ("Role", "AWS::IAM::Role", "function-role"), ("Table", "AWS::DynamoDB::Table", "table")]},
            retained=("ServiceRole", "Table"))
        output, _ = said(destroy, aws, CALLER, cloudformation.Stack(aws, NAME), YES)
        self.assertRegex(output, r"\n  role       service-role  ServiceRole\n  AWS::DynamoDB::Table table +Table\n")
        self.assertIn("aws iam delete-role --role-name service-role\n  # AWS::DynamoDB::Table table: there is no command for it here\n", output)
        self.assertNotIn("function-role", output)

    def test_each_kind_that_our_templates_retain_has_a_command(self):
        kinds = {each["Type"] for name in stack.profile_names() for each in stack.flatten(stack.profile(name))["Resources"].values()
                 if each.get("DeletionPolicy", "").startswith("Retain")}
        self.assertGreater(len(kinds), 5)
        self.assertEqual(kinds - set(leftovers.KINDS) - leftovers.PARTS, set())


class Absence(unittest.TestCase):
    def test_only_what_aws_says_is_not_there_is_not_there(self):
        for refusal in NO_ANSWERS:
            aws = World(cloudformation__describe_stacks=lambda options, refusal=refusal: refusal)
            with self.subTest(str(refusal)), self.assertRaises(type(refusal)):
                progress.describe(aws, NAME)
        for refusal in (GONE, refused("404", "Not Found"), refused("LoadBalancerNotFound"), refused("NoSuchEntity"), refused("InvalidVpcID.NotFound"),
                        refused("ObjectLockConfigurationNotFoundError"), refused("ChangeSetNotFound")):
            self.assertIsNone(World(cloudformation__describe_stacks=lambda options, refusal=refusal: refusal).find(
                "cloudformation", "describe-stacks", "--stack-name", NAME), refusal)

    def test_a_deletion_that_cannot_be_watched_is_not_said_to_be_done(self):
        for refusal, tries in zip(NO_ANSWERS, (1, progress.MISSES, progress.MISSES, progress.MISSES, progress.MISSES)):
            aws = World("DELETE_IN_PROGRESS", cloudformation__describe_stacks=lambda options, refusal=refusal: refusal)
            with self.subTest(str(refusal)):
                _, failure = said(progress.wait, aws, about("DELETE_IN_PROGRESS"), progress.Mark())
                self.assertRegex(failure, r"CloudFormation does not say any more how it goes on: [\s\S]+It goes on by itself\. Look: aws cloudformation")
                self.assertEqual(len(aws.called("cloudformation describe-stacks")), tries)

    def test_a_network_that_comes_back_is_waited_for(self):
        away = [NO_ANSWERS[4]] * (progress.MISSES - 1)
        answers = [*away, {"Stacks": [about("DELETE_IN_PROGRESS")]}, *away, {"Stacks": [about("DELETE_COMPLETE")]}]
        aws = World(cloudformation__describe_stacks=lambda options: answers.pop(0))
        self.assertIsNone(progress.wait(aws, about("DELETE_IN_PROGRESS"), progress.Mark())[0])

    def test_a_bucket_that_may_not_be_looked_at_is_not_made(self):
        aws = World(s3api__head_bucket=lambda options: refused("403", "Forbidden"))
        _, failure = said(code_bucket.CodeBucket, aws, argparse.Namespace(account=ACCOUNT, partition="aws"), NAME)
        self.assertIn(f"the bucket {NAME}-code-{ACCOUNT}-us-east-1 for code is another account's, or you may not look at it (s3:ListBucket)", failure)
        self.assertEqual(aws.called("s3api create-bucket"), [])


class ChangeSets(unittest.TestCase):
    """`sets`: what describe-change-set answers, by the name or ARN asked for; those of the stack itself one after the other."""

    def changes(self, sets, is_update=True, stacks=None, retained=(), create=lambda options: {}):
        own = list(sets.pop("own"))

        def describe(options):
            name = options["change-set-name"]
            if name in sets:
                return sets[name]
            return refused("ChangeSetNotFound") if self.deleted else own[self.made - 1]

        def make(options):
            self.made, self.deleted = self.made + 1, False
            return create(options)

        self.made, self.deleted = 0, True
        self.aws = World(stacks=stacks, retained=retained, cloudformation__create_change_set=make, cloudformation__describe_change_set=describe,
                         cloudformation__delete_change_set=lambda options: setattr(self, "deleted", True),
                         cloudformation__validate_template=lambda options: {})
        bucket = argparse.Namespace(send=lambda key, file: None, url=lambda key: f"https://bucket.s3.amazonaws.com/{key}")
        found = []
        output, failure = said(lambda: found.append(cloudformation.Stack(self.aws, NAME).change({"Release": "0123456789ab"}, bucket, is_update)))
        if found and found[0]:
            shown, _ = said(change_set.show, found[0].changes)
            output += shown
        return found[0] if found else None, output, failure

    @staticmethod
    def set_arn(name):
        return f"arn:aws:cloudformation:us-east-1:{ACCOUNT}:changeSet/{name}/0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"

    @staticmethod
    def answer(*changes, status="CREATE_COMPLETE", reason=None):
        return {"Status": status, **({"StatusReason": reason} if reason else {}), "Changes": [
            {"Type": "Resource", "ResourceChange": {"Action": action, "LogicalResourceId": name, "ResourceType": kind, **more}}
            for action, name, kind, more in changes]}

    def nested(self, action, name, **more):
        return action, name, "AWS::CloudFormation::Stack", more

    def test_what_happens_in_nested_stacks_is_shown_the_worst_last(self):
        change, output, _ = self.changes({
            "own": [self.answer(self.nested("Modify", "Edge", ChangeSetId=self.set_arn("edge")), self.nested("Modify", "Audit", ChangeSetId=self.set_arn("audit")),
                                self.nested("Remove", "Identity", PhysicalResourceId=arn("identity")), self.nested("Add", "Schedule"))],
            self.set_arn("edge"): self.answer(
                ("Modify", "LoadBalancer", "AWS::ElasticLoadBalancingV2::LoadBalancer", {"Replacement": "True", "PolicyAction": "ReplaceAndDelete"}),
                ("Modify", "WebAcl", "AWS::WAFv2::WebACL", {"Replacement": "False"}), ("Modify", "Listener", "AWS::ElasticLoadBalancingV2::Listener", {"Replacement": "Conditional"}),
                ("Modify", "WebAclLogGroup", "AWS::Logs::LogGroup", {"Replacement": "True", "PolicyAction": "ReplaceAndRetain"})),
            self.set_arn("audit"): self.answer(status="FAILED", reason="No updates are to be performed.")},
            stacks={"identity": [("UserPool", "AWS::Cognito::UserPool", "pool"), ("Client", "AWS::Cognito::UserPoolClient", "client")]}, retained=("UserPool",))
        self.assertTrue(change)
        self.assertEqual([" ".join(line.split()) for line in output.splitlines()], [
            "added Schedule AWS::CloudFormation::Stack", "changed Edge/WebAcl AWS::WAFv2::WebACL",
            "perhaps replaced Edge/Listener AWS::ElasticLoadBalancingV2::Listener",
            "replaced Edge/LoadBalancer AWS::ElasticLoadBalancingV2::LoadBalancer", "replaced Edge/WebAclLogGroup AWS::Logs::LogGroup, whose old one stays",
            "removed Identity/UserPool AWS::Cognito::UserPool, which stays", "removed Identity/Client AWS::Cognito::UserPoolClient",
            "1 added, 1 changed, 1 perhaps replaced, 2 replaced, 2 removed"])

    def test_nested_stacks_that_cannot_be_foreseen_are_left_to_themselves(self):
        reason = f"Nested change set {self.set_arn('routes')} was not successfully created: Currently in FAILED."
        change, output, _ = self.changes({
            "own": [self.answer(status="FAILED", reason=reason), self.answer(self.nested("Modify", "Routes"))],
            self.set_arn("routes"): self.answer(status="FAILED", reason="Template error: Fn::Select cannot select nonexistent value at index 1")})
        self.assertIn(f"what changes inside of nested stacks cannot be known before: {reason} Template error: Fn::Select", output)
        self.assertIn("changed          Routes  AWS::CloudFormation::Stack", output)
        first, second = self.aws.called("cloudformation create-change-set")
        self.assertIn("include-nested-stacks", first)
        self.assertNotIn("include-nested-stacks", second)
        self.assertEqual([each["change-set-name"] for each in self.aws.called("cloudformation delete-change-set")], [first["change-set-name"]])

    def test_a_refusal_of_nested_change_sets_is_no_end_either(self):
        def create(options):
            return refused("ValidationError", "nested") if "include-nested-stacks" in options else {}

        change, output, failure = self.changes({"own": [self.answer(), self.answer(("Modify", "Topic", "AWS::SNS::Topic", {}))]}, create=create)
        self.assertIsNone(failure)
        self.assertIn("1 changed", output)

    def test_what_fails_both_ways_is_said(self):
        bad = self.answer(status="FAILED", reason="Parameters: [Colour] do not exist in the template")
        _, _, failure = self.changes({"own": [bad, bad]})
        self.assertEqual(failure, "the changes could not be worked out: Parameters: [Colour] do not exist in the template")
        self.assertEqual(self.aws.called("cloudformation delete-stack"), [])

    def test_no_changes_are_no_failure(self):
        for reason in ("The submitted information didn't contain changes. Submit different information to create a change set.", "No updates are to be performed."):
            change, output, failure = self.changes({"own": [self.answer(status="FAILED", reason=reason)]})
            self.assertEqual((change, output, failure), (None, "", None))

    def test_of_a_new_stack_nothing_is_left_when_it_cannot_be(self):
        _, _, failure = self.changes({"own": [self.answer(status="FAILED", reason="Template format error")]}, is_update=False)
        self.assertIn("Template format error", failure)
        self.assertEqual(len(self.aws.called("cloudformation delete-stack")), 1)
        self.assertNotIn("include-nested-stacks", self.aws.called("cloudformation create-change-set")[0])


class Telling(unittest.TestCase):
    """Events: CloudFormation's clock has nothing to do with this machine's."""

    def event(self, identity, minute, name=NAME, status="UPDATE_IN_PROGRESS", physical=None, **more):
        return {"EventId": identity, "StackId": arn(name), "StackName": name, "LogicalResourceId": identity, "ResourceStatus": status,
                "ResourceType": "AWS::CloudFormation::Stack", "PhysicalResourceId": physical or arn(name),
                "Timestamp": f"2001-01-01T00:{minute:02}:00.123000+00:00", **more}

    def test_events_since_the_mark_are_told_and_older_ones_are_not_whatever_the_time_here_is(self):
        before = [self.event("old2", 5), self.event("old1", 4)]
        aws = World("UPDATE_COMPLETE")
        aws.events = before[:1]
        mark = progress.Mark.now(aws, NAME)
        self.assertEqual((mark.event, mark.time), ("old2", datetime.datetime(2001, 1, 1, 0, 5, 0, 123000, datetime.timezone.utc)))
        events = {arn(NAME): [self.event("new2", 7, physical=arn("edge")), self.event("new1", 5), *before],
                  arn("edge"): [self.event("inner", 6, "edge"), self.event("past", 3, "edge")]}
        aws.answers["cloudformation describe-stack-events"] = lambda options: {"StackEvents": events[options["stack-name"]]}
        output, _ = said(progress.wait, aws, about("UPDATE_COMPLETE"), mark)
        self.assertEqual([line.split()[-1] for line in output.splitlines()], ["new1", "new2", "inner"])

    def test_an_end_is_none_before_something_began(self):
        statuses, events = ["CREATE_COMPLETE", "UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"], [[], [self.event("new", 1)], [self.event("new", 1)]]
        aws = World(cloudformation__describe_stacks=lambda options: {"Stacks": [about(statuses.pop(0))]},
                    cloudformation__describe_stack_events=lambda options: {"StackEvents": events.pop(0)})
        with contextlib.redirect_stdout(io.StringIO()):
            self.assertEqual(progress.wait(aws, about("CREATE_COMPLETE"), progress.Mark())[0], "UPDATE_COMPLETE")
        self.assertEqual(statuses, [])

    def test_causes_are_told_and_consequences_are_not(self):
        aws = World("UPDATE_ROLLBACK_COMPLETE")
        aws.events = [self.event("Edge", 3, status="UPDATE_FAILED", ResourceStatusReason="Resource update cancelled"),
                      self.event("WebAcl", 2, status="UPDATE_FAILED", ResourceStatusReason="WAF says no")]
        with contextlib.redirect_stdout(io.StringIO()):
            self.assertEqual(progress.wait(aws, about("UPDATE_IN_PROGRESS"), progress.Mark()), ("UPDATE_ROLLBACK_COMPLETE", "  - WebAcl: WAF says no"))


class Usable(unittest.TestCase):
    def test_only_stacks_that_can_be_changed_are(self):
        aws = World()
        for status, expected in ((None, False), ("REVIEW_IN_PROGRESS", False), ("CREATE_COMPLETE", True), ("UPDATE_ROLLBACK_COMPLETE", True)):
            self.assertEqual(progress.usable(aws, status and about(status), NAME), expected)
        for status, words in {
            "ROLLBACK_FAILED": f"./build.sh destroy --stack {NAME}", "UPDATE_IN_PROGRESS": "Wait until that has ended",
            "UPDATE_ROLLBACK_FAILED": f"aws cloudformation continue-update-rollback --region us-east-1 --stack-name {NAME}",
        }.items():
            with self.subTest(status):
                self.assertIn(words, said(progress.usable, aws, about(status), NAME)[1])


class Prerequisites(unittest.TestCase):
    def test_the_concurrency_of_every_function_is_counted(self):
        machines = stack.flatten(stack.profile("app-cognito-machines"))["Resources"]
        for left, lacks in ((205, False), (204, True)):
            aws = World(**{"lambda__get_account_settings": lambda options, left=left: {"AccountLimit": {"UnreservedConcurrentExecutions": left}}})
            found = capacity.lack(aws, machines, None)
            self.assertEqual(bool(found), lacks, found)
        self.assertIn("the stack reserves 105 (mlflow-gateway-vpc-cleanup 2, mlflow-gateway-mlflow-app 3, mlflow-gateway-proxy 50, mlflow-gateway-machine-proxy 50)", found[0])

    def test_what_the_stack_has_reserved_already_is_left_for_it(self):
        machines = stack.flatten(stack.profile("app-cognito-machines"))["Resources"]
        own = {"mlflow-gateway-vpc-cleanup": 2, "mlflow-gateway-mlflow-app": 3, "mlflow-gateway-proxy": 20}

        def function(options):
            name = options["function-name"]
            return {"Concurrency": {"ReservedConcurrentExecutions": own[name]}} if name in own else refused("ResourceNotFoundException")

        for left, lacks in ((180, False), (179, True)):
            aws = World(**{"lambda__get_account_settings": lambda options, left=left: {"AccountLimit": {"UnreservedConcurrentExecutions": left}},
                           "lambda__get_function": function})
            self.assertEqual(bool(capacity.lack(aws, machines, about("UPDATE_COMPLETE"))), lacks)
        aws = World(**{"lambda__get_account_settings": lambda options: refused("AccessDeniedException")})
        self.assertIn("Lambda does not say how many concurrent executions are left", capacity.lack(aws, machines, None)[0])

    def test_no_more_can_be_ready_than_may_run(self):
        parameters = stack.profile("server-oidc-studio")
        settings.check({**parameters, "ProxyProvisionedConcurrency": "50"}, NAME)
        _, failure = said(settings.check, {**parameters, "ProxyProvisionedConcurrency": "51"}, NAME)
        self.assertEqual(failure, "ProxyProvisionedConcurrency is 51, and ProxyReservedConcurrency lets no more than 50 run: set one of them.")

    def test_an_app_that_is_there_is_not_cut_off(self):
        parameters = {**stack.profile("server-network-isolated"), "MlflowKind": "Existing"}
        settings.check({**parameters, "ExistingMlflowArn": f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:mlflow-tracking-server/team"}, NAME)
        _, failure = said(settings.check, {**parameters, "ExistingMlflowArn": f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:mlflow-app/app-1"}, NAME)
        self.assertEqual(failure, "NatGateways none is for a tracking server; ExistingMlflowArn is an App, which is reached through one.")

    def test_what_aws_would_make_anew_under_a_name_that_is_taken_stays_as_it_is(self):
        internal, given = stack.profile(NEW_VPC), stack.profile("existing-jwt-existing-vpc")

        def there(parameters):
            values = stack.scope(parameters, NAME).parameters
            return about("UPDATE_COMPLETE", Parameters=[{"ParameterKey": name, "ParameterValue": str(value)} for name, value in values.items()],
                         Outputs=[{"OutputKey": "MlflowArn", "OutputValue": "arn:mlflow"}])

        self.assertEqual(fixed.changed({**internal, "LoadBalancerScheme": "internet-facing"}, NAME, None), [])
        self.assertEqual(fixed.changed({**internal, "RateLimit": "500", "Zones": "3"}, NAME, there(internal)), [])
        for parameters, name, value in ((internal, "LoadBalancerScheme", "internet-facing"), (internal, "SubnetBits", "9"), (internal, "VpcCidr", "10.9.0.0/16"),
                                        (internal, "ZoneNames", "us-east-1b,us-east-1c"),
                                        (given, "ExistingVpcId", "vpc-0a1b2c3d")):
            was = stack.scope(parameters, NAME).parameters[name]
            problem, = fixed.changed({**parameters, name: value}, NAME, there(parameters))
            self.assertTrue(problem.startswith(f"{name} is '{was}' in the stack that is there, and '{value}' is asked for"), problem)
            self.assertIn(f"--set {name}={was})", problem)
            self.assertTrue(problem.endswith("--set MlflowKind=Existing --set ExistingMlflowArn=arn:mlflow"), problem)
        losing = {**internal, "MlflowOnDelete": "Delete"}
        problem, = fixed.changed({**losing, "SubnetBits": "9"}, NAME, there(losing))
        self.assertIn("remove the first one then, after --set MlflowOnDelete=Retain has been deployed to it, or MLflow goes with it: --stack NAME", problem)
        # Subnets stay in the first two zones, whether there is a third one or not.
        two, three = ({**internal, "Zones": zones, "ZoneNames": names} for zones, names in (("2", "us-east-1b,us-east-1c"), ("3", "us-east-1b,us-east-1c,us-east-1d")))
        self.assertEqual(fixed.changed(three, NAME, there(two)) + fixed.changed(two, NAME, there(three)), [])
        # Addresses for a new VPC are nothing to one that is given.
        self.assertEqual(fixed.changed({**given, "VpcCidr": "10.9.0.0/16"}, NAME, there(given)), [])
        problems = prerequisites.problems(World(), {**internal, "LoadBalancerScheme": "internet-facing"}, NAME, {}, there(internal))
        self.assertIn("LoadBalancerScheme is 'internal' in the stack that is there", problems[0])

    def test_the_secrets_tag_is_the_one_that_the_deployers_policy_asks_for(self):
        statement, = [each for each in json.loads((REPOSITORY / "lambda/deployer-policy.json").read_text())["Statement"] if each["Sid"] == "SignInSecret"]
        self.assertEqual(statement["Condition"], {"StringEquals": {"aws:ResourceTag/gateway": "${StackName}"}})
        parameters = stack.profile("app-oidc-internet")
        for refusal, words in (
                (refused("ResourceNotFoundException"), "there is no secret mlflow/oidc. Make it: aws secretsmanager create-secret --name mlflow/oidc --tags Key=gateway,Value=team-a"),
                (refused("AccessDeniedException"), "you may not read the secret mlflow/oidc, or it is not there. The deployer's policy covers secrets with the tag gateway=team-a: "
                 "aws secretsmanager tag-resource --secret-id mlflow/oidc --tags Key=gateway,Value=team-a"),
                (refused("InternalServiceError"), "the secret mlflow/oidc cannot be read")):
            with self.subTest(words):
                aws = World(secretsmanager__describe_secret=lambda options, refusal=refusal: refusal)
                found, = prerequisites.secret(aws, parameters, "team-a")
                self.assertTrue(found.startswith(words), found)

    def test_endpoints_of_others_are_in_the_way_and_those_of_the_stack_are_not(self):
        parameters = {**stack.profile("existing-jwt-existing-vpc"), "RouteTableIds": "rtb-0a1b2c3d,rtb-1a1b2c3d"}
        resources = stack.flatten(parameters)["Resources"]

        def endpoint(identity, service, kind="Interface", state="available", **more):
            return {"VpcEndpointId": identity, "ServiceName": f"com.amazonaws.us-east-1.{service}", "VpcEndpointType": kind, "State": state, **more}

        there = [endpoint("vpce-1", "sts", PrivateDnsEnabled=True), endpoint("vpce-2", "lambda", PrivateDnsEnabled=False),
                 endpoint("vpce-3", "sagemaker.api", state="deleting", PrivateDnsEnabled=True), endpoint("vpce-4", "ec2", PrivateDnsEnabled=True),
                 endpoint("vpce-5", "s3", "Gateway", RouteTableIds=["rtb-1a1b2c3d", "rtb-2a1b2c3d"]), endpoint("vpce-6", "s3", PrivateDnsEnabled=True)]
        aws = World(stacks={NAME: [("Sts", "AWS::EC2::VPCEndpoint", "vpce-1"), ("S3", "AWS::EC2::VPCEndpoint", "vpce-5")]},
                    ec2__describe_vpc_endpoints=lambda options: {"VpcEndpoints": there}, ec2__describe_vpc_attribute=self.attribute("enableDnsSupport", "enableDnsHostnames"))
        names, routes = endpoints.conflicts(aws, parameters, resources, None)
        self.assertIn("there can be one of each: com.amazonaws.us-east-1.sts (vpce-1). Use the ones that are there: --set Endpoints=false,", names)
        self.assertIn("rtb-1a1b2c3d has a way to S3 already (vpce-5). Leave it out: --set RouteTableIds=rtb-0a1b2c3d,", routes)
        self.assertIn("cloudformation-custom-resource-response-us-east-1", routes)
        self.assertEqual(endpoints.conflicts(aws, parameters, resources, about("CREATE_COMPLETE")), [])
        self.assertEqual(endpoints.conflicts(aws, stack.profile(NEW_VPC), stack.flatten(stack.profile(NEW_VPC))["Resources"], None), [])


    @staticmethod
    def attribute(*on):
        """What describe-vpc-attribute answers of a VPC with these attributes."""
        return lambda options: {options["attribute"][0].upper() + options["attribute"][1:]: {"Value": options["attribute"] in on}}

    def test_a_vpc_without_private_names_is_refused_where_the_stacks_endpoints_have_them(self):
        parameters = stack.profile("existing-jwt-existing-vpc")
        aws = World(ec2__describe_vpc_endpoints=lambda options: {"VpcEndpoints": []}, ec2__describe_vpc_attribute=self.attribute("enableDnsSupport"))
        problem, = endpoints.conflicts(aws, parameters, stack.flatten(parameters)["Resources"], None)
        self.assertIn(f"aws ec2 modify-vpc-attribute --vpc-id {parameters['ExistingVpcId']} --enable-dns-hostnames, or --set Endpoints=false", problem)
        self.assertNotIn("--enable-dns-support", problem)
        without = {**parameters, "Endpoints": "false"}
        self.assertEqual(endpoints.conflicts(aws, without, stack.flatten(without)["Resources"], None), [])

    def test_load_balancers_and_endpoints_get_one_subnet_in_each_of_two_zones_or_more(self):
        parameters, zones = stack.profile("existing-jwt-existing-vpc"), {}
        subnets = {name: parameters[name].split(",") for name in ("LoadBalancerSubnetIds", "FunctionSubnetIds")}
        aws = World(ec2__describe_subnets=lambda options: {"Subnets": [
            {"SubnetId": each, "VpcId": parameters["ExistingVpcId"], "AvailabilityZone": zones[each]} for each in stack.as_list(options["subnet-ids"])]})

        def problems(where, **changes):
            zones.update({each: zone for name, given in subnets.items() for each, zone in zip(given, where[name])})
            return prerequisites.subnets(aws, {**parameters, **changes})

        self.assertEqual(problems({"LoadBalancerSubnetIds": "ab", "FunctionSubnetIds": "ab"}), [])
        self.assertEqual(problems({"LoadBalancerSubnetIds": "ab", "FunctionSubnetIds": "bb"}), ["FunctionSubnetIds are in one zone; two are needed"])
        for name in subnets:
            subnets[name].append(f"subnet-{len(name):08x}")
            parameters[name] = ",".join(subnets[name])
        balancer, endpoint = problems({"LoadBalancerSubnetIds": "aab", "FunctionSubnetIds": "bba"})
        self.assertEqual(balancer, "LoadBalancerSubnetIds: a load balancer takes one subnet in a zone, and these are in a, a, b")
        self.assertEqual(endpoint, "FunctionSubnetIds: an endpoint takes one subnet in a zone, and these are in a, b, b")
        self.assertEqual(problems({"LoadBalancerSubnetIds": "abc", "FunctionSubnetIds": "bba"}, Endpoints="false"), [])

    def test_functions_are_not_put_where_only_public_addresses_get_out(self):
        parameters = stack.profile("app-oidc-existing-vpc")
        first, second = parameters["FunctionSubnetIds"].split(",")

        def table(gateway, **association):
            return {"Associations": [association], "Routes": [{"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local"}, {"DestinationCidrBlock": "0.0.0.0/0", **gateway}]}

        def problems(tables, **changes):
            return prerequisites.ways_out(World(ec2__describe_route_tables=lambda options: {"RouteTables": tables}), {**parameters, **changes})

        internet, nat = {"GatewayId": "igw-0a1b2c3d"}, {"NatGatewayId": "nat-0a1b2c3d"}
        self.assertEqual(problems([table(nat, SubnetId=first), table(nat, SubnetId=second), table(internet, Main=True)]), [])
        problem, = problems([table(nat, SubnetId=first), table(internet, Main=True)])
        self.assertTrue(problem.startswith(f"FunctionSubnetIds: the way to the internet from {second} is an internet gateway"), problem)
        # A tracking server behind tokens is reached by endpoints.
        self.assertEqual(problems([table(internet, Main=True)], MlflowKind="TrackingServer", AuthMode="jwt"), [])
        self.assertEqual(problems([table(internet, Main=True)], ExistingVpcId=""), [])


NEW_VPC = "app-cognito-internal"


class Permissions(unittest.TestCase):
    ROLE = f"arn:aws:iam::{ACCOUNT}:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Deployer"
    SESSION = argparse.Namespace(
        account=ACCOUNT, partition="aws", arn=f"arn:aws:sts::{ACCOUNT}:assumed-role/AWSReservedSSO_Deployer/ada")
    BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/bounds"

    @staticmethod
    def simulation(is_allowed):
        """IAM's simulator: as soon as one of several resources is denied, so is the action as a whole."""
        def simulate(options):
            results = []
            for action in stack.as_list(options["action-names"]):
                by_resource = [{"EvalResourceName": arn, "EvalResourceDecision": "allowed" if is_allowed(action, arn) else "implicitDeny"}
                               for arn in stack.as_list(options["resource-arns"])]
                all_of_them = {"allowed"} == {one["EvalResourceDecision"] for one in by_resource}
                results.append({"EvalActionName": action, "EvalDecision": "allowed" if all_of_them else "implicitDeny", "ResourceSpecificResults": by_resource})
            return {"EvaluationResults": results}
        return simulate

    def check(self, is_allowed, caller=CALLER, boundary="", **answers):
        aws = World(iam__simulate_principal_policy=self.simulation(is_allowed), **answers)
        return aws, *said(check_permissions, aws, caller, NAME, boundary)

    def test_who_may_all_goes_on_and_who_lacks_something_learns_what_and_where_it_is_written(self):
        self.assertEqual(self.check(lambda action, arn: True)[1:], ("  your permissions are enough\n", None))
        _, _, failure = self.check(lambda action, arn: action not in ("iam:PutRolePolicy", "kms:CreateKey"))
        self.assertIn("you lack permissions (2): ", failure)
        self.assertIn("iam:PutRolePolicy", failure)
        self.assertIn("kms:CreateKey", failure)
        self.assertIn(f"./build.sh deploy --print-policy --stack {NAME}", failure)

    def test_a_policy_that_allows_each_action_on_its_own_kind_of_resource_is_enough(self):
        def own_kind(action, arn):
            return not action.startswith("ec2:") or arn == "*" or (":natgateway/" in arn) == (action in ("ec2:CreateNatGateway", "ec2:DeleteNatGateway"))
        self.assertEqual(self.check(own_kind)[1:], ("  your permissions are enough\n", None))

    def test_somebody_who_signed_in_is_asked_for_by_the_role_with_its_path(self):
        role = {"Role": {"Path": "/aws-reserved/", "RoleName": "r", "RoleId": "AROAEXAMPLEEXAMPLE00", "Arn": self.ROLE, "CreateDate": "2026-11-21T10:00:00Z"}}
        aws, printed, failure = self.check(lambda action, arn: True, self.SESSION, iam__get_role=lambda options: role)
        self.assertEqual((printed, failure), ("  your permissions are enough\n", None))
        self.assertEqual({each["policy-source-arn"] for each in aws.called("iam simulate-principal-policy")}, {self.ROLE})

    def test_who_may_not_ask_goes_on(self):
        for answers in ({"iam__get_role": lambda options: refused("AccessDenied")}, {}):
            aws, printed, failure = self.check(lambda action, arn: True, self.SESSION, **answers)
            self.assertIsNone(failure)
            self.assertIn("your permissions cannot be asked for (iam:SimulatePrincipalPolicy); going on", printed)

    def test_within_a_boundary_nothing_is_asked_for_that_only_unbounded_roles_need(self):
        def bounded(action, arn):
            return action not in ("iam:CreateRole", "iam:PutRolePolicy", "iam:PutRolePermissionsBoundary", "iam:DeleteRolePermissionsBoundary")
        self.assertEqual(self.check(bounded, boundary=self.BOUNDARY)[1:], ("  your permissions are enough\n", None))
        _, _, failure = self.check(lambda action, arn: bounded(action, arn) and action != "iam:DeleteRole", boundary=self.BOUNDARY)
        self.assertIn("you lack permissions (1): iam:DeleteRole. ", failure)
        self.assertIn(f"--set PermissionsBoundaryArn={self.BOUNDARY}", failure)


if __name__ == "__main__":
    unittest.main()
