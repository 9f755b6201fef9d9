#!/usr/bin/env python3
"""Makes, changes and removes the stack with the AWS CLI, and looks at a deployed URL. `./build.sh deploy --help` says how."""

import argparse
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import zipfile

REPOSITORY = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY / ".scripts/templates"))

import stack
import stand_in

FUNCTIONS = {"ProxyCodeKey": "mlflow-proxy", "MlflowAppCodeKey": "mlflow-app", "VpcCleanupCodeKey": "vpc-cleanup"}
STACK_NAME = re.compile(r"[a-z][a-z0-9-]{1,25}")
# Events of these are told when they begin and end; of all others only failures.
TELLING = re.compile(r"^(AWS::CloudFormation::Stack|Custom::.*|AWS::EC2::NatGateway|AWS::SageMaker::Domain|AWS::ElasticLoadBalancingV2::LoadBalancer)$")
CONSEQUENCE = re.compile(r"cancelled|The following resource\(s\) failed|Embedded stack .* was not successfully", re.I)
POLL_SECONDS = 5


def fail(text):
    sys.exit(f"build.sh: {text}")


def say(text=""):
    print(text, flush=True)


class CommandFailed(Exception):
    """What the AWS CLI said, in one line."""


class AWS:
    """The AWS CLI: one way to call it, JSON back."""

    def __init__(self, region, endpoint=None, command="aws"):
        self.endpoint, self.region, self.command = endpoint, region, command
        self.environment = {**os.environ, "AWS_PAGER": "", "AWS_EC2_METADATA_DISABLED": os.environ.get("AWS_EC2_METADATA_DISABLED", "false")}
        if endpoint:
            # A stand-in has no accounts: any keys will do, and none of a real account should get there.
            self.environment |= {"AWS_ACCESS_KEY_ID": "stand-in", "AWS_SECRET_ACCESS_KEY": "stand-in", "AWS_DEFAULT_REGION": region or "us-east-1"}
            for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"):
                self.environment.pop(name, None)

    def __call__(self, service, operation, *arguments):
        command = [self.command, service, operation, *map(str, arguments), "--output", "json"]
        if self.region:
            command += ["--region", self.region]
        if self.endpoint:
            command += ["--endpoint-url", self.endpoint]
        result = subprocess.run(command, capture_output=True, text=True, env=self.environment, stdin=subprocess.DEVNULL)
        if result.returncode != 0:
            raise CommandFailed(" ".join(result.stderr.split()) or f"{command[0]} {service} {operation} ended with {result.returncode}")
        return json.loads(result.stdout) if result.stdout.strip() else {}

    def maybe(self, *arguments):
        try:
            return self(*arguments)
        except CommandFailed:
            return None


def configured_region(aws):
    result = subprocess.run([aws.command, "configure", "get", "region"], capture_output=True, text=True, env=aws.environment)
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or result.stdout.strip()
    return region or ("us-east-1" if aws.endpoint else fail("there is no region. Give one: --region us-east-1, or export AWS_REGION=us-east-1"))


def identity(aws):
    try:
        return aws("sts", "get-caller-identity")
    except CommandFailed as problem:
        fail(f"AWS does not know you: {problem}. Sign in, such as by `aws configure sso` and `export AWS_PROFILE=NAME`, and run it again.")


# --- Before anything is made ----------------------------------------------------------------------------------------------


def parameters_of(options):
    """What the profile and the command line say, checked as the template does."""
    content = {"Parameters": {}, "Examples": {}}
    if options.profile:
        path = stack.PROFILES / f"{options.profile}.json"
        if not path.is_file():
            fail(f"there is no profile '{options.profile}'. There are: {', '.join(stack.profile_names())}.")
        content = json.loads(path.read_text())
    given = dict(content["Parameters"])
    if options.endpoint:
        given |= content["Examples"]
    for assignment in options.set:
        name, separator, value = assignment.partition("=")
        if not separator:
            fail(f"--set needs NAME=VALUE, not '{assignment}'.")
        given[name] = value
    missing = [name for name in content["Examples"] if name not in given]
    if missing:
        lines = "\n".join(f"    --set {name}={content['Examples'][name]}" for name in missing)
        fail(f"the profile {options.profile} needs values of your own, such as\n{lines}")
    return given


