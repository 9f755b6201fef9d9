#!/usr/bin/env python3
"""`./build.sh deploy` and `destroy` at a moto server, as a user types them: every profile becomes a stack whose custom resources the
deployed functions answered; a change reaches what they made; the end removes it; and what goes wrong is said in a sentence."""

import concurrent.futures
import json
import pathlib
import re
import shutil
import tempfile
import time
import unittest
import zipfile

from local_stack import REPOSITORY, processes_naming
from moto_deployment import (
    ENVIRONMENT, ControlPlane, Moto, Stack, build, commands_at_the_end, leave_what_studio_leaves)

PROFILES = sorted(path.stem for path in (REPOSITORY / "lambda/profiles").glob("*.json"))
# The one whose life is looked at closely, and those that stay for what else is tried.
LIVED, STAY = "app-cognito-internal", ("existing-jwt-existing-vpc", "server-network-isolated")
# How each of the others is changed.
CHANGE, OTHER_CHANGE = ("--set", "ProxyMemoryMegabytes=2048"), {"app-jwt-internet": ("--set", "AuthMode=cognito")}
REFUSAL = {"count": 99, "code": "AccessDeniedException", "message": "User is not authorized to perform sagemaker:CreateMlflowApp"}

moto = None
results = {}


def setUpModule():
    """All that takes long, two at a time."""
    global moto
    moto = Moto()
    jobs = {LIVED: live, **{name: deploy_profile for name in PROFILES if name != LIVED}, "refused": be_refused, "silent": stay_silent,
            "elsewhere": live_elsewhere}
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        running = {name: pool.submit(job, name) for name, job in jobs.items()}
    for name, job in running.items():
        results[name] = job.result()


def tearDownModule():
    moto.stop()


def stack_name(profile):
    """Names of stacks are shorter than some profiles'."""
    return profile.replace("existing-vpc", "vpc")


def deploy(profile, *arguments, stack=None, **options):
    return build("deploy", "--profile", profile, "--stack", stack or stack_name(profile), "--endpoint", moto.address, "--yes", *arguments, **options)


def destroy(stack, **options):
    return build("destroy", "--stack", stack, "--endpoint", moto.address, "--yes", **options)


def parameters(profile):
    content = json.loads((REPOSITORY / f"lambda/profiles/{profile}.json").read_text())
    return {**content["Parameters"], **content["Examples"]}


def look(stack, answered=True):
    """What is there of a stack at this moment."""
    found = Stack(moto, stack)
    functions = [name for name in ("proxy", "machine-proxy") if found.kinds.get({"proxy": "ProxyFunction"}.get(name, "MachineProxyFunction"))]
    return {
        "stack": found, "variables": {name: found.variables(name) for name in functions},
        "default group": found.default_group() if "NetworkVpc" in found.resources else None,
        "mlflow": found.mlflow() if answered and "MlflowMLflow" in found.resources else None}


def made(profile):
    done = deploy(profile, "--set", f"MlflowName={profile}")
    return {"deploy": done, **(look(stack_name(profile)) if done.status == 0 else {})}


def deploy_profile(profile):
    """Made, and all but those that stay changed and removed."""
    result = made(profile)
    if profile not in STAY:
        result["change"] = deploy(profile, "--set", f"MlflowName={profile}", *OTHER_CHANGE.get(profile, CHANGE))
        result["destroy"] = destroy(stack_name(profile))
    return result


