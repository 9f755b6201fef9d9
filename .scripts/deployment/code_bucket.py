"""The bucket of zips and templates: private, encrypted, versioned, TLS alone. What is in it is named by its content."""

import hashlib
import json
import zipfile

import stack
from aws_cli import CommandFailed
from console import Failure, say

FUNCTIONS = {"ProxyCodeKey": "mlflow-proxy", "MlflowAppCodeKey": "mlflow-app", "VpcCleanupCodeKey": "vpc-cleanup"}


def digest(*pieces):
    return hashlib.sha256(b"\0".join(pieces)).hexdigest()[:12]


def bucket_name(aws, account, stack_name):
    return f"{stack_name}-code-{account}-{aws.region}"


def is_there(aws, name, account):
    """Whether the account has the bucket. One that is there and not to be looked at is refused."""
    try:
        return aws.find("s3api", "head-bucket", "--bucket", name, "--expected-bucket-owner", account) is not None
    except CommandFailed as problem:
        if not problem.says_denied:
            raise
        raise Failure(f"the bucket {name} for code is another account's, or you may not look at it (s3:ListBucket): {problem}") from None


class CodeBucket:
    """The bucket of one stack, made when it is not there."""

    def __init__(self, aws, caller, stack_name):
        self.aws, self.partition = aws, caller.partition
        self.owner = ("--expected-bucket-owner", caller.account)
        self.name = bucket_name(aws, caller.account, stack_name)
        if not is_there(aws, self.name, caller.account):
            self._make()
        listed = aws("s3api", "list-objects-v2", "--bucket", self.name, *self.owner)
        self.keys = {each["Key"] for each in listed.get("Contents", [])}

    def url(self, key):
        suffix = "amazonaws.com.cn" if self.partition == "aws-cn" else "amazonaws.com"
        return f"https://{self.name}.s3.{self.aws.region}.{suffix}/{key}"

    def _make(self):
        say(f"  making the bucket {self.name}")
        place = [] if self.aws.region == "us-east-1" else ["--create-bucket-configuration", f"LocationConstraint={self.aws.region}"]
        try:
            self.aws("s3api", "create-bucket", "--bucket", self.name, *place)
        except CommandFailed as problem:
            raise Failure(f"the bucket {self.name} for code could not be made: {problem}") from None
        self.aws("s3api", "put-public-access-block", "--bucket", self.name, "--public-access-block-configuration",
                 "BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true")
        self.aws("s3api", "put-bucket-encryption", "--bucket", self.name, "--server-side-encryption-configuration",
                 '{"Rules":[{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":"aws:kms"},"BucketKeyEnabled":true}]}')
        self.aws("s3api", "put-bucket-versioning", "--bucket", self.name, "--versioning-configuration", "Status=Enabled")
        # A stand-in is plain HTTP, which this policy refuses.
        if not self.aws.endpoint:
            arn = f"arn:{self.partition}:s3:::{self.name}"
            tls_only = {"Sid": "TlsOnly", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": [arn, f"{arn}/*"],
                        "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
            self.aws("s3api", "put-bucket-policy", "--bucket", self.name, "--policy",
                     json.dumps({"Version": "2012-10-17", "Statement": [tls_only]}))

    def send(self, key, file):
        """Once for each content, since the key holds its hash."""
        if key in self.keys:
            return
        say(f"  {key} ({file.stat().st_size:,} B)")
        try:
            self.aws("s3api", "put-object", "--bucket", self.name, "--key", key, "--body", file, *self.owner)
        except CommandFailed as problem:
            raise Failure(f"{key} could not be stored in {self.name}: {problem}") from None
        self.keys.add(key)

    def send_release(self, parameters):
        """Zips and templates. Returns the parameters that say where they are and what the release is."""
        where = {"CodeBucket": self.name}
        contents = []
        for parameter, function in FUNCTIONS.items():
            file = packaged(function)
            contents.append(digest(file.read_bytes()).encode())
            where[parameter] = f"functions/{function}-{contents[-1].decode()}.zip"
            self.send(where[parameter], file)
        where["TemplatePrefix"] = self._send_templates()
        settings = json.dumps(parameters, sort_keys=True).encode()
        where["Release"] = digest(stack.ROOT_TEMPLATE.read_bytes(), where["TemplatePrefix"].encode(), *contents, settings)
        return where

    def _send_templates(self):
        folder = stack.ROOT_TEMPLATE.parent / "templates"
        files = sorted(folder.glob("*.yaml"))
        prefix = f"templates/{digest(*(file.read_bytes() for file in files))}"
        if not {f"{prefix}/{file.name}" for file in files} <= self.keys:
            say(f"  {prefix}/ ({len(files)} templates)")
            try:
                self.aws.copy_folder(folder, f"s3://{self.name}/{prefix}/", "*.yaml")
            except CommandFailed as problem:
                raise Failure(f"the templates could not be stored in {self.name}: {problem}") from None
        return prefix


def packaged(function):
    """The zip that `./build.sh` made of a function."""
    file = stack.REPOSITORY / f"dist/{function}.zip"
    if not file.is_file():
        raise Failure(f"there is no dist/{function}.zip. Build the functions first: ./build.sh")
    try:
        names = zipfile.ZipFile(file).namelist()
    except zipfile.BadZipFile:
        names = []
    if "bootstrap" not in names:
        raise Failure(f"dist/{function}.zip has no bootstrap at its root. Build the functions again: ./build.sh")
    return file