def check_prerequisites(aws, account, parameters):
    """What would fail in the middle of the stack, found before it: a list of sentences."""
    problems = []
    certificate = parameters.get("CertificateArn", "")
    if certificate.split(":")[3:4] != [aws.region]:
        problems.append(f"the certificate is not in {aws.region}, where the load balancer will be: {certificate}")
    else:
        try:
            about = aws("acm", "describe-certificate", "--certificate-arn", certificate)["Certificate"]
            host, names = parameters["PublicHostName"], about.get("SubjectAlternativeNames", [about.get("DomainName")])
            if about.get("Status") != "ISSUED" and not aws.endpoint:
                problems.append(f"the certificate is {about.get('Status')}, not ISSUED: validate it first")
            if host not in names and f"*.{host.partition('.')[2]}" not in names:
                problems.append(f"the certificate is for {', '.join(names)}, not for {host}")
        except CommandFailed as problem:
            problems.append(f"the certificate cannot be read: {problem}")
    if parameters.get("AuthMode") == "oidc" and not aws.endpoint:
        try:
            aws("secretsmanager", "describe-secret", "--secret-id", parameters["OidcSecretName"])
        except CommandFailed:
            problems.append(
                f"there is no secret {parameters['OidcSecretName']}. Make it: aws secretsmanager create-secret --name "
                f"{parameters['OidcSecretName']} --tags Key=gateway,Value=mlflow-gateway --secret-string '{{\"client_secret\":\"...\"}}'")
    if parameters.get("ExistingVpcId") and not aws.endpoint:
        for name in ("LoadBalancerSubnetIds", "FunctionSubnetIds"):
            try:
                found = aws("ec2", "describe-subnets", "--subnet-ids", *parameters[name].split(","))["Subnets"]
                outside = [each["SubnetId"] for each in found if each["VpcId"] != parameters["ExistingVpcId"]]
                if outside:
                    problems.append(f"{name}: {', '.join(outside)} are not in {parameters['ExistingVpcId']}")
                if len({each["AvailabilityZone"] for each in found}) < 2:
                    problems.append(f"{name} are in one zone; two are needed")
            except CommandFailed as problem:
                problems.append(f"{name} cannot be read: {problem}")
    limits = None if aws.endpoint else aws.maybe("lambda", "get-account-settings")
    if limits:
        left, wanted = limits["AccountLimit"]["UnreservedConcurrentExecutions"], int(parameters.get("ProxyReservedConcurrency", 50)) + 5
        if left - wanted < 100 and not parameters.get("_update"):
            problems.append(f"Lambda has {left} concurrent executions left in this account and keeps 100; the stack reserves {wanted}. "
                            "Ask for more in Service Quotas, or --set ProxyReservedConcurrency=N")
    return problems


def missing_permissions(aws, caller, account, partition, name):
    """Actions of the deployer's policy that the caller lacks, as IAM simulates it; nil when it may not be asked."""
    arn = caller["Arn"]
    role = re.fullmatch(r"(arn:[^:]+):sts::(\d+):assumed-role/([^/]+)/.+", arn)
    if role:
        arn = f"{role.group(1).replace(':sts', ':iam')}:iam::{role.group(2)}:role/{role.group(3)}"
    policy = json.loads(deployer_policy(partition, aws.region, account, name))
    denied = []
    for statement in policy["Statement"]:
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        resources = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
        if statement.get("Condition") and statement["Sid"] not in ("Look", "WritesThatKnowNoResource"):
            continue
        try:
            results = aws("iam", "simulate-principal-policy", "--policy-source-arn", arn, "--action-names", *actions,
                          "--resource-arns", resources[0], "--context-entries",
                          f"ContextKeyName=aws:RequestedRegion,ContextKeyValues={aws.region},ContextKeyType=string")["EvaluationResults"]
        except CommandFailed:
            return None
        denied += [each["EvalActionName"] for each in results if each["EvalDecision"] != "allowed"]
    return denied