def live(profile):
    result = made(profile)
    result["again"] = deploy(profile, "--set", f"MlflowName={profile}")
    result["change"] = deploy(profile, "--set", f"MlflowName={profile}", "--set", "ModelRegistration=true", "--set", "MlflowOnDelete=Delete")
    result["changed"] = look(profile)
    vpc = result["stack"].resources["NetworkVpc"]
    groups, home = leave_what_studio_leaves(moto, vpc)
    bucket = result["stack"].outputs["ArtifactBucket"]
    fill_with_versions(bucket)
    result["destroy"] = destroy(profile)
    ec2 = moto.client("ec2")
    result["left"] = {
        "vpc": [each["VpcId"] for each in ec2.describe_vpcs()["Vpcs"] if each["VpcId"] == vpc],
        "groups": [each["GroupId"] for each in ec2.describe_security_groups()["SecurityGroups"] if each["GroupId"] in groups],
        "mount targets": moto.client("efs").describe_mount_targets(FileSystemId=home)["MountTargets"],
        "apps": [each["Arn"] for each in moto.control_plane().list_mlflow_apps()["Summaries"] if each["Name"] == profile and each["Status"] != "Deleted"],
        "bucket": versions(bucket)}
    commands = commands_at_the_end(result["destroy"].output)
    result["removal"] = build("-c", commands, command=("bash",), PATH=f"{REPOSITORY}/.venv-aws/bin:{ENVIRONMENT['PATH']}")
    return result


def fill_with_versions(bucket):
    s3 = moto.client("s3")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for number in range(3):
        s3.put_object(Bucket=bucket, Key="mlflow/1/a model's file", Body=str(number).encode())
    s3.delete_object(Bucket=bucket, Key="mlflow/1/a model's file")


def versions(bucket):
    found = moto.client("s3").list_object_versions(Bucket=bucket)
    return len(found.get("Versions", [])) + len(found.get("DeleteMarkers", []))


def be_refused(name):
    """A control plane that refuses, until it does not."""
    plane = ControlPlane(failures={"CreateMlflowApp": REFUSAL})
    try:
        where = {"AWS_ENDPOINT_URL_SAGEMAKER": plane.address}
        return {
            "deploy": deploy("app-oidc-existing-vpc", stack=name, **where), "stack": Stack(moto, name),
            "again": deploy("app-oidc-existing-vpc", stack=name, **where),
            "destroy": destroy(name, **where)}
    finally:
        plane.stop()


def stay_silent(name):
    """A function that ends instead of answering."""
    with tempfile.TemporaryDirectory() as folder:
        clone = copy_of_the_repository(folder)
        with zipfile.ZipFile(clone / "dist/mlflow-app.zip", "w") as packed:
            packed.writestr("bootstrap", "#!/bin/sh\necho 'this release is broken' >&2\nexit 3\n")
        return {"deploy": deploy("app-oidc-existing-vpc", stack=name, folder=clone)}


def live_elsewhere(name):
    """In another region than the one that moto takes for granted."""
    region = ("--region", "eu-central-1")
    return {"deploy": deploy("app-oidc-existing-vpc", *region, stack=name),
            "destroy": build("destroy", "--stack", name, "--endpoint", moto.address, "--yes", *region)}


def copy_of_the_repository(folder):
    """What a deployment takes of it, with zips that can be replaced."""
    clone = pathlib.Path(folder)
    for name in (".scripts", "lambda"):
        shutil.copytree(REPOSITORY / name, clone / name)
    shutil.copy(REPOSITORY / "build.sh", clone)
    for name in (".build", ".venv-aws"):
        (clone / name).symlink_to(REPOSITORY / name)
    (clone / "dist").mkdir()
    for file in (REPOSITORY / "dist").glob("*.zip"):
        shutil.copy(file, clone / "dist")
    return clone


