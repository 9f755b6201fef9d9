"""Where data are and which ways lead to them, in every profile: buckets, keys, log groups, subnets, endpoints."""

import json
import unittest

from profiles import EachProfile, FLAT, of_type, PROFILES

import stack  # noqa: E402  (profiles says where they are)


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


class NetworkTests(EachProfile):
    def test_an_isolated_profile_has_no_way_to_the_internet(self):
        template = FLAT["server-network-isolated"]
        for kind in ("AWS::EC2::InternetGateway", "AWS::EC2::NatGateway", "AWS::EC2::Route", "AWS::EC2::EIP"):
            self.assertEqual(of_type(template, kind), {})

    def test_endpoints_are_for_what_is_called_through_them_and_studio_calls_more(self):
        # Each costs by the hour and zone.
        own = {"s3", "sts", "sagemaker.api", "experiments", "lambda"}
        for name, template in self.each():
            services = {each["ServiceName"].split("us-east-1.")[1] for each in of_type(template, "AWS::EC2::VPCEndpoint").values()}
            if PROFILES[name].get("Endpoints") == "false":
                self.assertLessEqual(services, {"s3"})
            elif PROFILES[name].get("CreateStudioDomain") == "true":
                self.assertEqual(services - own, {"sagemaker.runtime", "ecr.api", "ecr.dkr", "kms", "logs", "ssm", "secretsmanager"})
            else:
                self.assertEqual(services, own)

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


if __name__ == "__main__":
    unittest.main()
