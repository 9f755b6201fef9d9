"""What would fail in the middle of the stack, found before it: each check gives sentences."""

import capacity
import endpoints
import fixed
from aws_cli import CommandFailed


def problems(aws, parameters, stack_name, resources, found):
    """`resources`: what the parameters ask for; `found`: the stack where it is there already."""
    problems = fixed.changed(parameters, stack_name, found) + certificate(aws, parameters) + subnets(aws, parameters)
    problems += endpoints.conflicts(aws, parameters, resources, found)
    # A stand-in has neither secrets of anybody's nor quotas, and no network.
    if not aws.endpoint:
        problems += secret(aws, parameters, stack_name) + capacity.lack(aws, resources, found) + ways_out(aws, parameters)
    return problems


def certificate(aws, parameters):
    arn, host = parameters.get("CertificateArn", ""), parameters["PublicHostName"]
    if arn.split(":")[3:4] != [aws.region]:
        return [f"the certificate is not in {aws.region}, where the load balancer will be: {arn}"]
    try:
        about = aws("acm", "describe-certificate", "--certificate-arn", arn)["Certificate"]
    except CommandFailed as problem:
        return [f"the certificate cannot be read: {problem}"]
    found = []
    if about.get("Status") != "ISSUED" and not aws.endpoint:
        found.append(f"the certificate is {about.get('Status')}, not ISSUED: validate it first")
    names = about.get("SubjectAlternativeNames", [about.get("DomainName")])
    if host not in names and f"*.{host.partition('.')[2]}" not in names:
        found.append(f"the certificate is for {', '.join(names)}, not for {host}")
    return found


def secret(aws, parameters, stack_name):
    name, tag = parameters.get("OidcSecretName"), f"Key=gateway,Value={stack_name}"
    if parameters.get("AuthMode") != "oidc":
        return []
    try:
        there = aws.find("secretsmanager", "describe-secret", "--secret-id", name)
    except CommandFailed as problem:
        if not problem.says_denied:
            return [f"the secret {name} cannot be read: {problem}"]
        return [f"you may not read the secret {name}, or it is not there. The deployer's policy covers secrets with the tag gateway={stack_name}: "
                f"aws secretsmanager tag-resource --secret-id {name} --tags {tag}"]
    if there:
        return []
    return [f"there is no secret {name}. Make it: aws secretsmanager create-secret --name {name} --tags {tag} "
            "--secret-string '{\"client_secret\":\"...\"}'"]


def subnets(aws, parameters):
    vpc, found = parameters.get("ExistingVpcId"), []
    for name in ("LoadBalancerSubnetIds", "FunctionSubnetIds") if vpc else ():
        try:
            there = aws("ec2", "describe-subnets", "--subnet-ids", *parameters[name].split(","))["Subnets"]
        except CommandFailed as problem:
            found.append(f"{name} cannot be read: {problem}")
            continue
        outside = [each["SubnetId"] for each in there if each["VpcId"] != vpc]
        if outside:
            found.append(f"{name}: {', '.join(outside)} are not in {vpc}")
        zones = [each["AvailabilityZone"] for each in there]
        user = "a load balancer" if name == "LoadBalancerSubnetIds" else "an endpoint" if parameters.get("Endpoints", "true") == "true" else None
        if len(set(zones)) < 2:
            found.append(f"{name} are in one zone; two are needed")
        elif user and len(set(zones)) < len(zones):
            found.append(f"{name}: {user} takes one subnet in a zone, and these are in {', '.join(sorted(zones))}")
    return found


def ways_out(aws, parameters):
    """Functions have no public addresses: by way of an internet gateway they reach nothing, which a stack learns after an hour."""
    vpc = parameters.get("ExistingVpcId")
    is_app = parameters.get("MlflowKind", "App") == "App" or ":mlflow-app/" in parameters.get("ExistingMlflowArn", "")
    # An App and the keys of the sign-in are on the internet.
    if not vpc or not is_app and parameters.get("AuthMode", "cognito") not in ("cognito", "oidc"):
        return []
    try:
        tables = aws("ec2", "describe-route-tables", "--filters", f"Name=vpc-id,Values={vpc}")["RouteTables"]
    except CommandFailed as problem:
        return [f"the route tables of {vpc} cannot be read: {problem}"]
    outside = [each for each in parameters["FunctionSubnetIds"].split(",") if _leads_to_an_internet_gateway(tables, each)]
    return [f"FunctionSubnetIds: the way to the internet from {', '.join(outside)} is an internet gateway, which functions, having no public address, "
            "do not get through. Take subnets with a NAT gateway or another way"] if outside else []


def _leads_to_an_internet_gateway(tables, subnet):
    own = [table for table in tables if any(each.get("SubnetId") == subnet for each in table["Associations"])]
    main = [table for table in tables if any(each.get("Main") for each in table["Associations"])]
    return any(route.get("DestinationCidrBlock") == "0.0.0.0/0" and route.get("GatewayId", "").startswith("igw-")
               for table in own or main for route in table["Routes"])