class Profiles(unittest.TestCase):
    def for_each(self, check, but=()):
        """Checks what came of each profile, or of all but some."""
        for name in PROFILES:
            if name not in but:
                with self.subTest(profile=name):
                    check(name, results[name])

    def test_each_becomes_a_stack_that_is_complete(self):
        def check(name, result):
            self.assertEqual(result["deploy"].status, 0, result["deploy"].output)
            self.assertEqual(result["stack"].status, "CREATE_COMPLETE")
            self.assertIn(f"Stack     {stack_name(name)} is CREATE_COMPLETE", result["deploy"].output)
            self.assertIn(f"Open      https://{parameters(name)['PublicHostName']}/", result["deploy"].output)

        self.for_each(check)

    def test_each_is_changed_and_removed(self):
        def check(name, result):
            self.assertEqual(result["change"].status, 0, result["change"].output)
            self.assertRegex(result["change"].output, r"(?m)^  changed +ProxyFunction +AWS::Lambda::Function$")
            self.assertIn(f"Stack     {stack_name(name)} is UPDATE_COMPLETE", result["change"].output)
            self.assertEqual(result["destroy"].status, 0, result["destroy"].output)
            self.assertIn("The stack is gone.", result["destroy"].output)
            self.assertRegex(result["destroy"].output, r"(?m)^  bucket +\S*artifactbucket")
            with self.assertRaisesRegex(Exception, "does not exist"):
                Stack(moto, stack_name(name))

        self.for_each(check, (LIVED, *STAY))

    def test_another_way_to_sign_in_gets_its_rules_before_the_old_ones_go(self):
        output = results["app-jwt-internet"]["change"].output
        self.assertRegex(output, r"(?m)^  added +RoutesPageRule ")
        self.assertRegex(output, r"(?m)^  removed +RoutesTokenRule ")

    def test_the_stacks_mlflow_is_what_the_deployed_function_made_as_the_template_asks(self):
        def check(name, result):
            about, stack = result["mlflow"], result["stack"]
            asked = parameters(name)
            registers = asked.get("ModelRegistration") == "true"
            self.assertEqual(about["ArtifactStoreUri"], f"s3://{stack.outputs['ArtifactBucket']}/mlflow")
            self.assertEqual(about["RoleArn"].rsplit("/", 1)[1], stack.resources["MlflowServiceRole"])
            self.assertEqual(about["WeeklyMaintenanceWindowStart"], "Tue:03:30")
            self.assertEqual(about["Tags"]["gateway"], stack_name(name))
            self.assertIn(stack.id, about["Tags"].values())
            self.assertIn(f"MLflow    {about['Arn']}", result["deploy"].output)
            if asked["MlflowKind"] == "App":
                self.assertEqual((about["Name"], about["Status"]), (name, "Created"))
                self.assertEqual(about["ModelRegistrationMode"], f"AutoModelRegistration{'Enabled' if registers else 'Disabled'}")
                self.assertEqual(about["AccountDefaultStatus"], asked.get("AccountDefault", "DISABLED"))
            else:
                self.assertEqual((about["TrackingServerName"], about["TrackingServerStatus"]), (name, "Created"))
                self.assertEqual(about["TrackingServerSize"], asked.get("TrackingServerSize", "Small"))
                self.assertEqual(about["AutomaticModelRegistration"], registers)

        self.for_each(check, [name for name in PROFILES if parameters(name)["MlflowKind"] == "Existing"])

    def test_the_proxy_serves_the_mlflow_that_was_answered(self):
        def check(name, result):
            arn = result["mlflow"]["Arn"] if result["mlflow"] else parameters(name)["ExistingMlflowArn"]
            self.assertEqual(result["stack"].outputs["MlflowArn"], arn)
            self.assertEqual(set(result["variables"]), {"proxy", *(["machine-proxy"] if name == "app-cognito-machines" else [])})
            for variables in result["variables"].values():
                self.assertEqual(variables["MLFLOW_TRACKING_ARN"], arn)

        self.for_each(check)

    def test_vpc_cleanup_emptied_the_default_group_of_each_new_vpc(self):
        def check(name, result):
            is_new = "ExistingVpcId" not in parameters(name)
            self.assertEqual("CleanupCleanup" in result["stack"].resources, is_new)
            self.assertEqual(result["default group"], [] if is_new else None)

        self.for_each(check)

    def test_what_needs_an_answer_is_made_after_it(self):
        def check(name, result):
            self.assertLess(result["deploy"].output.index("Create of CleanupCleanup"), result["deploy"].output.index("Create of MlflowMLflow"))

        self.for_each(check, [name for name in PROFILES if "ExistingVpcId" in parameters(name)])

    def test_what_moto_lacks_is_named(self):
        self.assertIn("jwt-validation of listener rules", results["app-jwt-internet"]["deploy"].output)
        self.assertIn("AWS::Cognito::UserPool,", results[LIVED]["deploy"].output)
        self.assertNotRegex(results[LIVED]["deploy"].output, r"\bno-[A-Z]", "what is missing is not shown as if it were there")


