"""Who may do what in AWS: the roles of every profile, and the deployer."""

import itertools
import json
import re
import types
import unittest

from profiles import actions_of, as_list, EachProfile, FLAT, of_type, PROFILES, REPOSITORY, SIGNED_IN

import iam  # noqa: E402  (profiles says where they are)
import permissions  # noqa: E402
import stack  # noqa: E402
import tools  # noqa: E402


# The roles of each function with a policy of its own, and what is a name in one of these policies.
ROLES = {"mlflow-app": ["MlflowRole"], "mlflow-proxy": ["ProxyFunctionRole", "ProxyMlflowRole"], "vpc-cleanup": ["CleanupRole"]}
NAMES = {
    "ArtifactBucket": "${DataArtifactBucket}", "ArtifactPrefix": "mlflow", "OverflowBucket": "${DataOverflowBucket}", "OverflowPrefix": "mlflow-proxy/",
    "VpcId": "${NetworkVpc}", "AppId": "*", "Name": "*", "FunctionName": "*", "MlflowRoleName": "*", "AWS::Partition": "aws", "AWS::Region": "us-east-1",
    "AWS::AccountId": "123456789012"}
# What the template knows by reference alone.
KNOWN = {"MlflowServiceRole.Arn": "arn:aws:iam::123456789012:role/*", "ProxyMlflowRole.Arn": "${AssumedRoleArn}"}
KNOWN |= {f"MlflowMLflow.{name}": f"arn:aws:sagemaker:us-east-1:123456789012:{kind}/*" for name, kind in (("App", "mlflow-app"), ("TrackingServer", "mlflow-tracking-server"))}


def resources_of(statement, kind):
    """What a statement is about, other resources of the stack by their names."""
    for each in as_list(statement["Resource"]):
        if isinstance(each, dict) and "Fn::GetAtt" in each:
            name, attribute = each["Fn::GetAtt"]
            each = KNOWN.get(f"{name}.{kind if name == 'MlflowMLflow' else attribute}", "arn:aws:logs:us-east-1:123456789012:log-group:*:*")
        yield each["Fn::Sub"] if isinstance(each, dict) and "Fn::Sub" in each else each


