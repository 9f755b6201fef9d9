"""What the templates make, in every profile: the properties that no scanner looks at and no stand-in applies."""

import itertools
import json
import pathlib
import re
import sys
import types
import unittest

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPOSITORY / ".scripts/templates"), str(REPOSITORY / ".scripts/deployment")]

import tools

if __name__ == "__main__":
    tools.use()

import iam
import listener
import permissions
import stack

PROFILES = {name: stack.profile(name) for name in stack.profile_names()}
FLAT = {name: stack.flatten(parameters) for name, parameters in PROFILES.items()}
LISTENERS = {name: listener.Listener(template) for name, template in FLAT.items()}
SIGNED_IN = [name for name, parameters in PROFILES.items() if parameters["AuthMode"] in ("cognito", "oidc")]


def of_type(template, kind):
    return {name: each.get("Properties", {}) for name, each in template["Resources"].items() if each["Type"] == kind}


def attributes(properties, key):
    return {each["Key"]: each["Value"] for each in properties[key]}


def rules(name):
    found = of_type(FLAT[name], "AWS::ElasticLoadBalancingV2::ListenerRule").values()
    return sorted(found, key=lambda rule: rule["Priority"])


def paths(rule):
    return [path for each in rule["Conditions"] if each["Field"] == "path-pattern" for path in each["PathPatternConfig"]["Values"]]


def actions_of(name, role):
    """The actions that a role may take on anything but logs."""
    found = set()
    for resource in FLAT[name]["Resources"].values():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::IAM::Policy" and {"Ref": role} in properties["Roles"]:
            found |= {action for statement in properties["PolicyDocument"]["Statement"] for action in as_list(statement["Action"])}
    for policy in FLAT[name]["Resources"][role]["Properties"].get("Policies", []):
        for statement in policy["PolicyDocument"]["Statement"]:
            if statement["Effect"] == "Allow":
                found |= set(as_list(statement["Action"]))
    return found


def as_list(value):
    return value if isinstance(value, list) else [value]


class EachProfile(unittest.TestCase):
    """Base of the tests that hold for all; what fails names the profile."""

    def each(self, names=None):
        for self.profile in names or FLAT:
            yield self.profile, FLAT[self.profile]

    def _formatMessage(self, message, standard):
        return f"in {getattr(self, 'profile', 'no profile')}: {super()._formatMessage(message, standard)}"