class Life(unittest.TestCase):
    def test_the_same_again_changes_nothing(self):
        again = results[LIVED]["again"]
        self.assertEqual(again.status, 0, again.output)
        self.assertIn("There is nothing to change.", again.output)
        self.assertIn(f"MLflow    {results[LIVED]['mlflow']['Arn']}", again.output)

    def test_a_change_is_sent_to_the_function_whose_properties_it_is(self):
        change, after = results[LIVED]["change"], results[LIVED]["changed"]
        self.assertEqual(change.status, 0, change.output)
        self.assertEqual(after["stack"].status, "UPDATE_COMPLETE")
        self.assertRegex(change.output, r"(?m)^  changed +MlflowMLflow +Custom::MLflowApp$")
        self.assertRegex(change.output, r"(?m)^  3 changed$")
        self.assertIn("Update of MlflowMLflow", change.output)
        self.assertNotIn("of CleanupCleanup", change.output)
        self.assertEqual(after["mlflow"]["Arn"], results[LIVED]["mlflow"]["Arn"])
        self.assertEqual(after["mlflow"]["ModelRegistrationMode"], "AutoModelRegistrationEnabled")
        self.assertEqual(after["mlflow"]["Status"], "Updated")

    def test_the_end_removes_all_but_what_stays(self):
        end, left = results[LIVED]["destroy"], results[LIVED]["left"]
        self.assertEqual(end.status, 0, end.output)
        with self.assertRaisesRegex(Exception, "does not exist"):
            Stack(moto, LIVED)
        self.assertEqual({name: left[name] for name in ("vpc", "groups", "mount targets", "apps")}, {"vpc": [], "groups": [], "mount targets": [], "apps": []})
        self.assertEqual(left["bucket"], 4, "artifacts stay, with their versions")
        self.assertNotIn("delete-mlflow-app", end.output, "there is no App any more")
        self.assertIn("Switching off the load balancer's deletion protection", end.output)

    def test_mlflow_goes_before_vpc_cleanup_and_that_before_the_network(self):
        output = results[LIVED]["destroy"].output
        places = [output.index(text) for text in ("Delete of MlflowMLflow", "Delete of CleanupCleanup", "forgot route tables")]
        self.assertEqual(places, sorted(places))

    def test_the_printed_commands_remove_what_stayed_versions_included(self):
        removal, outputs = results[LIVED]["removal"], results[LIVED]["stack"].outputs
        self.assertNotIn("An error occurred", removal.output)
        there = {each["Name"] for each in moto.client("s3").list_buckets()["Buckets"]}
        self.assertEqual(there & {outputs[name] for name in ("ArtifactBucket", "OverflowBucket", "LogBucket", "TrailBucket")}, set())
        self.assertNotIn(f"{LIVED}-code-123456789012-us-east-1", there)
        stack = results[LIVED]["stack"]
        own = {stack.resources[key] for key, kind in stack.kinds.items() if kind == "AWS::Logs::LogGroup"}
        self.assertGreater(len(own), 3)
        self.assertEqual(own & {each["logGroupName"] for each in moto.client("logs").describe_log_groups()["logGroups"]}, set())
        self.assertNotIn(stack.resources["MlflowServiceRole"], {each["RoleName"] for each in moto.client("iam").list_roles()["Roles"]})
        self.assertEqual(moto.client("kms").describe_key(KeyId=outputs["DataKey"])["KeyMetadata"]["KeyState"], "PendingDeletion")


    def test_a_stack_lives_in_any_region(self):
        lived = results["elsewhere"]
        self.assertEqual((lived["deploy"].status, lived["destroy"].status), (0, 0), lived["deploy"].output + lived["destroy"].output)
        self.assertRegex(lived["deploy"].output, r"(?m)^MLflow    arn:aws:sagemaker:eu-central-1:")
        self.assertIn("Delete of MlflowMLflow: elsewhere-mlflow-app answered SUCCESS", lived["destroy"].output)


