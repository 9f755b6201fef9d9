"""What docs/security.md and docs/operations.md say of the stack, looked up in it: in every profile, as the templates resolve."""

import pathlib
import re
import subprocess
import sys
import unittest

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / ".scripts/templates"))

import tools

if __name__ == "__main__":
    tools.use()

import iam
import markdown
import stack

PROFILES = {name: stack.profile(name) for name in stack.profile_names()}
FLAT = {name: stack.flatten(parameters) for name, parameters in PROFILES.items()}
BASELINE = stack.load(REPOSITORY / "lambda/account-baseline.yaml")


def as_list(value):
    return value if isinstance(value, list) else [value]


def of_type(template, kind):
    return {name: each.get("Properties", {}) for name, each in template["Resources"].items() if each["Type"] == kind}


def statements(template):
    """Every statement of a role that allows: where, actions, resources as patterns."""
    for where, found in iam.policies(template):
        for statement in found:
            if statement["Effect"] == "Allow":
                yield where, as_list(statement["Action"]), [iam.text_of(each) for each in as_list(statement["Resource"])]


class HardeningTests(unittest.TestCase):
    def each(self, wanted=lambda parameters: True):
        """The profiles that are wanted, one after the other; there has to be one. What fails names the profile."""
        names = [name for name, parameters in PROFILES.items() if wanted(parameters)]
        self.assertTrue(names)
        for self.profile in names:
            yield self.profile, FLAT[self.profile]

    def _formatMessage(self, message, standard):
        return f"in {getattr(self, 'profile', 'no profile')}: {super()._formatMessage(message, standard)}"

    def test_no_policy_allows_an_action_by_a_wildcard(self):
        for name, template in self.each():
            count = 0
            for where, actions, _ in statements(template):
                count += 1
                self.assertFalse([action for action in actions if "*" in action], where)
            self.assertGreater(count, 15)

    def test_what_is_allowed_on_every_resource_is_in_the_document(self):
        table = markdown.rows(markdown.section(markdown.read("docs/security.md"), "What stays `*`, and why"))
        documented = {action for row in table for action in re.findall(r"`([\w-]+:\w+)`", row[0])}
        found = set()
        for name, template in self.each():
            for where, actions, resources in statements(template):
                if "*" in resources:
                    found |= set(actions)
                    self.assertLessEqual(set(actions), documented, where)
        self.assertEqual(documented, found)

    def test_there_is_no_machine_to_patch(self):
        for name, template in self.each():
            kinds = {each["Type"] for each in template["Resources"].values()}
            self.assertFalse([kind for kind in kinds if re.match(r"AWS::(EC2::(Instance|LaunchTemplate)|AutoScaling|ECS|EKS|RDS)", kind)])
            self.assertIn("AWS::Lambda::Function", kinds)

    def test_a_session_ends_within_the_working_day(self):
        for name, template in self.each(lambda parameters: parameters["AuthMode"] in ("cognito", "oidc")):
            times = []
            for rule in of_type(template, "AWS::ElasticLoadBalancingV2::ListenerRule").values():
                for action in rule["Actions"]:
                    config = action.get("AuthenticateCognitoConfig") or action.get("AuthenticateOidcConfig")
                    times += [int(config["SessionTimeout"])] if config else []
            self.assertEqual(set(times), {28_800})

    def test_the_user_pool_wants_a_second_factor_and_takes_nobody_by_itself(self):
        for name, template in self.each(lambda parameters: parameters["AuthMode"] == "cognito"):
            pool, = of_type(template, "AWS::Cognito::UserPool").values()
            self.assertEqual((pool["MfaConfiguration"], pool["EnabledMfas"]), ("ON", ["SOFTWARE_TOKEN_MFA"]))
            self.assertTrue(pool["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"])
            policy = pool["Policies"]["PasswordPolicy"]
            self.assertGreaterEqual(policy["MinimumLength"], 14)
            self.assertTrue(all(policy[key] for key in policy if key.startswith("Require")))
            self.assertEqual(pool["UserPoolAddOns"], {"AdvancedSecurityMode": "ENFORCED"})
            client, = of_type(template, "AWS::Cognito::UserPoolClient").values()
            self.assertEqual(client["AllowedOAuthFlows"], ["code"])

    def test_the_load_balancer_is_internal_unless_it_is_asked_for(self):
        parameters = stack.load(stack.ROOT_TEMPLATE)["Parameters"]
        self.assertEqual(parameters["LoadBalancerScheme"]["Default"], "internal")
        self.assertNotEqual(parameters["ClientCidr"]["Default"], "0.0.0.0/0")
        for name, template in self.each():
            balancer, = of_type(template, "AWS::ElasticLoadBalancingV2::LoadBalancer").values()
            self.assertEqual(balancer["Scheme"], PROFILES[name].get("LoadBalancerScheme", "internal"))

    def test_a_new_vpc_has_its_traffic_logged(self):
        for name, template in self.each(lambda parameters: "ExistingVpcId" not in parameters):
            log, = of_type(template, "AWS::EC2::FlowLog").values()
            self.assertEqual((log["ResourceType"], log["TrafficType"]), ("VPC", "ALL"))
            self.assertEqual(log["ResourceId"], {"Ref": "NetworkVpc"})

    def test_the_trail_covers_every_region_and_who_touched_artifacts(self):
        for name, template in self.each(lambda parameters: parameters.get("CreateTrail") != "false"):
            trail, = of_type(template, "AWS::CloudTrail::Trail").values()
            self.assertTrue(trail["IsMultiRegionTrail"] and trail["IsLogging"] and trail["EnableLogFileValidation"] and trail["KMSKeyId"])
            selector, = trail["EventSelectors"]
            self.assertEqual(selector["ReadWriteType"], "All")
            kinds = {each["Type"] for each in selector["DataResources"]}
            self.assertEqual(kinds, {"AWS::S3::Object", "AWS::Lambda::Function"})

    def test_every_alarm_tells_somebody_and_stands_in_the_runbook(self):
        table = markdown.rows(markdown.section(markdown.read("docs/operations.md"), "Alarms"))
        documented = {row[0].strip("`").removeprefix("STACK-") for row in table}
        found = set()
        for name, template in self.each():
            for alarm in of_type(template, "AWS::CloudWatch::Alarm").values():
                self.assertEqual(alarm["AlarmActions"], [{"Ref": "DataAlarmTopic"}])
                self.assertEqual(alarm["OKActions"], alarm["AlarmActions"])
                found.add(alarm["AlarmName"].removeprefix(stack.STACK_NAME + "-"))
        self.assertEqual(documented, found)

    def test_the_costs_count_what_the_default_profile_has(self):
        template = FLAT["app-cognito-internal"]
        acl, = of_type(template, "AWS::WAFv2::WebACL").values()
        interfaces = [each for each in of_type(template, "AWS::EC2::VPCEndpoint").values() if each["VpcEndpointType"] == "Interface"]
        count = {1: "one", 2: "two", 3: "three", 4: "four", 5: "five", 6: "six", 7: "seven", 8: "eight", 9: "nine", 10: "ten"}
        table = [row[0] for row in markdown.rows(markdown.section(markdown.read("docs/cost.md"), "What the hardening costs"))]
        for words in (f"list, {count[len(acl['Rules'])]} rules", f"{count[len(of_type(template, 'AWS::KMS::Key'))]} keys",
                      f"{count[len(of_type(template, 'AWS::CloudWatch::Alarm'))]} alarms", f"{count[len(interfaces)]} interface endpoints in two zones",
                      f"{count[len(of_type(template, 'AWS::EC2::NatGateway'))]} NAT gateway"):
            self.assertEqual(len([row for row in table if words in row]), 1, words)

    def test_nothing_reaches_the_functions_from_the_network(self):
        for name, template in self.each():
            groups = of_type(template, "AWS::EC2::SecurityGroup")
            self.assertNotIn("SecurityGroupIngress", groups["NetworkFunctionGroup"])
            for rule in groups["NetworkEndpointGroup"]["SecurityGroupIngress"]:
                self.assertEqual((rule["FromPort"], rule["ToPort"]), (443, 443))
                self.assertIn("SourceSecurityGroupId", rule)
            for rule in of_type(template, "AWS::EC2::SecurityGroupIngress").values():
                self.assertNotEqual(rule["GroupId"], {"Ref": "NetworkFunctionGroup"})

    def test_studio_stays_in_the_vpc(self):
        for name, template in self.each(lambda parameters: parameters.get("CreateStudioDomain") == "true"):
            domain, = of_type(template, "AWS::SageMaker::Domain").values()
            self.assertEqual((domain["AppNetworkAccessType"], domain["KmsKeyId"]), ("VpcOnly", {"Fn::GetAtt": ["DataDataKey", "Arn"]}))


