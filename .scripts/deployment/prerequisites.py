"""What would fail in the middle of the stack, found before it: each check gives sentences."""

from aws_cli import CommandFailed

# Lambda keeps so many concurrent executions for functions without a reservation.
LAMBDA_KEEPS = 100
# What the stack reserves for mlflow-app and vpc-cleanup.
OTHER_RESERVATIONS = 5


def problems(aws, parameters, is_update):
    found = certificate(aws, parameters)
    # A stand-in has none of these.
    if not aws.endpoint:
        found += secret(aws, parameters) + subnets(aws, parameters)
        found += [] if is_update else concurrency(aws, parameters)
    return found


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


def secret(aws, parameters):
    name = parameters.get("OidcSecretName")
    if parameters.get("AuthMode") != "oidc" or aws.maybe("secretsmanager", "describe-secret", "--secret-id", name):
        return []
    return [f"there is no secret {name}. Make it: aws secretsmanager create-secret --name {name} "
            "--tags Key=gateway,Value=mlflow-gateway --secret-string '{\"client_secret\":\"...\"}'"]


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
        if len({each["AvailabilityZone"] for each in there}) < 2:
            found.append(f"{name} are in one zone; two are needed")
    return found


def concurrency(aws, parameters):
    limits = aws.maybe("lambda", "get-account-settings")
    if not limits:
        return []
    left = limits["AccountLimit"]["UnreservedConcurrentExecutions"]
    wanted = int(parameters.get("ProxyReservedConcurrency", 50)) + OTHER_RESERVATIONS
    if left - wanted >= LAMBDA_KEEPS:
        return []
    return [f"Lambda has {left} concurrent executions left in this account and keeps {LAMBDA_KEEPS}; the stack reserves {wanted}. "
            "Ask for more in Service Quotas, or --set ProxyReservedConcurrency=N"]