def deployer_policy(partition, region, account, name):
    text = (REPOSITORY / "lambda/deployer-policy.json").read_text()
    for key, value in {"Partition": partition, "Region": region, "AccountId": account, "StackName": name}.items():
        text = text.replace("${" + key + "}", value)
    return text


def print_policies(text):
    """The deployer's policy in as many parts as IAM's limit of 6,144 characters for a managed policy asks for."""
    parts, size = [[]], 0
    for statement in json.loads(text)["Statement"]:
        length = len(json.dumps(statement, separators=(",", ":"))) + 1
        if size + length > 6_000:
            parts.append([])
            size = 0
        parts[-1].append(statement)
        size += length
    for part in parts:
        say(json.dumps({"Version": "2012-10-17", "Statement": part}, separators=(",", ":")))


# --- Code ------------------------------------------------------------------------------------------------------------------


def code_bucket(aws, partition, account, name):
    """The bucket of zips and templates, made when it is not there: private, encrypted, versioned, TLS alone."""
    bucket = f"{name}-code-{account}-{aws.region}"
    if aws.maybe("s3api", "head-bucket", "--bucket", bucket) is None:
        say(f"  making the bucket {bucket}")
        place = [] if aws.region == "us-east-1" else ["--create-bucket-configuration", f"LocationConstraint={aws.region}"]
        try:
            aws("s3api", "create-bucket", "--bucket", bucket, *place)
        except CommandFailed as problem:
            fail(f"the bucket {bucket} for code could not be made: {problem}")
        arn = f"arn:{partition}:s3:::{bucket}"
        policy = {"Version": "2012-10-17", "Statement": [{"Sid": "TlsOnly", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": [arn, f"{arn}/*"],
                                                          "Condition": {"Bool": {"aws:SecureTransport": "false"}}}]}
        aws("s3api", "put-public-access-block", "--bucket", bucket, "--public-access-block-configuration",
            "BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true")
        aws("s3api", "put-bucket-encryption", "--bucket", bucket, "--server-side-encryption-configuration",
            '{"Rules":[{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":"aws:kms"},"BucketKeyEnabled":true}]}')
        aws("s3api", "put-bucket-versioning", "--bucket", bucket, "--versioning-configuration", "Status=Enabled")
        if not aws.endpoint:
            aws("s3api", "put-bucket-policy", "--bucket", bucket, "--policy", json.dumps(policy))
    return bucket


def upload(aws, account, bucket, key, file):
    """Once for each content, since the key holds its hash."""
    if aws.maybe("s3api", "head-object", "--bucket", bucket, "--key", key, "--expected-bucket-owner", account) is None:
        say(f"  {key} ({file.stat().st_size:,} B)")
        try:
            aws("s3api", "put-object", "--bucket", bucket, "--key", key, "--body", file, "--expected-bucket-owner", account)
        except CommandFailed as problem:
            fail(f"{key} could not be stored in {bucket}: {problem}")


def digest(*pieces):
    return hashlib.sha256(b"\0".join(pieces)).hexdigest()[:12]


def send_code(aws, account, bucket, name, parameters):
    """Uploads zips and templates; the parameters that say where they are."""
    templates = sorted((REPOSITORY / "lambda/templates").glob("*.yaml"))
    contents = [file.read_bytes() for file in templates]
    where = {"CodeBucket": bucket, "TemplatePrefix": f"templates/{digest(*contents)}"}
    hashes = []
    for parameter, function in FUNCTIONS.items():
        file = REPOSITORY / f"dist/{function}.zip"
        if not file.is_file():
            fail(f"there is no dist/{function}.zip. Build the functions first: ./build.sh")
        if "bootstrap" not in zipfile.ZipFile(file).namelist():
            fail(f"dist/{function}.zip has no bootstrap at its root. Build the functions again: ./build.sh")
        hashes.append(digest(file.read_bytes()))
        where[parameter] = f"functions/{function}-{hashes[-1]}.zip"
        upload(aws, account, bucket, where[parameter], file)
    for file in templates:
        upload(aws, account, bucket, f"{where['TemplatePrefix']}/{file.name}", file)
    settings = json.dumps(parameters, sort_keys=True).encode()
    where["Release"] = digest(stack.ROOT_TEMPLATE.read_bytes(), where["TemplatePrefix"].encode(), *(each.encode() for each in hashes), settings)
    return where


# --- The stack ---------------------------------------------------------------------------------------------------------------


def describe(aws, name):
    found = aws.maybe("cloudformation", "describe-stacks", "--stack-name", name)
    return found["Stacks"][0] if found and found["Stacks"] else None


def show_changes(changes):
    if not changes:
        say("  the stand-in does not tell changes")
    for each in changes:
        change = each["ResourceChange"]
        replaced = {"True": ", REPLACED", "Conditional": ", perhaps replaced"}.get(change.get("Replacement"), "")
        say(f"  {change['Action'].lower():<7} {change['LogicalResourceId']:<20} {change['ResourceType']}{replaced}")


class Progress:
    """The events that matter, each once, of the stack and its nested ones."""

    def __init__(self, aws, name, since):
        self.aws, self.since, self.names, self.seen, self.failures = aws, since, [name], set(), []
        self.started = time.monotonic()

    def look(self):
        for name in list(self.names):
            answer = self.aws.maybe("cloudformation", "describe-stack-events", "--stack-name", name) or {"StackEvents": []}
            for event in reversed(answer["StackEvents"]):
                if event["EventId"] not in self.seen and event["Timestamp"] >= self.since:
                    self.seen.add(event["EventId"])
                    self.tell(event)

    def tell(self, event):
        status, kind = event["ResourceStatus"], event.get("ResourceType", "")
        physical = event.get("PhysicalResourceId", "")
        if kind == "AWS::CloudFormation::Stack" and physical and physical != event["StackId"] and physical not in self.names:
            self.names.append(physical)
        reason = event.get("ResourceStatusReason", "")
        failed = status.endswith("_FAILED") or "ROLLBACK" in status
        if failed and reason and not CONSEQUENCE.search(reason):
            self.failures.append((event["LogicalResourceId"], reason))
        if failed or TELLING.match(kind):
            clock = int(time.monotonic() - self.started)
            say(f"  {clock // 60:>3}:{clock % 60:02}  {status:<28} {event['LogicalResourceId']}" + (f": {reason}" if failed and reason else ""))


def wait(aws, name, since, answer=None):
    """Shows progress until the stack has come to an end. Returns its status, or None when it is gone, and what failed."""
    progress = Progress(aws, name, since)
    identifier = name
    while True:
        progress.look()
        found = describe(aws, identifier)
        if found is None:
            return None, progress.failures
        identifier = found["StackId"]
        status = found["StackStatus"]
        if not status.endswith("_IN_PROGRESS"):
            progress.look()
            return (None if status == "DELETE_COMPLETE" else status), progress.failures
        if answer:
            answer(found)
        time.sleep(0.5 if aws.endpoint else POLL_SECONDS)


def outputs(found):
    return {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", [])}


def deploy(aws, options):
    if not STACK_NAME.fullmatch(options.stack):
        fail(f"the stack's name '{options.stack}' has to be 2 to 26 small letters, digits and hyphens, and begin with a letter.")
    parameters = parameters_of(options)
    if aws.endpoint:
        parameters |= stand_in.certificate(aws, parameters)
    try:
        stack.scope(parameters, options.stack)
        stack.flatten(parameters, options.stack)
    except stack.Problem as problem:
        fail(str(problem))
    say("Checking")
    caller = identity(aws)
    account, partition = caller["Account"], caller["Arn"].split(":")[1]
    say(f"  account {account}, region {aws.region}, as {caller['Arn']}")
    there = describe(aws, options.stack)
    status = there["StackStatus"] if there else None
    if status in ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED"):
        fail(f"the stack {options.stack} is {status}, from which it cannot be changed. Remove it first: ./build.sh destroy --stack {options.stack}")
    if status and status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS":
        fail(f"the stack {options.stack} is {status}. Wait until that has ended, then run this again.")
    update = bool(there) and status != "REVIEW_IN_PROGRESS"
    problems = check_prerequisites(aws, account, {**parameters, **({"_update": True} if update else {})})
    if problems:
        fail("this has to be mended first:\n" + "\n".join(f"  - {each}" for each in problems))
    if not aws.endpoint:
        denied = missing_permissions(aws, caller, account, partition, options.stack)
        if denied is None:
            say("  your permissions cannot be asked for (iam:SimulatePrincipalPolicy); going on")
        elif denied:
            fail(f"you lack {len(denied)} permissions: {', '.join(denied[:12])}{' …' if len(denied) > 12 else ''}. What is needed: "
                 f"./build.sh deploy --print-policy --stack {options.stack}")
        else:
            say("  your permissions are enough")
    say("Sending code and templates")
    bucket = code_bucket(aws, partition, account, options.stack)
    parameters |= send_code(aws, account, bucket, options.stack, parameters)
    if aws.endpoint:
        body, left_out = stand_in.template(parameters, options.stack, account, aws.region)
        say(f"  {aws.endpoint} is a stand-in: {len(left_out)} kinds of resources that it lacks are left out ({', '.join(sorted(left_out))})")
        arguments = []
    else:
        body, arguments = stack.ROOT_TEMPLATE.read_text(), ["--include-nested-stacks"]
    with tempfile.TemporaryDirectory() as folder:
        file, values = pathlib.Path(folder) / "template", pathlib.Path(folder) / "parameters.json"
        file.write_text(body)
        key = f"templates/{digest(body.encode())}/template"
        upload(aws, account, bucket, key, file)
        listed = [] if aws.endpoint else [{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()]
        values.write_text(json.dumps(listed))
        url = f"https://{bucket}.s3.{aws.region}.{suffix(partition)}/{key}"
        if not aws.endpoint:
            aws("cloudformation", "validate-template", "--template-url", url)
        change = f"release-{parameters['Release']}-{int(time.time())}"
        say("Working out the changes")
        try:
            aws("cloudformation", "create-change-set", "--stack-name", options.stack, "--change-set-name", change, "--change-set-type",
                "UPDATE" if update else "CREATE", "--template-url", url, "--parameters",
                f"file://{values}", "--capabilities", "CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND", "--tags",
                f"Key=gateway,Value={options.stack}", *arguments)
        except CommandFailed as problem:
            fail(f"CloudFormation does not take the template or parameters: {problem}")
    while True:
        about = aws("cloudformation", "describe-change-set", "--stack-name", options.stack, "--change-set-name", change)
        if about["Status"] in ("CREATE_COMPLETE", "FAILED"):
            break
        time.sleep(2)
    if about["Status"] == "FAILED":
        reason = about.get("StatusReason", "")
        aws.maybe("cloudformation", "delete-change-set", "--stack-name", options.stack, "--change-set-name", change)
        if "didn't contain changes" in reason or "No updates" in reason:
            say("There is nothing to change.")
            return show_result(describe(aws, options.stack))
        fail(f"the changes could not be worked out: {reason}")
    show_changes(about.get("Changes", []))
    if not options.yes and not agreed(f"{'Change' if update else 'Make'} the stack {options.stack} in account {account}, {aws.region}?"):
        aws.maybe("cloudformation", "delete-change-set", "--stack-name", options.stack, "--change-set-name", change)
        if not update:
            aws.maybe("cloudformation", "delete-stack", "--stack-name", options.stack)
        fail("nothing was changed.")
    since = (describe(aws, options.stack) or {}).get("LastUpdatedTime", "") if update else ""
    since = since and time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime())
    say("Changing the stack" if update else "Making the stack: 15 to 45 minutes, a tracking server being the longest" if not aws.endpoint else
        "Making the stack")
    if aws.endpoint:
        # moto's change sets neither wait for custom resources nor have outputs: the same template, without one.
        aws("cloudformation", "delete-change-set", "--stack-name", options.stack, "--change-set-name", change)
        if not update:
            aws.maybe("cloudformation", "delete-stack", "--stack-name", options.stack)
        aws("cloudformation", "update-stack" if update else "create-stack", "--stack-name", options.stack, "--template-url", url,
            "--capabilities", "CAPABILITY_NAMED_IAM")
    else:
        aws("cloudformation", "execute-change-set", "--stack-name", options.stack, "--change-set-name", change)
    end, failures = wait(aws, options.stack, since, stand_in.answers(aws) if aws.endpoint else None)
    if end not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        causes = "\n".join(f"  - {name}: {reason}" for name, reason in failures) or "  - see the stack's events"
        after = (f"The stack is {end} again, as it was before." if update else
                 f"Mend that, remove what is left (./build.sh destroy --stack {options.stack}), and deploy again.")
        fail(f"the stack ended as {end}, because of\n{causes}\n{after}")
    show_result(describe(aws, options.stack))


def suffix(partition):
    return "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com"


def agreed(question):
    if not sys.stdin.isatty():
        fail(f"{question} There is nobody to answer: give --yes.")
    return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")


def show_result(found):
    values = outputs(found)
    say()
    say(f"Open      {values.get('Url')}")
    say(f"DNS       point {values.get('Url', '//').split('/')[2]} at {values.get('LoadBalancerName')} (CNAME, or alias in zone {values.get('LoadBalancerZone')})")
    say(f"MLflow    {values.get('MlflowArn')}")
    if values.get("UserPool"):
        say(f"People    aws cognito-idp admin-create-user --user-pool-id {values['UserPool']} --username NAME@EXAMPLE.COM")
    say(f"Then      ./build.sh verify {values.get('Url')}")


def destroy(aws, options):
    caller = identity(aws)
    found = describe(aws, options.stack)
    if not found:
        fail(f"there is no stack {options.stack} in account {caller['Account']}, {aws.region}.")
    kept, values = retained(aws, found["StackId"]), outputs(found)
    say(f"The stack {options.stack} in account {caller['Account']}, {aws.region}, will be removed. These stay, with the data in them:")
    for kind, physical in kept:
        say(f"  {kind:<24} {physical}")
    if not options.yes and not agreed("Remove it?"):
        fail("nothing was removed.")
    balancer = values.get("LoadBalancerArn")
    if balancer:
        say("Switching off the load balancer's deletion protection")
        try:
            aws("elbv2", "modify-load-balancer-attributes", "--load-balancer-arn", balancer, "--attributes", "Key=deletion_protection.enabled,Value=false")
        except CommandFailed as problem:
            fail(f"the load balancer is protected from deletion, and that could not be switched off: {problem}")
    since = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime())
    say("Removing the stack" + ("" if aws.endpoint else ": 10 to 60 minutes, since functions' network interfaces go slowly"))
    network = stand_in.network(aws, options.stack) if aws.endpoint else None
    try:
        aws("cloudformation", "delete-stack", "--stack-name", options.stack)
    except CommandFailed:
        if not aws.endpoint:
            raise
        stand_in.remove(aws, network)
    end, failures = wait(aws, found["StackId"] if not aws.endpoint else options.stack, since, None)
    if end is not None:
        causes = "\n".join(f"  - {name}: {reason}" for name, reason in failures) or "  - see the stack's events"
        fail(f"the stack is {end}, because of\n{causes}\nMend that and run this again: what is gone already stays gone.")
    say("The stack is gone. What stays costs what it stores; to remove it for good, data included:")
    for line in removal(kept, aws.region):
        say(f"  {line}")


def retained(aws, identifier):
    """What a template says stays, as far as it is there: kind and physical id."""
    kinds = {"AWS::S3::Bucket": "bucket", "AWS::KMS::Key": "key", "AWS::Logs::LogGroup": "log group", "AWS::Cognito::UserPool": "user pool"}
    found, waiting = [], [identifier]
    while waiting:
        answer = aws.maybe("cloudformation", "list-stack-resources", "--stack-name", waiting.pop()) or {"StackResourceSummaries": []}
        for each in answer["StackResourceSummaries"]:
            kind, physical = each.get("ResourceType"), each.get("PhysicalResourceId", "")
            if kind == "AWS::CloudFormation::Stack" and physical:
                waiting.append(physical)
            elif kind in kinds and physical and each.get("ResourceStatus") != "DELETE_COMPLETE":
                found.append((kinds[kind], physical))
            elif kind == "Custom::MLflowApp" and physical:
                found.append(("MLflow, if so set", physical))
    return sorted(found)


def removal(kept, region):
    for kind, physical in kept:
        if kind == "bucket":
            yield f"aws s3 rb s3://{physical} --force --region {region}   # old versions too: empty it in the console, or by a life-cycle rule"
        elif kind == "key":
            yield f"aws kms schedule-key-deletion --key-id {physical} --pending-window-in-days 30 --region {region}   # last of all: what it encrypted is then lost"
        elif kind == "log group":
            yield f"aws logs delete-log-group --log-group-name {physical} --region {region}"
        elif kind == "user pool":
            yield f"aws cognito-idp update-user-pool --user-pool-id {physical} --deletion-protection INACTIVE --region {region} && aws cognito-idp delete-user-pool --user-pool-id {physical} --region {region}"
        elif "mlflow-app/" in physical:
            yield f"aws sagemaker delete-mlflow-app --arn {physical} --region {region}   # or go on with it: --set MlflowKind=Existing --set ExistingMlflowArn={physical}"
        else:
            yield f"aws sagemaker delete-mlflow-tracking-server --tracking-server-name {physical.rsplit('/', 1)[-1]} --region {region}   # it costs by the hour"


# --- A deployed URL -----------------------------------------------------------------------------------------------------------


def verify(options):
    """The calls of a visitor, with curl. Each line is one thing that a deployment has to do."""
    base = options.url.rstrip("/")
    host = re.fullmatch(r"(https?)://([^/:]+)(:\d+)?", base)
    if not host:
        fail(f"'{options.url}' is no https://HOST.")
    token = ["--header", f"Authorization: Bearer {options.token}"] if options.token else []
    failed = 0

    def curl(path, *arguments, url=None):
        command = ["curl", "--silent", "--show-error", "--max-time", "60", "--output", os.devnull, "--write-out", "%{http_code} %{redirect_url}", *arguments,
                   *(["--cacert", options.ca] if options.ca else []), *(["--connect-to", f"{host.group(2)}::{options.connect_to}:"] if options.connect_to else []),
                   (url or base) + path]
        result = subprocess.run(command, capture_output=True, text=True)
        code, _, location = result.stdout.partition(" ")
        return code, location.strip(), result.stderr.strip()

    def check(what, good, got):
        nonlocal failed
        failed += not good
        say(f"  {'ok  ' if good else 'FAIL'}  {what}" + ("" if good else f": {' '.join(got).strip()}"))

    say(f"Looking at {base}")
    got = curl("/", *token)
    signs_in = got[0] == "302"
    check("the page answers, or sends to sign in" if not token else "the page answers", got[0] == "200" or (signs_in and got[1].startswith("https://")), got)
    got = curl("/api/2.0/mlflow/experiments/search?max_results=1")
    check("an API call without a session is 401, not a redirect" if signs_in or token else "the API answers", got[0] == ("401" if signs_in or token else "200"), got)
    if token:
        got = curl("/api/2.0/mlflow/experiments/search?max_results=1", *token)
        check("an API call with the token answers", got[0] == "200", got)
        got = curl("/api/2.0/mlflow/experiments/search?max_results=1", "--header", f"Authorization: Bearer {options.token[:-6]}AAAAAA")
        check("a token with another signature is refused", got[0] in ("401", "403"), got)
    got = curl("/", "--header", "Host: other.example.com")
    check("another host name is 421", got[0] == "421", got)
    got = curl("/", "--header", "x-amzn-oidc-data: e30=.e30=.e30=", *token)
    check("an invented sign-in does not let anybody in", got[0] != "200" if signs_in else True, got)
    if host.group(1) == "https":
        got = curl("/", url=f"http://{host.group(2)}")
        check("port 80 redirects to HTTPS or is closed", got[0] in ("301", "000") and (got[0] == "000" or got[1].startswith("https://")), got)
        got = curl("/", "--tls-max", "1.1")
        check("TLS 1.1 is refused", got[0] == "000", got)
    got = curl("/api/2.0/mlflow/%2e%2e/x", "--path-as-is", *token)
    check("a path with .. is not forwarded", got[0] in ("400", "401", "403"), got)
    say("All is as it should be." if not failed else f"{failed} of these are not as they should be.")
    sys.exit(1 if failed else 0)


def main():
    parser = argparse.ArgumentParser(prog="./build.sh", description="The stack, through the AWS CLI.")
    commands = parser.add_subparsers(dest="command", required=True)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--stack", default="mlflow-gateway", metavar="NAME", help="the stack's name, with which names of its resources begin (mlflow-gateway)")
    common.add_argument("--region", help="the AWS region; that of the AWS CLI when it is not given")
    common.add_argument("--endpoint", metavar="URL", help="a stand-in for AWS, such as moto, instead of AWS")
    common.add_argument("--yes", action="store_true", help="do not ask")
    make = commands.add_parser("deploy", parents=[common], help="makes or changes the stack")
    make.add_argument("--profile", metavar="NAME", help=f"a shape of the stack: {', '.join(stack.profile_names())}")
    make.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a parameter of lambda/template.yaml; may be repeated")
    make.add_argument("--print-policy", action="store_true", help="what the deployer needs, as IAM policies, one a line")
    commands.add_parser("destroy", parents=[common], help="removes the stack, and says what stays")
    look = commands.add_parser("verify", help="makes the calls of a visitor to a deployed URL")
    look.add_argument("url", metavar="https://HOST")
    look.add_argument("--token", help="a bearer token, where machines come with one")
    look.add_argument("--connect-to", metavar="NAME", help="where the host's name does not point at the load balancer yet: the load balancer's own")
    look.add_argument("--ca", metavar="FILE", help="certificate authorities to trust instead of the system's")
    options = parser.parse_args()
    if options.command == "verify":
        return verify(options)
    aws = AWS(options.region, options.endpoint, os.environ.get("AWS_COMMAND", "aws"))
    aws.region = aws.region or configured_region(aws)
    try:
        if options.command == "destroy":
            return destroy(aws, options)
        if options.print_policy:
            caller = identity(aws)
            return print_policies(deployer_policy(caller["Arn"].split(":")[1], aws.region, caller["Account"], options.stack))
        return deploy(aws, options)
    except CommandFailed as problem:
        fail(str(problem))


if __name__ == "__main__":
    main()