class AccessTests(EachProfile):
    def test_each_function_may_what_its_own_policy_lists_on_what_it_lists(self):
        known, allowed = iam.Actions(tools.ACTIONS), set()
        # No profile deletes home directories.
        name = "server-oidc-studio"
        deleting = stack.flatten({**PROFILES[name], "StudioHomeFileSystems": "Delete"})
        for name, template in [*self.each(), (name, deleting)]:
            for function, roles in ROLES.items():
                for where, statements in iam.policies(template):
                    owners = template["Resources"][where.partition("/")[0]]["Properties"].get("Roles", [{"Ref": where.partition("/")[0]}])
                    for each in statements if owners[0]["Ref"] in roles else []:
                        if each["Effect"] == "Allow":
                            found = resources_of(each, PROFILES[name]["MlflowKind"])
                            allowed |= {(function, action, resource) for resource in map(str, found) for action in as_list(each["Action"])}
        for file in sorted((REPOSITORY / "lambda").glob("*/policy.json")):
            for statement in json.loads(file.read_text()).get("Statement", []):
                for action, resource in itertools.product(as_list(statement["Action"]), as_list(statement["Resource"])):
                    resource = re.sub(r"\$\{([\w:]+)\}", lambda match: NAMES.get(match[1], match[0]), resource)
                    # Templates limit some reads further than lists of every resource.
                    fits = {each for function, each, there in allowed if function == file.parent.name and (resource == "*" or iam.overlap(resource, there))}
                    wanted = {f"{service}:{about['privilege']}" for service, about in known.matching(action)} or {action}
                    self.assertLessEqual(wanted, fits, f"{file.parent.name}: {statement['Sid']}, {resource}")

    def test_vpc_cleanup_may_delete_what_it_is_asked_to_delete_alone(self):
        for option, action in (("StudioHomeFileSystems", "elasticfilesystem:DeleteFileSystem"), ("GuardDutyEndpoints", "ec2:DeleteVpcEndpoints")):
            for value, is_allowed in (("Delete", True), ("Retain" if option.startswith("Studio") else "Keep", False)):
                template = stack.flatten({**PROFILES["server-oidc-studio"], option: value})
                actions = {each for where, statements in iam.policies(template) if where.startswith("CleanupRole/")
                           for statement in statements for each in as_list(statement["Action"])}
                self.assertEqual(action in actions, is_allowed, f"{option} {value}")
                self.assertIn("elasticfilesystem:DeleteMountTarget", actions)

    def test_what_callers_may_is_what_the_role_that_signs_may(self):
        for name, template in self.each():
            access = PROFILES[name].get("Access", "full")
            allowed = actions_of(name, "ProxyMlflowRole")
            self.assertIn("sagemaker-mlflow:GetRun", allowed)
            self.assertEqual("sagemaker-mlflow:CreateRun" in allowed, access != "read-only")
            self.assertEqual("s3:PutObject" in allowed, access != "read-only")
            self.assertEqual("sagemaker-mlflow:DeleteRun" in allowed, access == "full")
            self.assertEqual(any("CreatePresigned" in action for action in allowed), access == "full")

    def test_the_trust_asks_for_the_callers_name_where_people_sign_in(self):
        for name, template in self.each():
            statement, = template["Resources"]["ProxyMlflowRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
            self.assertEqual("sts:SetSourceIdentity" in statement["Action"], name in SIGNED_IN)
            self.assertEqual(statement["Principal"], {"AWS": {"Fn::GetAtt": ["ProxyFunctionRole", "Arn"]}})

    def test_lambda_may_make_the_functions_interfaces_and_the_code_may_not(self):
        for name, template in self.each():
            inside = {key: each for key, each in of_type(template, "AWS::Lambda::Function").items() if "VpcConfig" in each}
            self.assertIn("ProxyFunction", inside)
            for key, function in inside.items():
                role = template["Resources"][function["Role"]["Fn::GetAtt"][0]]["Properties"]
                statements = [each for policy in role["Policies"] for each in policy["PolicyDocument"]["Statement"]]
                allowed = {action for each in statements if each["Effect"] == "Allow" for action in as_list(each["Action"]) if action.startswith("ec2:")}
                self.assertIn("ec2:CreateNetworkInterface", allowed)
                deny, = [each for each in statements if each["Effect"] == "Deny"]
                self.assertEqual((set(deny["Action"]), deny["Resource"]), (allowed, "*"))
                arn = f"arn:aws:lambda:us-east-1:123456789012:function:{function['FunctionName']}"
                self.assertEqual(deny["Condition"], {"ArnEquals": {"lambda:SourceFunctionArn": arn}})
                change, = [each for each in statements if "ec2:DeleteNetworkInterface" in as_list(each["Action"]) and each["Effect"] == "Allow"]
                self.assertEqual(change["Resource"], "arn:aws:ec2:us-east-1:123456789012:*/*", "with less, Lambda refuses to make the function")

    def test_a_role_is_passed_to_sagemaker_alone(self):
        for name, template in self.each():
            for where, statements in iam.policies(template):
                for statement in statements:
                    if "iam:PassRole" in as_list(statement["Action"]):
                        self.assertEqual(statement["Condition"], {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}})
                        self.assertEqual(statement["Resource"], {"Fn::GetAtt": ["MlflowServiceRole", "Arn"]})

    def test_every_role_has_the_boundary_that_is_asked_for_and_none_otherwise(self):
        boundary = "arn:aws:iam::123456789012:policy/bounds"
        for name, parameters in PROFILES.items():
            without, within = FLAT[name], stack.flatten({**parameters, "PermissionsBoundaryArn": boundary})
            roles = of_type(within, "AWS::IAM::Role")
            self.assertGreaterEqual(len(roles), 2, name)
            self.assertEqual({role.get("PermissionsBoundary") for role in roles.values()}, {boundary}, name)
            self.assertFalse([role for role in of_type(without, "AWS::IAM::Role").values() if "PermissionsBoundary" in role], name)


