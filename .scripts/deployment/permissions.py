"""What the deployer needs: the policy, and whether the caller has what it lists."""

import json

import stack
from aws_cli import CommandFailed
from console import say

# A managed policy of IAM may have 6,144 characters.
POLICY_LIMIT = 6_000


def deployer_policy(caller, region, stack_name, boundary=""):
    """The statements; with a boundary, roles are made and given rights within it alone, and nothing takes it off them."""
    text = (stack.REPOSITORY / "lambda/deployer-policy.json").read_text()
    for key, value in {"Partition": caller.partition, "Region": region, "AccountId": caller.account, "StackName": stack_name}.items():
        text = text.replace("${" + key + "}", value)
    statements = json.loads(text)["Statement"]
    if not boundary:
        return statements
    within = {"Condition": {"StringEquals": {"iam:PermissionsBoundary": boundary}}}
    return [each | within if each["Sid"] == "RightsOfRoles" else each for each in statements if each["Sid"] != "UnboundRoles"]


def print_policies(caller, region, stack_name, boundary):
    """The policy in as many parts as IAM's limit asks for, one a line."""
    parts, size = [[]], 0
    for statement in deployer_policy(caller, region, stack_name, boundary):
        length = len(json.dumps(statement, separators=(",", ":"))) + 1
        if size + length > POLICY_LIMIT:
            parts.append([])
            size = 0
        parts[-1].append(statement)
        size += length
    for part in parts:
        say(json.dumps({"Version": "2012-10-17", "Statement": part}, separators=(",", ":")))


def missing(aws, caller, stack_name, boundary):
    """Actions of the policy that the caller lacks, as IAM simulates it; None when IAM may not be asked."""
    denied = []
    try:
        principal = role_or_user(aws, caller)
        for statement in deployer_policy(caller, aws.region, stack_name, boundary):
            # What a condition decides, a simulation without the request's context cannot know.
            if not statement.get("Condition") or statement["Sid"] in ("Look", "WritesThatKnowNoResource"):
                denied += denied_of(aws, principal, statement)
    except CommandFailed:
        return None
    return denied


def role_or_user(aws, caller):
    """As IAM has it: where somebody has taken a role on, the role itself, with its path, which a session's ARN leaves out."""
    if ":assumed-role/" not in caller.arn:
        return caller.arn
    return aws("iam", "get-role", "--role-name", caller.arn.split("/")[1])["Role"]["Arn"]


def denied_of(aws, principal, statement):
    """The actions of a statement that the caller may take on none of its resources: a policy of another make may pair them more closely."""
    results = aws("iam", "simulate-principal-policy", "--policy-source-arn", principal, "--action-names", *stack.as_list(statement["Action"]),
                  "--resource-arns", *stack.as_list(statement["Resource"]), "--context-entries",
                  f"ContextKeyName=aws:RequestedRegion,ContextKeyValues={aws.region},ContextKeyType=string")["EvaluationResults"]
    return [each["EvalActionName"] for each in results if "allowed" not in
            {each["EvalDecision"], *(one["EvalResourceDecision"] for one in each.get("ResourceSpecificResults", []))}]
