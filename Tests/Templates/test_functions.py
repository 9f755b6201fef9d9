"""The functions and custom resources of every profile, and the order in which a stack makes and deletes what it has."""

import json
import re
import unittest

from profiles import actions_of, EachProfile, FLAT, of_type, PROFILES, REPOSITORY

import stack  # noqa: E402  (profiles says where they are)


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
            # The deep health check looks at the bucket where uploads go, and at it for no other reason.
            listed = found.get("SeeArtifactBucket")
            self.assertEqual(listed is not None, upload is not None)
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


if __name__ == "__main__":
    unittest.main()
