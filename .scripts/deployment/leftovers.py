"""What a removed stack leaves: data, keys and logs that its templates keep, and the commands that remove them for good."""

import progress

# In the order in which they can go: keys last, since what they encrypted is lost with them.
KINDS = {"AWS::S3::Bucket": "bucket", "AWS::Logs::LogGroup": "log group", "AWS::Cognito::UserPool": "user pool", "AWS::KMS::Key": "key"}
ORDER = ["MLflow", *KINDS.values()]

# All versions and delete markers, a thousand at a time. What cannot be deleted ends the loop, and the bucket says why.
REMOVE_BUCKET = """\
remove_bucket() {
  while [ -z "$(aws s3api list-object-versions --bucket "$1" --max-items 1000 --output json \\
      --query '{Quiet: `true`, Objects: [Versions, DeleteMarkers][].{Key: Key, VersionId: VersionId}}' |
      aws s3api delete-objects --bucket "$1" --delete file:///dev/stdin 2>&1)" ]; do :; done
  aws s3api delete-bucket --bucket "$1"
}"""


def kept(aws, target, found):
    """Kind and physical id of what stays of a stack and its nested ones, as far as it is there."""
    stays, waiting = [], [found["StackId"]]
    while waiting:
        answer = aws.maybe("cloudformation", "list-stack-resources", "--stack-name", waiting.pop()) or {"StackResourceSummaries": []}
        for each in answer["StackResourceSummaries"]:
            kind, physical = each.get("ResourceType"), each.get("PhysicalResourceId", "")
            if kind == "AWS::CloudFormation::Stack" and physical:
                waiting.append(physical)
            elif kind in KINDS and physical and each.get("ResourceStatus") != "DELETE_COMPLETE":
                stays.append((KINDS[kind], physical))
            elif kind == "Custom::MLflowApp" and target.keeps_mlflow(found) and "MlflowArn" in progress.outputs(found):
                stays.append(("MLflow", progress.outputs(found)["MlflowArn"]))
    account = found["StackId"].split(":")[4]
    code = f"{found['StackName']}-code-{account}-{aws.region}"
    if aws.maybe("s3api", "head-bucket", "--bucket", code) is not None:
        stays.append(("bucket", code))
    return sorted(stays, key=lambda each: (ORDER.index(each[0]), each[1]))


def commands(aws, environment, stays):
    """Lines for a shell that remove what stays."""
    variables = {"AWS_REGION": aws.region, "AWS_DEFAULT_REGION": aws.region, **environment}
    yield "export " + " ".join(f"{name}={value}" for name, value in variables.items())
    if any(kind == "bucket" for kind, _ in stays):
        yield from REMOVE_BUCKET.splitlines()
    for kind, physical in stays:
        if kind == "bucket":
            yield from object_lock(aws, physical)
            yield f"remove_bucket {physical}"
        elif kind == "log group":
            yield f"aws logs delete-log-group --log-group-name {physical}"
        elif kind == "user pool":
            yield f"aws cognito-idp update-user-pool --user-pool-id {physical} --deletion-protection INACTIVE"
            yield f"aws cognito-idp delete-user-pool --user-pool-id {physical}"
        elif kind == "key":
            yield f"aws kms schedule-key-deletion --key-id {physical} --pending-window-in-days 30   # what it encrypted is lost then"
        elif "mlflow-app/" in physical:
            yield f"# or go on with it: ./build.sh deploy ... --set MlflowKind=Existing --set ExistingMlflowArn={physical}"
            yield f"aws sagemaker delete-mlflow-app --arn {physical}"
        else:
            yield "# it costs by the hour"
            yield f"aws sagemaker delete-mlflow-tracking-server --tracking-server-name {physical.rsplit('/', 1)[-1]}"


def object_lock(aws, bucket):
    """What Object Lock means for removing a bucket, as comments for the shell."""
    answer = aws.maybe("s3api", "get-object-lock-configuration", "--bucket", bucket) or {}
    lock = answer.get("ObjectLockConfiguration", {})
    if lock.get("ObjectLockEnabled") != "Enabled":
        return
    retention = lock.get("Rule", {}).get("DefaultRetention")
    if not retention:
        yield "# Object Lock: a version with a legal hold or a retention of its own stays, and the bucket with it, until that ends"
        return
    span = f"{retention['Days']} days" if retention.get("Days") else f"{retention.get('Years')} years"
    way = ("nobody can delete a version earlier, not even root" if retention["Mode"] == "COMPLIANCE" else
           "earlier only with delete-objects --bypass-governance-retention and the permission for it")
    yield f"# Object Lock, {retention['Mode']}: each version stays for {span} after it was stored, and the bucket with it; {way}"