class Mishaps(unittest.TestCase):
    def test_a_function_that_answers_failed_ends_the_deployment_with_its_reason_and_its_log(self):
        ended = results["refused"]["deploy"]
        self.assertEqual(ended.status, 1, ended.output)
        self.assertRegex(ended.output, r"build\.sh: MlflowMLflow \(Custom::MLflowApp\): Create failed\. refused-mlflow-app says: .*not authorized to perform sagemaker:CreateMlflowApp")
        self.assertIn("Create Custom::MLflowApp, request", ended.output.partition("Its log:")[2])
        self.assertIn("./build.sh destroy --stack refused", ended.output)
        self.assertNotIn("ProxyFunction", results["refused"]["stack"].resources)

    def test_a_stack_that_was_not_finished_is_removed_before_it_is_made_again(self):
        again, end = results["refused"]["again"], results["refused"]["destroy"]
        self.assertEqual(again.status, 1, again.output)
        self.assertIn("was never finished", again.output)
        self.assertEqual(end.status, 0, end.output)
        self.assertIn("Delete of MlflowMLflow: refused-mlflow-app answered SUCCESS", end.output)

    def test_a_function_that_ends_without_an_answer_ends_the_deployment(self):
        ended = results["silent"]["deploy"]
        self.assertEqual(ended.status, 1, ended.output)
        self.assertRegex(ended.output, r"Create failed\. silent-mlflow-app says: it gave no answer: ")
        self.assertIn("this release is broken", ended.output.partition("Its log:")[2])
        self.assertLess(ended.seconds, 180)

    def test_code_that_is_not_the_deployed_functions_does_not_run(self):
        name = "server-network-isolated"
        bucket = f"{name}-code-123456789012-us-east-1"
        key, = [each["Key"] for each in moto.client("s3").list_objects_v2(Bucket=bucket)["Contents"] if "mlflow-app" in each["Key"]]
        moto.client("s3").put_object(Bucket=bucket, Key=key, Body=b"something else")
        ended = deploy(name, "--set", f"MlflowName={name}", "--set", "TrackingServerSize=Large")
        self.assertEqual(ended.status, 1, ended.output)
        self.assertIn(f"{key} is not the code of {name}-mlflow-app: its SHA-256 is", ended.output)

    def test_locked_buckets_are_explained(self):
        s3 = moto.client("s3")
        for bucket, retention in {"locked": None, "governed": {"Mode": "GOVERNANCE", "Days": 30}, "kept": {"Mode": "COMPLIANCE", "Years": 7}}.items():
            s3.create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=True)
            if retention:
                s3.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": retention}})
        script = ("import sys; sys.path[:0] = ['.scripts/deployment', '.scripts/templates']; from aws_cli import AWS; from leftovers import object_lock\n"
                  f"for name in ('locked', 'governed', 'kept'): print(*object_lock(AWS(endpoint='{moto.address}'), name))")
        lines = build("-c", script, command=(".venv-aws/bin/python",), AWS_COMMAND=".venv-aws/bin/aws").output.splitlines()
        self.assertRegex(lines[0], r"^# Object Lock: a version with a legal hold or a retention of its own stays")
        self.assertRegex(lines[1], r"^# Object Lock, GOVERNANCE: each version stays for 30 days .* remove_bucket governed --bypass-governance-retention$")
        self.assertRegex(lines[2], r"^# Object Lock, COMPLIANCE: each version stays for 7 years .* not even root")