class BaselineTests(unittest.TestCase):
    def test_cfn_lint_and_checkov_find_nothing_in_the_baseline(self):
        template = REPOSITORY / "lambda/account-baseline.yaml"
        for command in (["cfn-lint", "--include-checks", "I", "--"], ["checkov", "--framework", "cloudformation", "--compact", "--quiet", "--file"]):
            with self.subTest(command[0]):
                result = subprocess.run([tools.PROGRAMS / command[0], *command[1:], template], capture_output=True, text=True, stdin=subprocess.DEVNULL)
                self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def deny(self, name):
        return BASELINE["Resources"][name]["Properties"]["PolicyDocument"]["Statement"]

    def test_the_baseline_denies_jobs_by_conditions_that_fail_closed(self):
        database = iam.Actions(tools.ACTIONS)
        checked = 0
        for statement in self.deny("TrainingInVpc") + self.deny("TrainingIsolated"):
            self.assertEqual(statement["Effect"], "Deny")
            (operator, condition), = statement["Condition"].items()
            (key, value), = condition.items()
            # A request that leaves the value out has to be denied as well.
            self.assertIn((operator, value), {("Null", "true"), ("BoolIfExists", "false")})
            for action in statement["Action"]:
                (service, about), = database.matching(action)
                keys = {each for kind in about["resource_types"].values() for each in kind["condition_keys"]}
                self.assertIn(key, keys, f"{action} is never asked for {key}")
                checked += 1
        self.assertGreater(checked, 8)

    def test_every_parameter_of_the_baseline_is_in_its_document(self):
        text = markdown.read("docs/account-baseline.md")
        self.assertEqual([name for name in BASELINE["Parameters"] if f"`{name}`" not in text], [])

    def test_without_a_second_factor_people_may_only_get_one(self):
        first, = self.deny("SecondFactor")
        self.assertEqual((first["Effect"], first["Resource"]), ("Deny", "*"))
        self.assertEqual(first["Condition"], {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}})
        database = iam.Actions(tools.ACTIONS)
        for action in first["NotAction"]:
            self.assertEqual(len(database.matching(action)), 1, action)


if __name__ == "__main__":
    unittest.main()