# Calls of the AWS CLI whose permission has another name.
OTHER_NAMES = {
    "s3:HeadBucket": "s3:ListBucket", "s3:ListObjectsV2": "s3:ListBucket", "s3:Cp": "s3:PutObject", "s3:PutPublicAccessBlock": "s3:PutBucketPublicAccessBlock",
    "s3:PutBucketEncryption": "s3:PutEncryptionConfiguration", "s3:GetObjectLockConfiguration": "s3:GetBucketObjectLockConfiguration"}
# Everybody may ask who they are; and without these two, what the caller lacks is not asked for.
UNASKED = {"sts:GetCallerIdentity", "iam:GetRole", "iam:SimulatePrincipalPolicy"}


class DeployerTests(unittest.TestCase):
    def policy(self):
        text = (REPOSITORY / "lambda/deployer-policy.json").read_text()
        for name, value in {"Partition": "aws", "Region": "us-east-1", "AccountId": "123456789012", "StackName": stack.STACK_NAME}.items():
            text = text.replace("${" + name + "}", value)
        return json.loads(text)

    def test_the_deployers_policy_has_actions_that_are_some_on_resources_they_know(self):
        template = {"Resources": {"Deployer": {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": self.policy()}}}}
        unknown, writes, unavoidable = iam.findings(template, iam.Actions(tools.ACTIONS))
        self.assertEqual((unknown, writes), ([], []))
        statement, = [each for each in self.policy()["Statement"] if each["Sid"] == "WritesThatKnowNoResource"]
        self.assertEqual(unavoidable, sorted(statement["Action"]))

    def test_the_deployer_may_what_deploy_and_destroy_call_themselves(self):
        called = set()
        for file in (REPOSITORY / ".scripts/deployment").glob("*.py"):
            for service, operation in re.findall(r'\b(?:aws|find|_run)\(\s*"([a-z0-9-]+)",\s*"([a-z0-9-]+)"', file.read_text()):
                service = {"s3api": "s3", "elbv2": "elasticloadbalancing"}.get(service, service)
                action = f"{service}:{''.join(part.capitalize() for part in operation.split('-'))}"
                called.add(OTHER_NAMES.get(action, action).lower())
        self.assertGreater(len(called), 25)
        allowed = {action.lower() for each in self.policy()["Statement"] for action in as_list(each["Action"])}
        self.assertEqual(called - allowed - {each.lower() for each in UNASKED}, set())

    def test_within_a_boundary_the_deployer_makes_and_changes_bounded_roles_alone(self):
        boundary = "arn:aws:iam::123456789012:policy/bounds"
        caller = types.SimpleNamespace(partition="aws", account="123456789012")
        changing = {"iam:CreateRole", "iam:PutRolePolicy", "iam:PutRolePermissionsBoundary", "iam:AttachRolePolicy"}
        allowed = set()
        for each in permissions.deployer_policy(caller, "us-east-1", "team", boundary):
            allowed |= set(as_list(each["Action"]))
            if changing & set(as_list(each["Action"])):
                self.assertEqual(each["Condition"], {"StringEquals": {"iam:PermissionsBoundary": boundary}})
        self.assertLessEqual(changing - {"iam:AttachRolePolicy"}, allowed)
        self.assertNotIn("iam:DeleteRolePermissionsBoundary", allowed)

    def test_the_services_that_a_boundary_has_to_allow_are_in_the_document(self):
        section = (REPOSITORY / "docs/operations.md").read_text().split("### Bounds for the roles")[1].split("\n### ")[0]
        listed = set(re.findall(r"`([a-z0-9-]+)`", section.split("It has to allow")[1]))
        used = {
            action.partition(":")[0] for template in FLAT.values() for _, statements in iam.policies(template) for each in statements
            if each["Effect"] == "Allow" for action in as_list(each["Action"])}
        self.assertEqual(listed, used)

    def test_the_deployer_may_make_whatever_a_profile_has(self):
        allowed = {action for each in self.policy()["Statement"] for action in as_list(each["Action"])}
        made = {each["Type"] for template in FLAT.values() for each in template["Resources"].values()}
        creates = {
            "AWS::CloudTrail::Trail": "cloudtrail:CreateTrail", "AWS::CloudWatch::Alarm": "cloudwatch:PutMetricAlarm",
            "AWS::CloudWatch::Dashboard": "cloudwatch:PutDashboard", "AWS::Cognito::UserPool": "cognito-idp:CreateUserPool",
            "AWS::Cognito::UserPoolClient": "cognito-idp:CreateUserPoolClient", "AWS::Cognito::UserPoolDomain": "cognito-idp:CreateUserPoolDomain",
            "AWS::EC2::EIP": "ec2:AllocateAddress", "AWS::EC2::FlowLog": "ec2:CreateFlowLogs", "AWS::EC2::InternetGateway": "ec2:CreateInternetGateway",
            "AWS::EC2::NatGateway": "ec2:CreateNatGateway", "AWS::EC2::NetworkAcl": "ec2:CreateNetworkAcl",
            "AWS::EC2::NetworkAclEntry": "ec2:CreateNetworkAclEntry", "AWS::EC2::Route": "ec2:CreateRoute", "AWS::EC2::RouteTable": "ec2:CreateRouteTable",
            "AWS::EC2::SecurityGroup": "ec2:CreateSecurityGroup", "AWS::EC2::SecurityGroupEgress": "ec2:AuthorizeSecurityGroupEgress",
            "AWS::EC2::SecurityGroupIngress": "ec2:AuthorizeSecurityGroupIngress", "AWS::EC2::Subnet": "ec2:CreateSubnet",
            "AWS::EC2::SubnetNetworkAclAssociation": "ec2:ReplaceNetworkAclAssociation", "AWS::EC2::SubnetRouteTableAssociation": "ec2:AssociateRouteTable",
            "AWS::EC2::VPC": "ec2:CreateVpc", "AWS::EC2::VPCEndpoint": "ec2:CreateVpcEndpoint", "AWS::EC2::VPCGatewayAttachment": "ec2:AttachInternetGateway",
            "AWS::ElasticLoadBalancingV2::Listener": "elasticloadbalancing:CreateListener", "AWS::ElasticLoadBalancingV2::ListenerRule": "elasticloadbalancing:CreateRule",
            "AWS::ElasticLoadBalancingV2::LoadBalancer": "elasticloadbalancing:CreateLoadBalancer",
            "AWS::ElasticLoadBalancingV2::TargetGroup": "elasticloadbalancing:CreateTargetGroup", "AWS::IAM::Policy": "iam:PutRolePolicy",
            "AWS::IAM::Role": "iam:CreateRole", "AWS::KMS::Alias": "kms:CreateAlias", "AWS::KMS::Key": "kms:CreateKey", "AWS::Lambda::Alias": "lambda:CreateAlias",
            "AWS::Lambda::EventInvokeConfig": "lambda:PutFunctionEventInvokeConfig", "AWS::Lambda::Function": "lambda:CreateFunction",
            "AWS::Lambda::Permission": "lambda:AddPermission", "AWS::Lambda::Version": "lambda:PublishVersion", "AWS::Logs::LogGroup": "logs:CreateLogGroup",
            "AWS::S3::Bucket": "s3:CreateBucket", "AWS::S3::BucketPolicy": "s3:PutBucketPolicy", "AWS::SNS::Subscription": "sns:Subscribe",
            "AWS::SNS::Topic": "sns:CreateTopic", "AWS::SNS::TopicPolicy": "sns:SetTopicAttributes", "AWS::SQS::Queue": "sqs:CreateQueue",
            "AWS::SQS::QueuePolicy": "sqs:SetQueueAttributes", "AWS::SageMaker::Domain": "sagemaker:CreateDomain", "AWS::Scheduler::Schedule": "scheduler:CreateSchedule",
            "AWS::Scheduler::ScheduleGroup": "scheduler:CreateScheduleGroup", "AWS::WAFv2::LoggingConfiguration": "wafv2:PutLoggingConfiguration",
            "AWS::WAFv2::WebACL": "wafv2:CreateWebACL", "AWS::WAFv2::WebACLAssociation": "wafv2:AssociateWebACL",
            "Custom::MLflowApp": "lambda:InvokeFunction", "Custom::VPCCleanup": "lambda:InvokeFunction", "AWS::CloudFormation::WaitConditionHandle": None,
        }
        self.assertLessEqual(made, set(creates))
        self.assertLessEqual({creates[kind] for kind in made} - {None}, allowed)


if __name__ == "__main__":
    unittest.main()
