"""Certificate and network of moto's own where the ones that are asked for are a profile's examples."""


def made_real(aws, parameters):
    """The same ones each time, so that nothing changes where nothing was changed."""
    return {**parameters, **_certificate(aws, parameters), **_network(aws, parameters)}


def _certificate(aws, parameters):
    if aws.find("acm", "describe-certificate", "--certificate-arn", parameters["CertificateArn"]):
        return {}
    host = parameters["PublicHostName"]
    if not _certificates(aws, host):
        aws("acm", "request-certificate", "--domain-name", host)
    # The first of that name, also for two deployments at once that both asked for one.
    return {"CertificateArn": _certificates(aws, host)[0]}


def _certificates(aws, host):
    return [each["CertificateArn"] for each in aws("acm", "list-certificates").get("CertificateSummaryList", []) if each["DomainName"] == host]


def _network(aws, parameters):
    """moto's default VPC."""
    asked = parameters.get("ExistingVpcId")
    if not asked or aws.find("ec2", "describe-vpcs", "--vpc-ids", asked):
        return {}
    vpc = aws("ec2", "describe-vpcs", "--filters", "Name=is-default,Values=true")["Vpcs"][0]["VpcId"]
    inside = ("--filters", f"Name=vpc-id,Values={vpc}")
    subnets = sorted(each["SubnetId"] for each in aws("ec2", "describe-subnets", *inside)["Subnets"])
    tables = [each["RouteTableId"] for each in aws("ec2", "describe-route-tables", *inside)["RouteTables"]]
    own = {"ExistingVpcId": vpc, "LoadBalancerSubnetIds": ",".join(subnets[:2]), "FunctionSubnetIds": ",".join(subnets[-2:])}
    return {**own, "RouteTableIds": tables[0]} if parameters.get("RouteTableIds") else own
