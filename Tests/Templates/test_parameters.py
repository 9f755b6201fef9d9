"""The parameters of the stack: their words, what they refuse, and the profiles that set them."""

import json
import re
import unittest

from profiles import PROFILES, REPOSITORY

import stack  # noqa: E402  (profiles says where they are)


class ParameterTests(unittest.TestCase):
    base = PROFILES["app-cognito-internal"]

    def refused(self, words, **changes):
        with self.assertRaisesRegex(stack.Problem, words):
            stack.flatten({**self.base, **changes})

    def test_values_that_do_not_fit_are_refused_with_the_rule(self):
        for name, value in {
            "PublicHostName": "https://mlflow.example.com", "CertificateArn": "arn:aws:iam::123456789012:server-certificate/x",
            "VpcCidr": "10.0.0.0/8", "ClientCidr": "everybody", "AllowedOrigins": "*", "FrameAncestors": "https://*.example.com",
            "MlflowName": "-mlflow", "MaintenanceWindow": "TUE:25:00", "AuthMode": "none", "RateLimit": "1", "ProxyTimeoutSeconds": "900",
            "AlarmEmail": "nobody", "OidcIssuer": "http://login.example.com", "ExistingVpcId": "vpc-1; drop", "LogRetentionDays": "30",
            "ScheduleStart": "every morning", "ExistingArtifactUri": "s3://bucket/../x", "ExistingArtifactKeyArn": "alias/mine",
            "JwtAudienceClaim": "exp", "JwtAudienceFormat": "list", "TrailLockMode": "LEGAL", "TrailLockDays": "3000", "Release": "latest", "TlsPolicy": "ELBSecurityPolicy-2016-08", "CodeBucket": "Code",
        }.items():
            with self.subTest(parameter=name):
                self.refused(f"{name} is", **{name: value})

    def test_an_artifact_uri_is_one_place_and_no_pattern(self):
        given = PROFILES["existing-jwt-existing-vpc"]
        for uri in ("s3://bucket/", "s3://bucket/a/", "s3://bucket//a", "s3://bucket/a*", "s3://bucket/${aws:username}", "s3://bucket/.hidden", "s3://bucket/a,s3://b",
                    "s3://Bucket/a", "https://bucket/a", "s3://b", "s3://bucket/a b", "s3://bucket/a?x"):
            with self.subTest(uri), self.assertRaisesRegex(stack.Problem, "ExistingArtifactUri is"):
                stack.flatten({**given, "ExistingArtifactUri": uri})

    def test_values_that_fit_are_taken(self):
        for name, value in {"AllowedOrigins": "https://a.example.com,https://b.example.com:8443", "ClientCidr": "192.0.2.0/24", "VpcCidr": "10.1.0.0/20",
                            "AlarmEmail": "team@example.com", "Zones": "3"}.items():
            with self.subTest(parameter=name):
                changes = {name: value, "SubnetBits": "6"} if name == "VpcCidr" else {name: value}
                self.assertTrue(stack.flatten({**self.base, **changes})["Resources"])

    def test_parameters_that_belong_together_are_asked_for(self):
        self.refused("OidcIssuer", AuthMode="oidc")
        self.refused("JwtIssuer", AuthMode="jwt")
        self.refused("JwtAudience", JwtIssuer="https://login.example.com", JwtKeysUrl="https://login.example.com/keys")
        self.refused("internal load balancer", AuthMode="network", LoadBalancerScheme="internet-facing")
        self.refused("ExistingMlflowArn", MlflowKind="Existing")
        self.refused("ExistingMlflowArn is for", ExistingMlflowArn=PROFILES["existing-jwt-existing-vpc"]["ExistingMlflowArn"])
        self.refused("ExistingArtifactUri is for", ExistingArtifactUri="s3://team-artifacts/mlflow")
        self.refused("ExistingArtifactKeyArn needs", ExistingArtifactKeyArn="arn:aws:kms:us-east-1:123456789012:key/0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9")
        self.refused("FunctionSubnetIds", ExistingVpcId="vpc-0a1b2c3d4e5f60718", LoadBalancerSubnetIds="subnet-0a1b2c3d4e5f60718,subnet-1a1b2c3d4e5f60718")
        for one in ("ScheduleStart", "ScheduleStop"):
            self.refused("both ScheduleStart and ScheduleStop", MlflowKind="TrackingServer", **{one: "cron(0 7 * * ? *)"})
        self.refused("CreateStudioDomain in a new VPC needs Endpoints", CreateStudioDomain="true", Endpoints="false")
        self.refused("TrackingServer", ScheduleStart="cron(0 7 * * ? *)", ScheduleStop="cron(0 19 * * ? *)")

    def test_every_parameter_is_explained_labelled_and_in_a_group(self):
        template = stack.load(stack.ROOT_TEMPLATE)
        interface = template["Metadata"]["AWS::CloudFormation::Interface"]
        grouped = [name for group in interface["ParameterGroups"] for name in group["Parameters"]]
        self.assertEqual(sorted(grouped), sorted(template["Parameters"]))
        self.assertEqual(sorted(interface["ParameterLabels"]), sorted(template["Parameters"]))
        for name, about in template["Parameters"].items():
            self.assertTrue(about["Description"] and about["ConstraintDescription"], name)

    def test_every_parameter_of_every_template_is_explained_and_bounded(self):
        bounds = {"String": [{"AllowedPattern"}, {"AllowedValues"}], "Number": [{"MinValue", "MaxValue"}, {"AllowedValues"}]}
        count = 0
        for file in (stack.ROOT_TEMPLATE, *(REPOSITORY / "lambda/templates").glob("*.yaml")):
            for name, about in stack.load(file).get("Parameters", {}).items():
                count += 1
                self.assertTrue(about["Description"], f"{file.name} {name}")
                # Ids and lists of them are what CloudFormation or EC2 checks.
                if about["Type"] in bounds:
                    self.assertTrue(any(each <= set(about) for each in bounds[about["Type"]]), f"{file.name} {name}")
                else:
                    self.assertRegex(about["Type"], r"^((List<)?AWS::EC2::|CommaDelimitedList$)", f"{file.name} {name}")
        self.assertGreater(count, 150)

    def test_a_wrong_name_of_a_parameter_or_output_is_found(self):
        self.refused("has no parameter Colour", Colour="red")
        whole = stack.scope(self.base)
        with self.assertRaisesRegex(stack.Problem, "no output"):
            whole.stack("Data").output("Bucket")

    def test_profiles_cover_what_the_stack_can_be(self):
        shapes = {(each["MlflowKind"], each["AuthMode"], each.get("LoadBalancerScheme", "internal"), "ExistingVpcId" in each) for each in PROFILES.values()}
        self.assertGreaterEqual(len(shapes), 8)
        for index, values in enumerate([{"App", "TrackingServer", "Existing"}, {"cognito", "oidc", "jwt", "network"}, {"internal", "internet-facing"}, {True, False}]):
            self.assertEqual({shape[index] for shape in shapes}, values)

    def test_the_table_of_profiles_has_each_with_what_it_sets(self):
        rows = [row.strip("| \n").split(" | ") for row in (stack.PROFILES / "README.md").read_text().splitlines() if row.startswith("| `")]
        self.assertEqual([row[0].strip("`") for row in rows], sorted(PROFILES))
        for name, mlflow, who, balancer, network, *besides in rows:
            sets = json.loads((stack.PROFILES / f"{name.strip('`')}.json").read_text())["Parameters"]
            self.assertEqual(balancer, {"internet-facing": "on the internet"}.get(sets.get("LoadBalancerScheme"), "internal"), name)
            kind = {"App": "App", "TrackingServer": "tracking server", "Existing": "the one that you have"}[sets["MlflowKind"]]
            self.assertTrue(mlflow.startswith(kind), name)
            ways = {"cognito": "users of a pool", "oidc": "people of your OIDC provider", "jwt": "bearer tokens", "network": "who reaches"}
            self.assertTrue(who.startswith(ways[sets["AuthMode"]]), name)
            self.assertEqual(network.startswith("your VPC"), "ExistingVpcId" in PROFILES[name.strip("`")], name)
            self.assertEqual(set(re.findall(r"`(\w+)`", "".join(besides))), set(sets) - {"MlflowKind", "AuthMode", "LoadBalancerScheme"}, name)


if __name__ == "__main__":
    unittest.main()