class Input(unittest.TestCase):
    def refused(self, words, *arguments, **options):
        ended = build(*arguments, **options)
        self.assertEqual(ended.status, 1, ended.output)
        self.assertRegex(ended.output.splitlines()[0], f"^build.sh: {words}")
        self.assertNotIn("Traceback", ended.output)
        return ended.output

    def test_a_profile_that_is_not_there(self):
        output = self.refused("there is no profile 'app-cognito'. There are: ", "deploy", "--profile", "app-cognito")
        for name in PROFILES:
            self.assertIn(name, output)

    def test_what_is_mistyped_is_said_before_anything_is_built(self):
        with tempfile.TemporaryDirectory() as folder:
            # A checkout in which nothing was built yet, nor can be.
            for name in ("build.sh", ".scripts", "lambda", ".venv-aws"):
                pathlib.Path(folder, name).symlink_to(REPOSITORY / name)
            ended = build("deploy", "--profile", LIVED, "--set", "RateLimit=5", "--endpoint", moto.address, folder=folder)
            self.assertEqual(sorted(each.name for each in pathlib.Path(folder).iterdir()), [".scripts", ".venv-aws", "build.sh", "lambda"])
        self.assertEqual(ended.status, 1)
        self.assertTrue(ended.output.startswith("build.sh: mlflow-gateway: RateLimit is 5; it has to be"), ended.output)

    def test_an_abbreviated_option_is_none(self):
        # build.sh would not know what was meant, and whether it is AWS that is asked for.
        for arguments in (("deploy", "--profile", LIVED, "--end", moto.address), ("destroy", "--end", moto.address)):
            ended = build(*arguments)
            self.assertEqual(ended.status, 2, ended.output)
            self.assertIn("unrecognized arguments: --end", ended.output)

    def test_what_a_profile_needs_is_listed_as_it_is_given(self):
        output = self.refused("the profile app-jwt-internet needs values of your own", "deploy", "--profile", "app-jwt-internet",
                              "--set", "JwtAudience=mlflow")
        given = [line.strip() for line in output.splitlines()[1:]]
        self.assertEqual([line.partition("=")[0] for line in given],
                         [f"--set {name}" for name in ("PublicHostName", "CertificateArn", "JwtIssuer", "JwtKeysUrl")])

    def test_values_that_the_template_refuses(self):
        for assignment, words in {
            "RateLimit=5": "mlflow-gateway: RateLimit is 5; it has to be from 100 to 2000000", "AuthMode=none": "mlflow-gateway: AuthMode is 'none', not one of",
            "Colour=red": "mlflow-gateway has no parameter Colour", "RateLimit": "--set needs NAME=VALUE, not 'RateLimit'",
        }.items():
            with self.subTest(assignment):
                self.refused(words, "deploy", "--profile", LIVED, "--endpoint", moto.address, "--set", assignment)

    def test_a_stacks_name_that_names_cannot_begin_with(self):
        for name in ("My_Stack", "ab", "a" * 24, "1stack", "two--hyphens", "end-", "internal-team"):
            with self.subTest(name):
                self.refused(f"the stack's name '{name}' does not do: names of resources begin with it", "deploy", "--profile", LIVED,
                             "--endpoint", moto.address, "--stack", name)

    def test_more_ready_than_may_run(self):
        self.refused("ProxyProvisionedConcurrency is 60, and ProxyReservedConcurrency lets no more than 50 run", "deploy", "--profile", LIVED,
                     "--endpoint", moto.address, "--set", "ProxyProvisionedConcurrency=60")

    def test_endpoints_that_are_in_the_vpc_already(self):
        # The profile's stack, which is there, has put its own into moto's default VPC.
        output = deploy("existing-jwt-existing-vpc", stack="second").output
        self.assertRegex(output, r"build\.sh: this has to be mended first:\n  - vpc-\w+ has endpoints with private names already, and there can be "
                         r"one of each: .*com\.amazonaws\.us-east-1\.sts \(vpce-\w+\).* --set Endpoints=false")
        self.assertRegex(output, r"\n  - rtb-\w+ has a way to S3 already \(vpce-\w+\)\. Leave it out: --set RouteTableIds=, ")
        self.assertEqual(deploy("existing-jwt-existing-vpc").status, 0, "its own are not in its way")

    def test_a_certificate_for_another_host(self):
        arn = moto.client("acm").request_certificate(DomainName="other.example.com")["CertificateArn"]
        output = build("deploy", "--profile", LIVED, "--endpoint", moto.address, "--set", f"CertificateArn={arn}", "--stack", "elsewhere").output
        self.assertIn("the certificate is for other.example.com, not for mlflow.example.com", output)

    def test_functions_that_are_not_built_or_are_no_functions(self):
        with tempfile.TemporaryDirectory() as folder:
            clone = copy_of_the_repository(folder)
            python = {"folder": clone, "command": (".venv-aws/bin/python", ".scripts/deployment"), "AWS_COMMAND": ".venv-aws/bin/aws"}
            for change, words in {
                lambda file: file.write_bytes(b"no zip"): "dist/mlflow-app.zip has no bootstrap at its root. Build the functions again: ./build.sh",
                lambda file: file.unlink(): "there is no dist/mlflow-app.zip. Build the functions first: ./build.sh",
            }.items():
                change(clone / "dist/mlflow-app.zip")
                ended = deploy(LIVED, stack="unbuilt", **python)
                self.assertEqual(ended.status, 1, ended.output)
                self.assertIn(f"build.sh: {words}", ended.output)

    def test_a_stand_in_that_is_not_there(self):
        self.refused(r"nothing answers as AWS at http://127\.0\.0\.1:1: .* Start the stand-in first", "destroy", "--endpoint", "http://127.0.0.1:1")

    def test_a_stack_that_is_not_there(self):
        self.refused("there is no stack nowhere in account 123456789012, us-east-1", "destroy", "--stack", "nowhere", "--endpoint", moto.address, "--yes")

    def test_nobody_to_ask(self):
        name = stack_name("existing-jwt-existing-vpc")
        output = build("destroy", "--stack", name, "--endpoint", moto.address).output
        self.assertIn("build.sh: Remove it? There is nobody to answer: give --yes.", output)
        self.assertRegex(Stack(moto, name).status, "^(CREATE|UPDATE)_COMPLETE$")

    def test_the_help_names_profiles_and_options(self):
        ended = build("deploy", "--help")
        self.assertEqual(ended.status, 0)
        text = "".join(ended.output.split())
        for word in (*PROFILES, "--endpointURL", "--setNAME=VALUE", "--print-policy"):
            self.assertIn(word, text)