class LoadBalancerTests(EachProfile):
    def test_the_load_balancer_refuses_malformed_requests_logs_and_is_protected(self):
        for name, template in self.each():
            balancer, = of_type(template, "AWS::ElasticLoadBalancingV2::LoadBalancer").values()
            values = attributes(balancer, "LoadBalancerAttributes")
            self.assertEqual(values["deletion_protection.enabled"], "true")
            self.assertEqual(values["access_logs.s3.enabled"], "true")
            self.assertEqual(values["access_logs.s3.bucket"], {"Ref": "DataLogBucket"})
            self.assertEqual(values["routing.http.drop_invalid_header_fields.enabled"], "true")
            self.assertEqual(values["routing.http.desync_mitigation_mode"], "strictest")
            self.assertEqual(values["waf.fail_open.enabled"], "false")
            timeout = max(each["Timeout"] for key, each in of_type(template, "AWS::Lambda::Function").items() if "roxy" in key)
            self.assertGreater(int(values["idle_timeout.timeout_seconds"]), timeout)

    def test_target_groups_keep_repeated_parameters_and_ask_the_proxy_for_its_health(self):
        for name, template in self.each():
            for group in of_type(template, "AWS::ElasticLoadBalancingV2::TargetGroup").values():
                self.assertEqual(attributes(group, "TargetGroupAttributes")["lambda.multi_value_headers.enabled"], "true")
                self.assertEqual((group["HealthCheckEnabled"], group["HealthCheckPath"]), (True, "/_proxy/health"))

    def test_the_permission_names_the_target_group_that_is_made_after_it(self):
        for name, template in self.each():
            permissions = [each for each in of_type(template, "AWS::Lambda::Permission").values() if each["Principal"].startswith("elasticload")]
            groups = of_type(template, "AWS::ElasticLoadBalancingV2::TargetGroup")
            self.assertEqual(len(permissions), len(groups))
            names = {each["Name"] for each in groups.values()}
            self.assertEqual({re.search(r"targetgroup/([^/]+)/\*$", each["SourceArn"]).group(1) for each in permissions}, names)
            for key, group in groups.items():
                self.assertLessEqual(len(group["Name"]), 32)
                self.assertIn("Permission", "".join(template["Resources"][key]["DependsOn"]))
                self.assertEqual({target["Id"]["Ref"] for target in group["Targets"]} <= {permission["FunctionName"]["Ref"] for permission in permissions}, True)

    def test_https_is_tls_1_2_or_later_and_other_names_get_421(self):
        for name, template in self.each():
            https, = [each for each in of_type(template, "AWS::ElasticLoadBalancingV2::Listener").values() if each["Protocol"] == "HTTPS"]
            self.assertRegex(https["SslPolicy"], r"^ELBSecurityPolicy-TLS13-1-[23]")
            action, = https["DefaultActions"]
            self.assertEqual((action["Type"], action["FixedResponseConfig"]["StatusCode"]), ("fixed-response", "421"))
            self.assertIn("max-age=31536000", attributes(https, "ListenerAttributes")["routing.http.response.strict_transport_security.header_value"])

    def test_port_80_redirects_or_is_closed(self):
        closed = 0
        for name, template in self.each():
            plain = [each for each in of_type(template, "AWS::ElasticLoadBalancingV2::Listener").values() if each["Protocol"] == "HTTP"]
            opened = [rule["FromPort"] for rule in of_type(template, "AWS::EC2::SecurityGroup")["NetworkLoadBalancerGroup"]["SecurityGroupIngress"]]
            if PROFILES[name].get("HttpRedirect") == "false":
                closed += 1
                self.assertEqual((plain, opened), ([], [443]))
            else:
                self.assertEqual([action["Type"] for each in plain for action in each["DefaultActions"]], ["redirect"])
                self.assertEqual(plain[0]["DefaultActions"][0]["RedirectConfig"], {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"})
                self.assertEqual(sorted(opened), [80, 443])
        self.assertGreater(closed, 0)

    def test_no_public_rule_of_a_load_balancer_on_port_80(self):
        for name, template in self.each():
            for group in of_type(template, "AWS::EC2::SecurityGroup").values():
                for rule in group.get("SecurityGroupIngress", []):
                    self.assertFalse(rule.get("CidrIp") == "0.0.0.0/0" and rule["FromPort"] == 80)


class RuleTests(EachProfile):
    def test_rules_of_one_mode_are_not_in_the_way_of_anothers_while_it_changes(self):
        resources = stack.load(REPOSITORY / "lambda/templates/routes.yaml")["Resources"].values()
        priorities = [each["Properties"]["Priority"] for each in resources if each["Type"] == "AWS::ElasticLoadBalancingV2::ListenerRule"]
        self.assertGreater(len(priorities), 6)
        self.assertEqual(sorted(priorities), sorted(set(priorities)))

    def test_every_rule_is_for_our_host_and_has_no_more_values_than_a_load_balancer_takes(self):
        for name, template in self.each():
            self.assertTrue(rules(name))
            self.assertEqual(len({rule["Priority"] for rule in rules(name)}), len(rules(name)))
            for rule in rules(name):
                hosts = [each["HostHeaderConfig"]["Values"] for each in rule["Conditions"] if each["Field"] == "host-header"]
                self.assertEqual(hosts, [[PROFILES[name]["PublicHostName"]]])
                self.assertEqual(listener.excesses(rule), [])

    def test_nothing_but_a_preflight_is_forwarded_before_the_caller_is_known_but_in_network_mode(self):
        preflights = 0
        for name, template in self.each():
            for rule in rules(name):
                kinds = [action["Type"] for action in sorted(rule["Actions"], key=lambda action: action.get("Order", 1))]
                if PROFILES[name]["AuthMode"] == "network":
                    self.assertEqual(kinds, ["forward"])
                    self.assertEqual(of_type(template, "AWS::ElasticLoadBalancingV2::LoadBalancer")["EdgeLoadBalancer"]["Scheme"], "internal")
                elif rule["Priority"] == 1:
                    # A browser sends it before a script of another origin's page may call, and never with a session or token.
                    # The proxy answers it itself: UnvalidatedOptionsTests, CrossOriginTests.
                    preflights += 1
                    self.assertEqual(kinds, ["forward"])
                    self.assertTrue(PROFILES[name]["AllowedOrigins"])
                    conditions = [(each["Field"], each.get("HttpHeaderConfig", {}).get("HttpHeaderName"), listener.values_of(each)) for each in rule["Conditions"]]
                    self.assertEqual(conditions[1:], [
                        ("http-request-method", None, ["OPTIONS"]), ("http-header", "Origin", ["https://*"]),
                        ("http-header", "Access-Control-Request-Method", ["?*"])])
                else:
                    self.assertEqual(len(kinds), 2)
                    self.assertIn(kinds[0], ("authenticate-cognito", "authenticate-oidc", "jwt-validation"))
                    self.assertEqual(kinds[1], "forward")
        self.assertEqual(preflights, sum(bool(each.get("AllowedOrigins")) and each["AuthMode"] != "network" for each in PROFILES.values()))
        self.assertGreater(preflights, 1)

    def test_api_paths_are_denied_and_pages_are_sent_to_sign_in(self):
        for name, template in self.each(SIGNED_IN):
            asked = {}
            for rule in rules(name):
                action = min(rule["Actions"], key=lambda action: action.get("Order", 1))
                config = action.get("AuthenticateCognitoConfig") or action.get("AuthenticateOidcConfig")
                for path in (paths(rule) or ["*"]) if config else []:
                    asked.setdefault(path, config["OnUnauthenticatedRequest"])
            for path in ("/ajax-api/*", "/api/*", "/graphql", "/get-artifact", "/model-versions/get-artifact", "/_proxy/uploads*", "/gateway/*", "/v1/traces"):
                self.assertEqual(asked[path], "deny")
            self.assertEqual(asked["*"], "authenticate")
            self.assertEqual(paths(rules(name)[-1]), [], "pages come last")

    def test_a_bearer_token_goes_to_a_function_of_its_own(self):
        template = FLAT["app-cognito-machines"]
        first, = [rule for rule in rules("app-cognito-machines") if rule["Priority"] == 5]
        self.assertEqual([action["Type"] for action in first["Actions"]], ["jwt-validation", "forward"])
        self.assertEqual(first["Actions"][1]["TargetGroupArn"], {"Ref": "RoutesMachineTargets"})
        variables = lambda key: template["Resources"][key]["Properties"]["Environment"]["Variables"]
        self.assertEqual(variables("MachineProxyFunction")["PROXY_AUTH"], "alb-jwt")
        self.assertNotIn("PROXY_ALB_ARN", variables("MachineProxyFunction"))
        self.assertEqual(variables("ProxyFunction")["PROXY_AUTH"], "alb-oidc")

    def test_tokens_have_to_name_the_audience(self):
        for name, template in self.each():
            for rule in rules(name):
                for action in rule["Actions"]:
                    if action["Type"] == "jwt-validation":
                        claim, = action["JwtValidationConfig"]["AdditionalClaims"]
                        self.assertEqual((claim["Name"], claim["Values"]), ("aud", [PROFILES[name]["JwtAudience"]]))
                        self.assertEqual(claim["Format"], PROFILES[name].get("JwtAudienceFormat", "single-string"))
        for claim in ("client_id", "https://example.com/for"):
            template = stack.flatten({**PROFILES["app-jwt-internet"], "JwtAudienceClaim": claim})
            rule, = of_type(template, "AWS::ElasticLoadBalancingV2::ListenerRule").values()
            self.assertEqual(rule["Actions"][0]["JwtValidationConfig"]["AdditionalClaims"][0]["Name"], claim)

    def test_the_client_secret_is_never_a_parameter(self):
        for name, template in self.each():
            for rule in rules(name):
                for action in rule["Actions"]:
                    if action["Type"] == "authenticate-oidc":
                        self.assertEqual(action["AuthenticateOidcConfig"]["ClientSecret"],
                                         "{{resolve:secretsmanager:mlflow/oidc:SecretString:client_secret}}")
        for file in (REPOSITORY / "lambda").rglob("*.yaml"):
            for parameter in stack.load(file).get("Parameters", {}):
                self.assertNotRegex(parameter, r"(?i)(secret|password|token)(?!Name|Size|s$|Endpoint)$", file.name)


class ListenerTests(EachProfile):
    """Who gets where, request by request."""

    METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "options", "Options", "TRACE", "PROPFIND")
    API = ("/api/2.0/mlflow/runs/create", "/ajax-api/3.0/mlflow/traces/search", "/graphql", "/get-artifact", "/model-versions/get-artifact", "/version",
           "/_proxy/health", "/_proxy/uploads", "/_proxy/uploads/complete", "/gateway/mlflow/v1/models", "/v1/traces")
    PAGES = ("/", "/static-files/main.js", "/_proxy/portal", "/_proxy/open", "/API/2.0/x", "/graphql/", "/get-artifacts", "//api/2.0/x")
    ORIGIN = {"origin": "https://portal.example.com"}
    ASKED = {"access-control-request-method": "POST"}
    TOKEN = {"authorization": "Bearer a.b.c"}
    SESSION = {"cookie": "AWSELBAuthSessionCookie-0=x", "x-amzn-oidc-data": "a.b.c"}

    def ask(self, name, method, path, headers, host=None):
        return LISTENERS[name].answer(listener.Request(method, path, host or PROFILES[name]["PublicHostName"], headers))

    def has_preflights(self, name):
        return bool(PROFILES[name].get("AllowedOrigins")) and PROFILES[name]["AuthMode"] != "network"

    def test_only_what_asks_like_a_preflight_gets_past_sign_in(self):
        parts = (self.ORIGIN, self.ASKED, self.TOKEN, self.SESSION)
        passed = 0
        for name, template in self.each():
            open_to_all = PROFILES[name]["AuthMode"] == "network"
            for method, path, chosen in itertools.product(self.METHODS, self.API + self.PAGES, itertools.product((False, True), repeat=len(parts))):
                headers = {key: value for part, wanted in zip(parts, chosen) if wanted for key, value in part.items()}
                answer = self.ask(name, method, path, headers)
                self.assertIsNotNone(answer.target)
                is_preflight = method == "OPTIONS" and {"origin", "access-control-request-method"} <= set(headers)
                lets_in = open_to_all or self.has_preflights(name) and is_preflight
                self.assertEqual(answer.gate is None, lets_in, f"{method} {path} {headers}")
                passed += answer.gate is None and not open_to_all
        self.assertGreater(passed, 100)

    def test_a_preflight_goes_to_the_function_for_people_which_answers_for_both(self):
        for name in filter(self.has_preflights, FLAT):
            self.profile = name
            for path in self.API + self.PAGES:
                answer = self.ask(name, "OPTIONS", path, {**self.ORIGIN, **self.ASKED})
                self.assertEqual((answer.gate, answer.target), (None, "RoutesProxyTargets"))
            functions = [each for key, each in of_type(FLAT[name], "AWS::Lambda::Function").items() if key in ("ProxyFunction", "MachineProxyFunction")]
            for function in functions:
                variables = function["Environment"]["Variables"]
                self.assertEqual(variables["PROXY_ALLOWED_ORIGINS"], PROFILES[name]["AllowedOrigins"])
                self.assertEqual(variables["PROXY_PUBLIC_URL"], "https://" + PROFILES[name]["PublicHostName"])

    def test_what_is_no_preflight_of_a_page_with_tls_is_asked_who_it_is(self):
        for name in filter(self.has_preflights, FLAT):
            self.profile = name
            for headers in ({}, self.ORIGIN, self.ASKED, {**self.ASKED, "origin": "null"}, {**self.ASKED, "origin": "http://portal.example.com"},
                            {**self.ASKED, "origin": ""}, {**self.ORIGIN, "access-control-request-method": ""}):
                self.assertIsNotNone(self.ask(name, "OPTIONS", "/api/2.0/mlflow/runs/create", headers).gate)

    def test_scripts_without_a_session_get_401_pages_a_sign_in_and_tokens_their_check(self):
        for name in FLAT:
            self.profile = name
            mode, machines = PROFILES[name]["AuthMode"], name in SIGNED_IN and "JwtIssuer" in PROFILES[name]
            for method, path in itertools.product(("GET", "POST", "DELETE"), self.API + self.PAGES):
                person = {"network": None, "jwt": "token"}.get(mode, "deny" if path in self.API else "authenticate")
                for headers in ({}, self.ORIGIN, {**self.SESSION, **self.ORIGIN}):
                    answer = self.ask(name, method, path, headers)
                    self.assertEqual((answer.gate, answer.target), (person, "RoutesProxyTargets"), f"{method} {path}")
                answer = self.ask(name, method, path, {**self.TOKEN, **self.ORIGIN})
                expected = ("token", "RoutesMachineTargets") if machines else (person, "RoutesProxyTargets")
                self.assertEqual((answer.gate, answer.target), expected, f"{method} {path}")

    def test_another_name_gets_421_whatever_it_asks(self):
        for name in FLAT:
            self.profile = name
            for host in ("evil.example.net", "mlflow.example.com.evil.net", "10.0.0.1", "portal.example.com"):
                for method, headers in (("GET", {}), ("OPTIONS", {**self.ORIGIN, **self.ASKED}), ("POST", self.TOKEN)):
                    answer = self.ask(name, method, "/api/2.0/mlflow/runs/create", headers, host)
                    self.assertEqual((answer.gate, answer.target, answer.status), (None, None, 421))


class FirewallTests(EachProfile):
    def test_the_firewall_limits_rates_and_lets_mlflow_bodies_pass(self):
        for name, template in self.each():
            acl, = of_type(template, "AWS::WAFv2::WebACL").values()
            by_name = {rule["Name"]: rule for rule in acl["Rules"]}
            self.assertEqual(by_name["rate"]["Action"], {"Block": {"CustomResponse": {"ResponseCode": 429}}})
            managed = {rule["Statement"]["ManagedRuleGroupStatement"]["Name"]: rule for rule in acl["Rules"] if "OverrideAction" in rule}
            self.assertEqual(set(managed), {"AWSManagedRulesAmazonIpReputationList", "AWSManagedRulesKnownBadInputsRuleSet", "AWSManagedRulesCommonRuleSet"})
            counted = managed["AWSManagedRulesCommonRuleSet"]["Statement"]["ManagedRuleGroupStatement"]["RuleActionOverrides"]
            self.assertEqual({each["Name"] for each in counted}, {
                "SizeRestrictions_BODY", "CrossSiteScripting_BODY", "GenericLFI_BODY", "GenericRFI_BODY", "EC2MetaDataSSRF_BODY",
                "SizeRestrictions_QUERYSTRING", "SizeRestrictions_Cookie_HEADER", "RestrictedExtensions_URIPATH",
                "RestrictedExtensions_QUERYARGUMENTS"})
            association, = of_type(template, "AWS::WAFv2::WebACLAssociation").values()
            self.assertEqual(association["ResourceArn"], {"Ref": "EdgeLoadBalancer"})

    def test_the_firewalls_log_has_no_credentials(self):
        for name, template in self.each():
            logging, = of_type(template, "AWS::WAFv2::LoggingConfiguration").values()
            self.assertEqual({field["SingleHeader"]["Name"] for field in logging["RedactedFields"]}, {"authorization", "cookie"})
            group = template["Resources"]["EdgeWebAclLogGroup"]["Properties"]["LogGroupName"]
            self.assertTrue(group.startswith("aws-waf-logs-"))


class DataTests(EachProfile):
    def test_buckets_stay_and_are_encrypted_private_versioned_and_tls_only(self):
        for name, template in self.each():
            buckets = of_type(template, "AWS::S3::Bucket")
            self.assertEqual(len(buckets), 3 if PROFILES[name].get("CreateTrail") == "false" else 4)
            secured = {each["Bucket"]["Ref"]: each["PolicyDocument"]["Statement"] for each in of_type(template, "AWS::S3::BucketPolicy").values()}
            for key, bucket in buckets.items():
                self.assertEqual(template["Resources"][key]["DeletionPolicy"], "Retain")
                self.assertTrue(all(bucket["PublicAccessBlockConfiguration"].values()))
                self.assertEqual(bucket["VersioningConfiguration"], {"Status": "Enabled"})
                self.assertIn("AbortIncompleteMultipartUpload", json.dumps(bucket["LifecycleConfiguration"]))
                algorithm = json.dumps(bucket["BucketEncryption"])
                self.assertIn("AES256" if key == "DataLogBucket" else "aws:kms", algorithm)
                deny = [each for each in secured[key] if each["Effect"] == "Deny" and each["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}]
                self.assertEqual(len(deny), 1)

    def test_the_trail_is_locked_the_log_bucket_cannot_be_and_users_delete_artifacts(self):
        modes = set()
        for name, template in self.each():
            buckets, given = of_type(template, "AWS::S3::Bucket"), PROFILES[name]
            self.assertNotIn("ObjectLockEnabled", buckets["DataLogBucket"], "S3 delivers access logs to no bucket with Object Lock")
            for key in ("DataArtifactBucket", "DataOverflowBucket"):
                self.assertIs(buckets[key]["ObjectLockEnabled"], True)
                self.assertNotIn("ObjectLockConfiguration", buckets[key], "a default refuses uploads without a checksum, presigned ones")
            for bucket in buckets.values():
                self.assertEqual(bucket.get("LoggingConfiguration", {"DestinationBucketName": {"Ref": "DataLogBucket"}})["DestinationBucketName"], {"Ref": "DataLogBucket"})
            if given.get("CreateTrail") == "false":
                continue
            trail = buckets["DataTrailBucket"]
            default = trail["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]
            self.assertEqual((default["Mode"], default["Days"]), (given.get("TrailLockMode", "GOVERNANCE"), int(given.get("TrailLockDays", 365))))
            rule, = trail["LifecycleConfiguration"]["Rules"]
            self.assertGreaterEqual(rule["ExpirationInDays"], default["Days"], "what is locked cannot expire")
            self.assertIn("NoncurrentVersionExpiration", rule, "an expired file of a versioned bucket is only marked")
            modes.add(default["Mode"])
        self.assertEqual(modes, {"GOVERNANCE", "COMPLIANCE"})
        unlocked = stack.flatten({**PROFILES["app-cognito-internal"], "TrailLockMode": "NONE"})["Resources"]["DataTrailBucket"]["Properties"]
        self.assertNotIn("ObjectLockConfiguration", unlocked)

    def test_large_answers_expire_after_a_day_and_pages_of_our_origin_may_read_them(self):
        for name, template in self.each():
            bucket = template["Resources"]["DataOverflowBucket"]["Properties"]
            expiring = [rule for rule in bucket["LifecycleConfiguration"]["Rules"] if rule.get("ExpirationInDays") == 1]
            self.assertEqual([rule["Prefix"] for rule in expiring], ["mlflow-proxy/private/"])
            rule, = bucket["CorsConfiguration"]["CorsRules"]
            self.assertEqual(rule["AllowedOrigins"], ["https://" + PROFILES[name]["PublicHostName"]])
            self.assertEqual(rule["AllowedMethods"], ["GET", "HEAD"])

    def test_keys_stay_and_rotate_and_log_groups_are_encrypted_and_kept_a_year(self):
        for name, template in self.each():
            for key, properties in of_type(template, "AWS::KMS::Key").items():
                self.assertEqual((template["Resources"][key]["DeletionPolicy"], properties["EnableKeyRotation"]), ("Retain", True))
            for key, properties in of_type(template, "AWS::Logs::LogGroup").items():
                self.assertEqual(properties["KmsKeyId"], {"Fn::GetAtt": ["DataLogsKey", "Arn"]}, key)
                self.assertGreaterEqual(properties["RetentionInDays"], 365)
                self.assertEqual(template["Resources"][key]["DeletionPolicy"], "Retain")


class FunctionTests(EachProfile):
    def known_variables(self):
        """The names that the proxy's sources read."""
        found = set()
        for file in (REPOSITORY / "Sources/MLflowProxy").rglob("*.swift"):
            found |= set(re.findall(r'"((?:PROXY|MLFLOW|SAGEMAKER)_[A-Z_]+)"', file.read_text()))
        found |= set(re.findall(r"^\| (?:`[A-Z_]+`, )*`((?:PROXY|MLFLOW|SAGEMAKER)_[A-Z_]+)`", (REPOSITORY / "lambda/mlflow-proxy/README.md").read_text(), re.M))
        return found

    def test_the_proxys_environment_has_names_that_the_proxy_knows(self):
        known = self.known_variables()
        self.assertGreater(len(known), 10)
        for name, template in self.each():
            for key, function in of_type(template, "AWS::Lambda::Function").items():
                for variable, value in function.get("Environment", {}).get("Variables", {}).items():
                    self.assertIn(variable, known, f"{key}: the proxy does not start with a setting that it does not know")
                    self.assertNotEqual(value, "")

    def test_the_proxy_is_told_which_load_balancer_signs_when_it_does(self):
        for name, template in self.each():
            variables = template["Resources"]["ProxyFunction"]["Properties"]["Environment"]["Variables"]
            mode = {"cognito": "alb-oidc", "oidc": "alb-oidc", "jwt": "alb-jwt", "network": "network"}[PROFILES[name]["AuthMode"]]
            self.assertEqual(variables["PROXY_AUTH"], mode)
            self.assertEqual(variables.get("PROXY_ALB_ARN"), {"Ref": "EdgeLoadBalancer"} if mode == "alb-oidc" else None)
            self.assertEqual("PROXY_OIDC_CLIENT_ID" in variables, mode == "alb-oidc")
            self.assertEqual("PROXY_OIDC_ISSUER" in variables, mode == "alb-oidc")
            self.assertEqual("PROXY_OVERFLOW_BUCKET" in variables, PROFILES[name].get("LargeAnswers", "bucket") == "bucket")

    def test_uploads_go_where_the_artifacts_are_and_the_role_may_write_there_alone(self):
        own = "arn:aws:s3:::${DataArtifactBucket}/mlflow/*", {"Fn::GetAtt": ["DataDataKey", "Arn"]}, "s3://${DataArtifactBucket}/mlflow"
        for name, template in self.each():
            if PROFILES[name]["MlflowKind"] != "Existing":
                self.check_uploads(template, *own, PROFILES[name])
        given = PROFILES["existing-jwt-existing-vpc"]
        place, key = "team-artifacts/mlflow/prod", given["ExistingArtifactKeyArn"]
        for changes, expected in (
                ({}, (f"arn:aws:s3:::{place}/*", key, "s3://" + place)), ({"ExistingArtifactKeyArn": ""}, (f"arn:aws:s3:::{place}/*", None, "s3://" + place)),
                ({"ExistingArtifactUri": "s3://team-artifacts"}, ("arn:aws:s3:::team-artifacts/*", key, "s3://team-artifacts")),
                ({"ExistingArtifactUri": "", "ExistingArtifactKeyArn": ""}, (None, None, None)), ({"Access": "read-only"}, (None, None, None))):
            with self.subTest(changes):
                template = stack.flatten({**given, **changes})
                self.check_uploads(template, *expected, {**given, **changes})
                policy = json.dumps(template["Resources"]["EndpointServicesS3"]["Properties"]["PolicyDocument"])
                uri = {**given, **changes}["ExistingArtifactUri"]
                self.assertEqual("arn:aws:s3:::team-artifacts/*" in policy and '"arn:aws:s3:::team-artifacts"' in policy, uri != "", "the function's own way to S3")

    def check_uploads(self, template, objects, key, location, parameters):
        if parameters.get("Access") == "read-only":
            objects = key = location = None
        for prefix in ("Proxy", "MachineProxy"):
            if prefix + "Function" not in template["Resources"]:
                continue
            text = lambda value: value.get("Fn::Sub", value) if isinstance(value, dict) else value
            variables = template["Resources"][prefix + "Function"]["Properties"]["Environment"]["Variables"]
            self.assertEqual(text(variables.get("PROXY_UPLOAD_LOCATIONS")), location)
            found = {}
            for kind in ("Read", "Write"):
                policy = template["Resources"].get(f"{prefix}{kind}Policy", {"Properties": {"PolicyDocument": {"Statement": []}}})
                found |= {each["Sid"]: each for each in policy["Properties"]["PolicyDocument"]["Statement"]}
            upload, keys = found.get("UploadArtifacts"), found.get("ArtifactKey")
            self.assertEqual(upload and text(upload["Resource"]), objects)
            self.assertEqual(upload and upload["Action"], objects and ["s3:AbortMultipartUpload", "s3:PutObject"])
            self.assertEqual(keys and keys["Resource"], key)
            self.assertEqual(keys and keys["Action"], key and ["kms:Decrypt", "kms:GenerateDataKey"])
            listed = found.get("SeeArtifactBucket")
            whole = parameters.get("ExistingArtifactUri") if parameters["MlflowKind"] == "Existing" else "its own"
            self.assertEqual(listed is not None, bool(whole))
            if listed and parameters["MlflowKind"] == "Existing":
                self.assertEqual(listed["Resource"], "arn:aws:s3:::team-artifacts")

    def test_functions_are_bounded_encrypted_traced_and_logged(self):
        for name, template in self.each():
            groups = {each for each in template["Resources"] if template["Resources"][each]["Type"] == "AWS::Logs::LogGroup"}
            for key, function in of_type(template, "AWS::Lambda::Function").items():
                self.assertEqual(function["Runtime"], "provided.al2023")
                self.assertGreater(function["ReservedConcurrentExecutions"], 0)
                self.assertEqual(function["KmsKeyArn"], {"Fn::GetAtt": ["DataDataKey", "Arn"]})
                self.assertEqual(function["TracingConfig"], {"Mode": "Active"})
                self.assertIn(function["LoggingConfig"]["LogGroup"]["Ref"], groups)
                self.assertEqual("VpcConfig" in function, key != "CleanupFunction")
                self.assertRegex(function["FunctionName"], r"^[a-z0-9-]{1,64}$")

    def test_the_load_balancer_invokes_an_alias_of_a_version_that_each_release_replaces(self):
        for name, template in self.each():
            alias = template["Resources"]["ProxyAlias"]["Properties"]
            self.assertEqual(alias["FunctionVersion"], {"Fn::GetAtt": ["ProxyVersion", "Version"]})
            self.assertEqual(template["Resources"]["ProxyVersion"]["Properties"]["Description"], "release 0123456789ab")
            self.assertEqual(template["Resources"]["ProxyVersion"]["UpdateReplacePolicy"], "Retain")
            self.assertEqual(template["Resources"]["RoutesProxyTargets"]["Properties"]["Targets"], [{"Id": {"Ref": "ProxyAlias"}}])


class CustomResourceTests(EachProfile):
    def properties_of_readme(self, function):
        text = (REPOSITORY / f"lambda/{function}/README.md").read_text()
        return {name for row in re.findall(r"^\| (`[A-Z]\w+`(?:, `[A-Z]\w+`)*) \|", text, re.M) for name in re.findall(r"`(\w+)`", row)}

    def test_custom_resources_have_properties_that_their_functions_know(self):
        cleanup = {"VpcId", "DomainId", "HomeFileSystems", "GuardDutyEndpoints", "EmptyDefaultSecurityGroup", "DryRun"}
        own = {"ServiceToken", "ServiceTimeout"}
        for name, template in self.each():
            for key, properties in of_type(template, "Custom::MLflowApp").items():
                self.assertLessEqual(set(properties) - own, self.properties_of_readme("mlflow-app"))
                self.assertEqual(properties["Kind"], PROFILES[name]["MlflowKind"])
                self.assertEqual("TrackingServerSize" in properties, properties["Kind"] == "TrackingServer")
                self.assertEqual("AccountDefaultStatus" in properties, properties["Kind"] == "App")
            for properties in of_type(template, "Custom::VPCCleanup").values():
                self.assertLessEqual(set(properties) - own, cleanup)
                self.assertNotIn("DomainId", properties, "it would turn the order of deletion round")
                self.assertEqual(properties["EmptyDefaultSecurityGroup"], "true")

    def test_a_record_of_failure_comes_back_to_the_function_though_not_directly(self):
        for name, template in self.each():
            for key, config in of_type(template, "AWS::Lambda::EventInvokeConfig").items():
                function = config["FunctionName"]
                topic = config["DestinationConfig"]["OnFailure"]["Destination"]
                self.assertNotEqual(topic, {"Fn::GetAtt": [function["Ref"], "Arn"]}, "Lambda refuses a function as its own destination")
                subscriptions = [each["Endpoint"] for each in of_type(template, "AWS::SNS::Subscription").values() if each["TopicArn"] == topic]
                self.assertEqual(subscriptions, [{"Fn::GetAtt": [function["Ref"], "Arn"]}])
                invoked = [each for each in of_type(template, "AWS::Lambda::Permission").values() if each["FunctionName"] == function and each.get("SourceArn") == topic]
                self.assertEqual(len(invoked), 1)
                role = template["Resources"][function["Ref"]]["Properties"]["Role"]["Fn::GetAtt"][0]
                self.assertIn("sns:Publish", actions_of(name, role))
                self.assertIn("lambda:InvokeFunction", actions_of(name, role))

    def test_custom_resources_are_made_when_their_failures_are_already_heard_of(self):
        for name, template in self.each():
            for kind in ("Custom::MLflowApp", "Custom::VPCCleanup"):
                for key in of_type(template, kind):
                    prefix = key.removesuffix("MLflow") if kind == "Custom::MLflowApp" else "Cleanup"
                    self.assertEqual({each.removeprefix(prefix) for each in template["Resources"][key]["DependsOn"]}, {"AsynchronousInvocations", "FailureSubscription"})


class OrderTests(EachProfile):
    """Deletion runs against the arrows of creation."""

    def graph(self, name):
        template, whole = FLAT[name], stack.scope(PROFILES[name])
        members = {each: set(whole.stack(each).resources()) for each in whole.stack_dependencies()}
        edges = {key: (stack.references(resource) | set(resource.get("DependsOn", []))) & set(template["Resources"]) for key, resource in template["Resources"].items()}
        for each, before in whole.stack_dependencies().items():
            for key in members[each]:
                edges[key] |= set().union(*(members[other] for other in before)) if before else set()
        return edges, members

    def behind(self, edges, key):
        found, waiting = set(), [key]
        while waiting:
            for each in edges[waiting.pop()]:
                if each not in found:
                    found.add(each)
                    waiting.append(each)
        return found

    def test_nothing_depends_on_itself(self):
        for name, template in self.each():
            edges, _ = self.graph(name)
            for key in edges:
                self.assertNotIn(key, self.behind(edges, key))

    def test_vpc_cleanup_runs_after_everything_with_interfaces_is_gone_and_before_the_network_goes(self):
        checked = 0
        for name, template in self.each():
            if "ExistingVpcId" in PROFILES[name]:
                self.assertEqual(of_type(template, "Custom::VPCCleanup"), {}, "a given VPC is not ours to clean")
                continue
            edges, members = self.graph(name)
            self.assertLessEqual(members["Network"], self.behind(edges, "CleanupCleanup"))
            holders = [key for key, resource in template["Resources"].items() if resource["Type"] in (
                "AWS::EC2::VPCEndpoint", "AWS::ElasticLoadBalancingV2::LoadBalancer", "AWS::SageMaker::Domain")
                or "VpcConfig" in resource.get("Properties", {})]
            self.assertGreaterEqual(len(holders), 4)
            for key in holders:
                self.assertIn("CleanupCleanup", self.behind(edges, key), key)
                checked += 1
            for key in ("CleanupFunction", "CleanupRole", "CleanupLogGroup", "CleanupAsynchronousInvocations", "CleanupFailureSubscription"):
                self.assertIn(key, self.behind(edges, "CleanupCleanup"))
        self.assertGreater(checked, 30)

    def test_mlflow_goes_while_its_functions_way_to_aws_is_still_there(self):
        for name, template in self.each():
            if "MlflowMLflow" in template["Resources"]:
                edges, members = self.graph(name)
                before = self.behind(edges, "MlflowMLflow")
                self.assertLessEqual(members["EndpointServices"] | members["Data"] | {"MlflowRole", "MlflowServiceRole"}, before)
                if "StudioDomain" in template["Resources"]:
                    self.assertIn("StudioDomain", before)


class AccessTests(EachProfile):
    def test_policies_have_what_the_functions_policies_list(self):
        actions = iam.Actions(tools.ACTIONS)
        allowed = set().union(*(actions_of(name, key) for name in FLAT for key in of_type(FLAT[name], "AWS::IAM::Role")))
        for file in sorted((REPOSITORY / "lambda").glob("*/policy.json")):
            for statement in json.loads(file.read_text()).get("Statement", []):
                for action in as_list(statement["Action"]):
                    wanted = {f"{service}:{about['privilege']}" for service, about in actions.matching(action)} or {action}
                    self.assertLessEqual(wanted, allowed, f"{file.parent.name}: {statement['Sid']}")

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


class NetworkTests(EachProfile):
    def test_an_isolated_profile_has_no_way_to_the_internet(self):
        template = FLAT["server-network-isolated"]
        for kind in ("AWS::EC2::InternetGateway", "AWS::EC2::NatGateway", "AWS::EC2::Route", "AWS::EC2::EIP"):
            self.assertEqual(of_type(template, kind), {})
        self.assertGreaterEqual(len(of_type(template, "AWS::EC2::VPCEndpoint")), 7)

    def test_each_zone_has_a_subnet_of_each_kind_that_overlaps_no_other(self):
        import ipaddress
        for name, template in self.each():
            subnets = of_type(template, "AWS::EC2::Subnet")
            if "ExistingVpcId" in PROFILES[name]:
                self.assertEqual(subnets, {})
                continue
            networks = [ipaddress.ip_network(each["CidrBlock"]) for each in subnets.values()]
            self.assertEqual(len(networks), 3 * int(PROFILES[name].get("Zones", 2)))
            self.assertFalse(any(a.overlaps(b) for i, a in enumerate(networks) for b in networks[:i]))
            self.assertEqual(len(of_type(template, "AWS::EC2::SubnetRouteTableAssociation")), len(networks))

    def test_isolated_subnets_reach_s3_through_their_acl(self):
        entries = of_type(FLAT["app-cognito-studio"], "AWS::EC2::NetworkAclEntry").values()
        out = [each for each in entries if each.get("Egress") and each["CidrBlock"] == "0.0.0.0/0"]
        back = [each for each in entries if not each.get("Egress") and each["CidrBlock"] == "0.0.0.0/0"]
        self.assertEqual([each["PortRange"] for each in out], [{"From": 443, "To": 443}])
        self.assertEqual([each["PortRange"] for each in back], [{"From": 32768, "To": 65535}])


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
        self.refused("ExistingArtifactUri is for", ExistingArtifactUri="s3://team-artifacts/mlflow")
        self.refused("ExistingArtifactKeyArn needs", ExistingArtifactKeyArn="arn:aws:kms:us-east-1:123456789012:key/0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9")
        self.refused("FunctionSubnetIds", ExistingVpcId="vpc-0a1b2c3d4e5f60718", LoadBalancerSubnetIds="subnet-0a1b2c3d4e5f60718,subnet-1a1b2c3d4e5f60718")
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
