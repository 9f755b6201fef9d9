"""What services refuse or quietly do not do, though templates with it are well formed: each of these has its reason in the
documentation of the service, and none is seen by a linter or a stand-in."""

import json
import re
import unittest

from profiles import FLAT, PROFILES, REPOSITORY, EachProfile, as_list

import stack  # noqa: E402  (profiles says where it is)


def of_type(template, kind):
    return {name: each for name, each in template["Resources"].items() if each["Type"] == kind}


class LambdaTests(EachProfile):
    def test_a_release_changes_the_function_of_which_it_publishes_a_version(self):
        # PublishVersion makes no version of a function that has not changed since the last one; the stack's update then fails.
        parameters = PROFILES["app-cognito-machines"]
        changed = stack.flatten({**parameters, "Release": "f" * 12})
        for name, version in of_type(FLAT["app-cognito-machines"], "AWS::Lambda::Version").items():
            function = version["Properties"]["FunctionName"]["Ref"]
            self.assertNotEqual(version, changed["Resources"][name])
            self.assertNotEqual(FLAT["app-cognito-machines"]["Resources"][function], changed["Resources"][function])

    def test_descriptions_are_short_enough(self):
        for name, template in self.each():
            for function in of_type(template, "AWS::Lambda::Function").values():
                self.assertLessEqual(len(function["Properties"]["Description"]), 256)

    def test_a_function_in_the_vpc_may_make_its_interfaces_before_it_is_made(self):
        # Its role has these in a policy of its own, not in one that is attached later.
        for name, template in self.each():
            for function in of_type(template, "AWS::Lambda::Function").values():
                if "VpcConfig" in function["Properties"]:
                    role = template["Resources"][function["Properties"]["Role"]["Fn::GetAtt"][0]]
                    self.assertIn("ec2:CreateNetworkInterface", json.dumps(role["Properties"]["Policies"]))

    def test_all_provisioned_concurrency_is_reserved(self):
        for name, template in self.each():
            for alias in of_type(template, "AWS::Lambda::Alias").values():
                provisioned = alias["Properties"].get("ProvisionedConcurrencyConfig", {}).get("ProvisionedConcurrentExecutions", 0)
                function = template["Resources"][alias["Properties"]["FunctionName"]["Ref"]]
                self.assertLessEqual(provisioned, function["Properties"]["ReservedConcurrentExecutions"])