class CloudFormationTests(unittest.TestCase):
    def test_what_is_asked_of_cloudformation_goes_through_the_aws_cli(self):
        ended = build("Tests/EndToEnd/cloudformation_life.py", moto.address, command=(".venv-aws/bin/python",))
        self.assertEqual(ended.status, 0, ended.output)
        self.assertEqual(re.findall(r"(?m)^  (\d+ added|\d+ changed)$", ended.output)[0], "2 added")
        self.assertEqual(re.findall(r"(?m)^    0:\d\d  (\S+) +small$", ended.output), [
            f"{action}_{status}" for action in ("CREATE", "UPDATE", "DELETE") for status in ("IN_PROGRESS", "COMPLETE")])
        self.assertRegex(ended.output, r"(?m)^  log group  small-log +Log$")
        self.assertRegex(ended.output, r"(?m)^Change sets: 2$", "the third one was discarded")
        self.assertRegex(ended.output, r"(?m)^Stack: None$")


class ControlPlaneTests(unittest.TestCase):
    def test_the_stand_in_for_sagemaker_ends_with_moto(self):
        other = Moto()
        try:
            script = ("import sys; sys.path[:0] = ['.scripts/deployment', '.scripts/templates']; from aws_cli import AWS; from stand_in import control_plane\n"
                      f"print(control_plane.endpoint(AWS(endpoint='{other.address}')))\nprint(control_plane.endpoint(AWS(endpoint='{other.address}')))")
            lines = build("-c", script, command=(".venv-aws/bin/python",), AWS_COMMAND=".venv-aws/bin/aws").output.splitlines()
            self.assertEqual(lines[-1], lines[-2], "it is started once")
            self.assertTrue(lines[-1].startswith("http://127.0.0.1:"), lines)
            self.assertTrue(processes_naming(other.address))
        finally:
            other.stop()
        end = time.monotonic() + 60
        while processes_naming(other.address) and time.monotonic() < end:
            time.sleep(0.5)
        self.assertEqual(processes_naming(other.address), [])


if __name__ == "__main__":
    unittest.main()
