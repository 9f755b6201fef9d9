"""What a removed stack leaves: data, keys and logs that its templates keep, and the commands that remove them for good."""

import progress
from code_bucket import bucket_name, is_there
from resources import Retained

# In the order in which they can go: keys last, since what they encrypted is lost with them.
KINDS = {"AWS::IAM::Role": "role", "AWS::S3::Bucket": "bucket", "AWS::Logs::LogGroup": "log group", "AWS::Cognito::UserPool": "user pool",
         "AWS::KMS::Key": "key"}
ORDER = ["MLflow", *KINDS.values()]
# These go with what they belong to.
PARTS = {"AWS::S3::BucketPolicy"}

# All versions and delete markers, a thousand at a time. What cannot be deleted ends the loop, and the bucket says why. What follows
# the bucket's name is for delete-objects.
REMOVE_BUCKET = """\
remove_bucket() {
  bucket=$1
  shift
  while [ -z "$(aws s3api list-object-versions --bucket "$bucket" --max-items 1000 --output json \\
      --query '{Quiet: `true`, Objects: [Versions, DeleteMarkers][].{Key: Key, VersionId: VersionId}}' |
      aws s3api delete-objects --bucket "$bucket" --delete file:///dev/stdin "$@" 2>&1)" ]; do :; done
  aws s3api delete-bucket --bucket "$bucket"
}"""


def kept(aws, target, found, resources):
    """Kind, physical id and name in its template of each of a stack's resources that stays."""
    retained, stays = Retained(aws), []
    for each in resources:
        if each.kind == "Custom::MLflowApp":
            arn = progress.outputs(found).get("MlflowArn", each.physical)
            if target.keeps_mlflow(found) and arn.startswith("arn:"):
                stays.append(("MLflow", arn, each.name))
        elif each.kind not in PARTS and (each.status == "DELETE_SKIPPED" or each in retained):
            stays.append((KINDS.get(each.kind, each.kind), each.physical, each.name))
    account = found["StackId"].split(":")[4]
    code = bucket_name(aws, account, found["StackName"])
    if is_there(aws, code, account):
        stays.append(("bucket", code, "zips and templates"))
    return sorted(stays, key=lambda each: (ORDER.index(each[0]) if each[0] in ORDER else len(ORDER), each))


def commands(aws, environment, stays):
    """Lines for a shell that remove what stays."""
    variables = {"AWS_REGION": aws.region, "AWS_DEFAULT_REGION": aws.region, **environment}
    yield "export " + " ".join(f"{name}={value}" for name, value in variables.items())
    if any(kind == "bucket" for kind, *_ in stays):
        yield from REMOVE_BUCKET.splitlines()
    for kind, physical, name in stays:
        if kind == "bucket":
            yield from object_lock(aws, physical)
            yield f"remove_bucket {physical}"
        elif kind == "role":
            yield f"for policy in $(aws iam list-role-policies --role-name {physical} --query 'PolicyNames[]' --output text); do"
            yield f"  aws iam delete-role-policy --role-name {physical} --policy-name \"$policy\""
            yield f"done; aws iam delete-role --role-name {physical}"
        elif kind == "log group":
            yield f"aws logs delete-log-group --log-group-name {physical}"
        elif kind == "user pool":
            yield f"aws cognito-idp update-user-pool --user-pool-id {physical} --deletion-protection INACTIVE"
            yield f"aws cognito-idp delete-user-pool --user-pool-id {physical}"
        elif kind == "key":
            yield f"aws kms schedule-key-deletion --key-id {physical} --pending-window-in-days 30   # {name}: what it encrypted is lost then"
        elif "mlflow-app/" in physical:
            yield f"# or go on with it: ./build.sh deploy ... --set MlflowKind=Existing --set ExistingMlflowArn={physical}"
            yield f"aws sagemaker delete-mlflow-app --arn {physical}"
        elif kind == "MLflow":
            yield "# it costs by the hour"
            yield f"aws sagemaker delete-mlflow-tracking-server --tracking-server-name {physical.rsplit('/', 1)[-1]}"
        else:
            yield f"# {kind} {physical}: there is no command for it here"


def object_lock(aws, bucket):
    """What Object Lock means for removing a bucket, as comments for the shell."""
    answer = aws.find("s3api", "get-object-lock-configuration", "--bucket", bucket) or {}
    lock = answer.get("ObjectLockConfiguration", {})
    if lock.get("ObjectLockEnabled") != "Enabled":
        return
    retention = lock.get("Rule", {}).get("DefaultRetention")
    if not retention:
        yield "# Object Lock: a version with a legal hold or a retention of its own stays, and the bucket with it, until that ends"
        return
    span = f"{retention['Days']} days" if retention.get("Days") else f"{retention.get('Years')} years"
    way = ("nobody can delete a version earlier, not even root" if retention["Mode"] == "COMPLIANCE" else
           f"earlier, with the permission s3:BypassGovernanceRetention: remove_bucket {bucket} --bypass-governance-retention")
    yield f"# Object Lock, {retention['Mode']}: each version stays for {span} after it was stored, and the bucket with it; {way}"