class DeliveryTests(EachProfile):
    def test_load_balancers_deliver_logs_by_the_documented_statement(self):
        # With aws:SourceArn in it, ELB has been refused ("Access Denied for bucket"), and with it the load balancer.
        for name, template in self.each():
            statements = template["Resources"]["DataLogBucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]
            allowed, = [each for each in statements if each["Principal"] == {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"}]
            self.assertNotIn("Condition", allowed)
            self.assertIn("/alb/AWSLogs/123456789012/*", json.dumps(allowed["Resource"]))
            balancer, = of_type(template, "AWS::ElasticLoadBalancingV2::LoadBalancer").values()
            values = {each["Key"]: each["Value"] for each in balancer["Properties"]["LoadBalancerAttributes"]}
            self.assertEqual(values["access_logs.s3.prefix"], "alb")

    def test_the_bucket_of_access_logs_is_one_that_s3_delivers_to(self):
        for name, template in self.each():
            log = template["Resources"]["DataLogBucket"]["Properties"]
            self.assertNotIn("ObjectLockEnabled", log)
            self.assertNotIn("ObjectLockConfiguration", log)
            self.assertEqual(log["BucketEncryption"]["ServerSideEncryptionConfiguration"], [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}])
            for key, bucket in of_type(template, "AWS::S3::Bucket").items():
                if "LoggingConfiguration" in bucket["Properties"]:
                    self.assertIn("DataLogBucketPolicy", bucket["DependsOn"], key)

    def test_a_bucket_that_stays_keeps_its_policy(self):
        for name, template in self.each():
            policies = of_type(template, "AWS::S3::BucketPolicy")
            self.assertEqual({each["Properties"]["Bucket"]["Ref"] for each in policies.values()}, set(of_type(template, "AWS::S3::Bucket")))
            for policy in policies.values():
                self.assertEqual(policy["DeletionPolicy"], "Retain")

    def test_the_key_and_the_bucket_know_the_trail_by_its_arn(self):
        for name, template in self.each():
            for trail in of_type(template, "AWS::CloudTrail::Trail").values():
                arn = f"arn:aws:cloudtrail:us-east-1:123456789012:trail/{trail['Properties']['TrailName']}"
                key, = [each for each in template["Resources"]["DataDataKey"]["Properties"]["KeyPolicy"]["Statement"]
                        if each["Principal"] == {"Service": "cloudtrail.amazonaws.com"}]
                self.assertEqual(key["Condition"], {"StringEquals": {"aws:SourceArn": arn}})
                # With the bucket's own key, CloudTrail wants to decrypt as well.
                self.assertIn("kms:Decrypt", key["Action"])
                bucket = template["Resources"]["DataTrailBucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]
                self.assertEqual(len([each for each in bucket if each["Effect"] == "Allow" and arn in json.dumps(each["Condition"])]), 2)

    def test_log_groups_are_ones_that_the_keys_policy_and_the_firewall_know(self):
        for name, template in self.each():
            pattern, = [each["Condition"]["ArnLike"]["kms:EncryptionContext:aws:logs:arn"]
                        for each in template["Resources"]["DataLogsKey"]["Properties"]["KeyPolicy"]["Statement"] if each["Sid"] == "LogsOfThisStack"]
            middle = pattern.split("log-group:*")[1].rstrip("*")
            for group in of_type(template, "AWS::Logs::LogGroup").values():
                self.assertIn(middle, group["Properties"]["LogGroupName"])
            for logging in of_type(template, "AWS::WAFv2::LoggingConfiguration").values():
                group = re.search(r"Edge\w+", json.dumps(logging["Properties"]["LogDestinationConfigs"])).group()
                self.assertTrue(template["Resources"][group]["Properties"]["LogGroupName"].startswith("aws-waf-logs-"))


class TrustTests(EachProfile):
    def test_services_that_are_not_known_to_say_for_whom_they_ask_are_not_asked(self):
        # MLflow's and CloudTrail's guides have no condition in the trust of their roles; with one that is never met they could not
        # assume them. The other services' guides have it.
        for name, template in self.each():
            for key, role in of_type(template, "AWS::IAM::Role").items():
                for statement in role["Properties"]["AssumeRolePolicyDocument"]["Statement"]:
                    service = statement["Principal"].get("Service")
                    if key in ("MlflowServiceRole", "AuditTrailRole") or service == "lambda.amazonaws.com":
                        self.assertNotIn("Condition", statement, key)
                    elif service:
                        self.assertEqual(statement["Condition"]["StringEquals"]["aws:SourceAccount"], "123456789012", key)


class NameTests(unittest.TestCase):
    base = PROFILES["app-cognito-machines"]

    def test_a_name_that_some_service_refuses_is_refused_before_anything_is_made(self):
        # Load balancers: no internal-, no hyphen at the end. Trails: three characters, no two hyphens in a row. Roles and buckets of
        # nested stacks: where their names would be too long, 25 characters of the stack's name are left.
        for name in ("internal-mlflow", "mlflow-", "ml--flow", "ml", "-mlflow", "Mlflow", "1mlflow", "m" * 24):
            with self.subTest(name=name), self.assertRaisesRegex(stack.Problem, "Prefix is"):
                stack.flatten(self.base, name)

    def test_the_longest_name_fits_everywhere(self):
        name = "m" * 23
        template = stack.flatten(self.base, name)
        for kind, key in (("AWS::ElasticLoadBalancingV2::LoadBalancer", "Name"), ("AWS::ElasticLoadBalancingV2::TargetGroup", "Name")):
            for each in of_type(template, kind).values():
                self.assertRegex(each["Properties"][key], r"^(?!internal-)[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$")
        for each in of_type(template, "AWS::Lambda::Function").values():
            self.assertLessEqual(len(each["Properties"]["FunctionName"]), 64)
        # Buckets have 63 characters.
        self.assertLessEqual(len(f"{name}-code-123456789012-ap-southeast-2"), 63)

    def test_a_sign_in_domain_has_no_word_that_cognito_keeps(self):
        domain, = of_type(FLAT["app-cognito-machines"], "AWS::Cognito::UserPoolDomain").values()
        self.assertRegex(domain["Properties"]["Domain"], r"^[0-9a-f-]{36}$")

    def test_zones_may_be_named(self):
        template = stack.flatten({**self.base, "ZoneNames": "us-east-1b,us-east-1d"})
        self.assertEqual({each["Properties"]["AvailabilityZone"] for each in of_type(template, "AWS::EC2::Subnet").values()}, {"us-east-1b", "us-east-1d"})
        with self.assertRaisesRegex(stack.Problem, "are 2, and Network needs 3"):
            stack.flatten({**self.base, "ZoneNames": "us-east-1b,us-east-1d", "Zones": "3"})

    def test_subnets_are_as_large_as_a_load_balancer_wants_and_fit_into_the_vpc(self):
        with self.assertRaisesRegex(stack.Problem, "SubnetBits is 4"):
            stack.flatten({**self.base, "SubnetBits": "4"})
        with self.assertRaisesRegex(stack.Problem, "does not hold 12 subnets"):
            stack.flatten({**self.base, "VpcCidr": "10.0.0.0/22"})
        self.assertTrue(stack.flatten({**self.base, "VpcCidr": "10.0.0.0/22", "SubnetBits": "6"})["Resources"])


class WayOutTests(unittest.TestCase):
    def test_what_is_on_the_internet_is_not_asked_for_without_a_way_there(self):
        server = {**PROFILES["server-cognito-internet"], "NatGateways": "none"}
        tokens = {"JwtIssuer": "https://login.example.com", "JwtKeysUrl": "https://login.example.com/keys", "JwtAudience": "mlflow"}
        for changes, reason in (
            ({}, "no way to keys"),
            ({"AuthMode": "jwt", "LoadBalancerScheme": "internal", **tokens}, "no way to keys"),
            ({"AuthMode": "jwt", **tokens, "Endpoints": "false"}, "without either, functions reach nothing"),
            ({"AuthMode": "network", "LoadBalancerScheme": "internal", "MlflowKind": "App", "ScheduleStart": "", "ScheduleStop": ""}, "for a tracking server"),
        ):
            with self.subTest(**changes), self.assertRaisesRegex(stack.Problem, reason):
                stack.flatten({**server, **changes})
        for changes in ({"AuthMode": "jwt", **tokens}, {"AuthMode": "network", "LoadBalancerScheme": "internal"}):
            self.assertTrue(stack.flatten({**server, **changes})["Resources"])


class NestedStackTests(unittest.TestCase):
    def test_no_nested_stack_wants_values_that_a_change_set_does_not_know_yet(self):
        # In a change set of a stack that is not there yet, outputs of other stacks are texts such as {{IntrinsicFunction:...}}. A
        # type such as AWS::EC2::Subnet::Id is looked up by its value at once, and Fn::Select behind the first part has none.
        for path in sorted((stack.ROOT_TEMPLATE.parent / "templates").glob("*.yaml")):
            template = stack.load(path)
            for name, about in template["Parameters"].items():
                self.assertIn(about["Type"], ("String", "Number", "CommaDelimitedList"), f"{path.name} {name}")
                if about["Type"] == "CommaDelimitedList":
                    self.assertNotIn("AllowedPattern", about, f"{path.name} {name}")


# What CloudFormation's handlers call beyond the obvious, by the permissions that the registry's schemas list: without it, making,
# reading or deleting such a resource ends at AccessDenied.
HANDLERS = {
    "AWS::CloudTrail::Trail": ["cloudtrail:GetTrail", "cloudtrail:GetEventSelectors", "cloudtrail:StopLogging", "cloudtrail:AddTags"],
    "AWS::Cognito::UserPool": ["cognito-idp:SetUserPoolMfaConfig", "cognito-idp:GetUserPoolMfaConfig", "cognito-idp:TagResource"],
    "AWS::EC2::VPCEndpoint": ["route53:AssociateVPCWithHostedZone", "ec2:DescribeVpcEndpoints"],
    "AWS::EC2::VPCGatewayAttachment": ["ec2:DescribeVpnGateways", "ec2:DetachInternetGateway"],
    "AWS::EC2::SubnetRouteTableAssociation": ["ec2:ReplaceRouteTableAssociation"],
    "AWS::EC2::SecurityGroup": ["ec2:DescribeInstances", "ec2:RevokeSecurityGroupEgress"],
    "AWS::ElasticLoadBalancingV2::LoadBalancer": ["ec2:GetSecurityGroupsForVpc", "elasticloadbalancing:SetSecurityGroups", "elasticloadbalancing:DescribeCapacityReservation"],
    "AWS::ElasticLoadBalancingV2::ListenerRule": ["cognito-idp:DescribeUserPoolClient", "elasticloadbalancing:SetRulePriorities"],
    "AWS::IAM::Role": ["iam:UntagRole", "iam:TagRole", "iam:PassRole"],
    "AWS::Lambda::Function": ["s3:GetObjectVersion", "lambda:GetFunctionCodeSigningConfig", "lambda:GetRuntimeManagementConfig", "lambda:GetFunctionRecursionConfig", "kms:CreateGrant"],
    "AWS::Lambda::Permission": ["lambda:GetPolicy", "lambda:RemovePermission"],
    "AWS::Lambda::Version": ["lambda:GetFunctionConfiguration", "lambda:GetFunctionScalingConfig"],
    "AWS::Logs::LogGroup": ["logs:GetDataProtectionPolicy", "logs:AssociateKmsKey", "logs:TagResource"],
    "AWS::SNS::Subscription": ["sns:GetSubscriptionAttributes", "sns:Unsubscribe"],
    "AWS::SQS::Queue": ["sqs:GetQueueUrl", "sqs:ListQueueTags"],
    "AWS::SageMaker::Domain": ["iam:CreateServiceLinkedRole", "sagemaker:ListTags", "kms:CreateGrant"],
    "AWS::Scheduler::ScheduleGroup": ["scheduler:TagResource", "scheduler:ListTagsForResource"],
    "AWS::WAFv2::WebACL": ["wafv2:ListTagsForResource", "wafv2:TagResource"],
    "AWS::WAFv2::WebACLAssociation": ["wafv2:GetWebACLForResource", "elasticloadbalancing:CreateWebACLAssociation", "elasticloadbalancing:SetWebAcl"],
    "AWS::WAFv2::LoggingConfiguration": ["logs:CreateLogDelivery", "logs:PutResourcePolicy", "logs:DescribeResourcePolicies", "logs:DescribeLogGroups", "iam:CreateServiceLinkedRole"],
    "AWS::S3::Bucket": ["s3:PutBucketObjectLockConfiguration", "s3:PutBucketTagging", "s3:GetBucketLogging"],
}


class DeployerTests(unittest.TestCase):
    statements = json.loads((REPOSITORY / "lambda/deployer-policy.json").read_text())["Statement"]

    def test_the_deployer_may_what_cloudformation_calls_in_its_name(self):
        allowed = {action for each in self.statements for action in as_list(each["Action"])}
        made = {each["Type"] for template in FLAT.values() for each in template["Resources"].values()}
        self.assertLessEqual(set(HANDLERS), made)
        self.assertEqual({kind: missing for kind, actions in HANDLERS.items() if (missing := set(actions) - allowed)}, {})
        # Nested stacks roll back by this one.
        self.assertIn("cloudformation:CancelUpdateStack", allowed)

    def test_keys_are_used_through_services_alone_and_their_policies_changed_by_stacks_alone(self):
        for each in self.statements:
            actions = set(as_list(each["Action"]))
            if actions & {"kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:CreateGrant"}:
                self.assertIn("kms:ViaService", each["Condition"]["StringLike"])
            if "kms:PutKeyPolicy" in actions:
                self.assertEqual(each["Condition"], {"ForAnyValue:StringEquals": {"aws:CalledVia": "cloudformation.amazonaws.com"}})

    def test_every_statement_fits_into_a_managed_policy(self):
        values = {"Partition": "aws-us-gov", "Region": "ap-southeast-2", "AccountId": "123456789012", "StackName": "m" * 23}
        for each in self.statements:
            text = json.dumps(each, separators=(",", ":"))
            for key, value in values.items():
                text = text.replace("${" + key + "}", value)
            self.assertLessEqual(len(text), 6_000, each["Sid"])


if __name__ == "__main__":
    unittest.main()
