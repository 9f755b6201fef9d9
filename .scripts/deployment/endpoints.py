"""Whether an existing VPC has endpoints that those of the stack would be in the way of: a private name, or a table's way to S3, leads to
one of them alone."""

import resources
from aws_cli import CommandFailed

GONE = ("deleting", "deleted", "rejected", "failed", "expired")


def conflicts(aws, parameters, wanted, found):
    """`wanted`: the resources that the parameters ask for; `found`: the stack where it is there, whose own endpoints may stay."""
    vpc = parameters.get("ExistingVpcId")
    asked = {_kind(each): each for each in (one["Properties"] for one in wanted.values() if one["Type"] == "AWS::EC2::VPCEndpoint")}
    if not vpc or not asked:
        return []
    try:
        there = aws("ec2", "describe-vpc-endpoints", "--filters", f"Name=vpc-id,Values={vpc}")["VpcEndpoints"]
        own = {each.physical for each in resources.every(aws, found["StackId"])} if found else set()
    except CommandFailed as problem:
        return [f"whether {vpc} has endpoints already cannot be found out: {problem}"]
    others = [each for each in there if each["VpcEndpointId"] not in own and each["State"].lower() not in GONE and _kind(each) in asked]
    wants_names = any(kind == "Interface" for _, kind in asked)
    return (_dns(aws, vpc) if wants_names else []) + _names(vpc, others) + _routes(parameters, others, aws.region)


def _dns(aws, vpc):
    """Private names want both; the second is off in a VPC unless somebody turned it on."""
    off = []
    for name, option in (("EnableDnsSupport", "--enable-dns-support"), ("EnableDnsHostnames", "--enable-dns-hostnames")):
        try:
            about = aws("ec2", "describe-vpc-attribute", "--vpc-id", vpc, "--attribute", name[0].lower() + name[1:])
        except CommandFailed as problem:
            return [f"whether {vpc} allows private names of endpoints cannot be found out: {problem}"]
        if not about.get(name, {}).get("Value"):
            off.append(f"aws ec2 modify-vpc-attribute --vpc-id {vpc} {option}")
    return [f"{vpc} does not allow private names, which the stack's endpoints have: {'; '.join(off)}, or --set Endpoints=false"] if off else []


def _kind(endpoint):
    return endpoint["ServiceName"], endpoint["VpcEndpointType"]


def _names(vpc, others):
    taken = [f"{each['ServiceName']} ({each['VpcEndpointId']})" for each in others if each["VpcEndpointType"] == "Interface" and each.get("PrivateDnsEnabled")]
    if not taken:
        return []
    return [f"{vpc} has endpoints with private names already, and there can be one of each: {', '.join(sorted(taken))}. Use the ones that are there: "
            "--set Endpoints=false, and let their security groups take HTTPS from FunctionSubnetIds"]


def _routes(parameters, others, region):
    asked = set(filter(None, parameters.get("RouteTableIds", "").split(",")))
    taken = {table: each["VpcEndpointId"] for each in others if each["VpcEndpointType"] == "Gateway" for table in asked & set(each.get("RouteTableIds", []))}
    if not taken:
        return []
    rest = ",".join(sorted(asked - set(taken)))
    return [f"{', '.join(f'{table} has a way to S3 already ({endpoint})' for table, endpoint in sorted(taken.items()))}. Leave it out: "
            f"--set RouteTableIds={rest}, and let the policy of that endpoint allow the stack's buckets, and "
            f"cloudformation-custom-resource-response-{region}, where mlflow-app's answers go"]
