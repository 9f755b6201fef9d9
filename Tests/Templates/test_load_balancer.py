"""What the load balancer lets in, in every profile: listeners, the rules of sign-in and their order, and the firewall."""

import itertools
import re
import unittest

from profiles import attributes, EachProfile, FLAT, LISTENERS, of_type, paths, PROFILES, REPOSITORY, rules, SIGNED_IN

import listener  # noqa: E402  (profiles says where they are)
import stack  # noqa: E402


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


if __name__ == "__main__":
    unittest.main()
