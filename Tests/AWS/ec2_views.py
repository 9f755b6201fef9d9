"""EC2's describe calls over moto's state: every filter that the rules need, pages, what is hidden, what is still listed."""

import fnmatch

from protocols import APIError
from world import ACCOUNT

MOST_FILTER_VALUES = 200


def tags(resource):
    return [{"Key": key, "Value": value} for key, value in resource.ec2_backend.tags.get(resource.id, {}).items()]


class EC2Views:
    """Each method named for an operation answers it."""

    def __init__(self, world, listing):
        self.world = world
        # (request, items, key of an item, result member, smallest MaxResults) -> result.
        self.listing = listing

    def DescribeVpcs(self, request):
        items = [{
            "VpcId": vpc.id, "State": "available", "CidrBlock": vpc.cidr_block, "IsDefault": vpc.is_default,
            "OwnerId": getattr(vpc, "owner_account", ACCOUNT), "InstanceTenancy": "default", "Tags": tags(vpc)}
            for vpc in self.world.ec2(request.region).vpcs.values()]
        items = self.named(request, items, "VpcIds", "VpcId", "InvalidVpcID.NotFound", "The vpc ID '{}' does not exist")
        return self.listed(request, items, "Vpcs", "VpcId", {
            "vpc-id": "VpcId", "is-default": "IsDefault", "owner-id": "OwnerId", "state": "State"})

    def DescribeSubnets(self, request):
        backend = self.world.ec2(request.region)
        items = [{
            "SubnetId": subnet.id, "VpcId": subnet.vpc_id, "OwnerId": getattr(subnet, "owner_account", ACCOUNT), "State": "available",
            "CidrBlock": subnet.cidr_block, "AvailabilityZone": subnet.availability_zone, "Tags": tags(subnet)}
            for zone in backend.subnets.values() for subnet in zone.values()]
        items = self.named(request, items, "SubnetIds", "SubnetId", "InvalidSubnetID.NotFound", "The subnet ID '{}' does not exist")
        return self.listed(request, items, "Subnets", "SubnetId", {
            "vpc-id": "VpcId", "subnet-id": "SubnetId", "owner-id": "OwnerId", "availability-zone": "AvailabilityZone",
            "state": "State"})

    def DescribeSecurityGroups(self, request):
        items = [self.group_item(group) for group in self.world.groups(request.region)]
        # A group that just vanished may be listed, and is not there for any other call.
        items += self.world.take_stale("group")
        items = self.named(request, items, "GroupIds", "GroupId", "InvalidGroup.NotFound", "The security group '{}' does not exist")
        return self.listed(request, items, "SecurityGroups", "GroupId", {
            "vpc-id": "VpcId", "group-id": "GroupId", "group-name": "GroupName", "description": "Description", "owner-id": "OwnerId",
            "ip-permission.group-id": lambda item: referenced(item["IpPermissions"]),
            "egress.ip-permission.group-id": lambda item: referenced(item["IpPermissionsEgress"])})

    @staticmethod
    def group_item(group):
        return {
            "GroupId": group.id, "GroupName": group.name, "Description": group.description, "VpcId": group.vpc_id,
            "OwnerId": group.owner_id, "SecurityGroupArn": group.arn, "Tags": tags(group),
            "IpPermissions": permissions(group.ingress_rules), "IpPermissionsEgress": permissions(group.egress_rules)}

    def DescribeSecurityGroupRules(self, request):
        items = [
            rule_item(group, rule) for group in self.world.groups(request.region)
            for rule in (*group.ingress_rules, *group.egress_rules)]
        items = self.named(
            request, items, "SecurityGroupRuleIds", "SecurityGroupRuleId", "InvalidSecurityGroupRuleId.NotFound",
            "The security group rule ID '{}' does not exist")
        return self.listed(request, items, "SecurityGroupRules", "SecurityGroupRuleId", {
            "group-id": "GroupId", "security-group-rule-id": "SecurityGroupRuleId"})

    def DescribeNetworkInterfaces(self, request):
        hidden = request.parameters.get("IncludeManagedResources") is not True
        items = [self.interface_item(interface) for interface in self.world.ec2(request.region).enis.values()]
        items = [item for item in items if not (hidden and item["Operator"].get("HiddenByDefault"))]
        items += self.world.take_stale("interface")
        if request.parameters.get("NetworkInterfaceIds") and "MaxResults" in request.parameters:
            raise APIError(
                "InvalidParameterCombination", "The parameter maxResults cannot be used with the parameter networkInterfaceIds")
        items = self.named(
            request, items, "NetworkInterfaceIds", "NetworkInterfaceId", "InvalidNetworkInterfaceID.NotFound",
            "The networkInterface ID '{}' does not exist")
        result = self.listed(request, items, "NetworkInterfaces", "NetworkInterfaceId", {
            "vpc-id": "VpcId", "subnet-id": "SubnetId", "network-interface-id": "NetworkInterfaceId", "status": "Status",
            "description": "Description", "interface-type": "InterfaceType", "requester-id": "RequesterId",
            "requester-managed": "RequesterManaged", "owner-id": "OwnerId",
            "group-id": lambda item: [group["GroupId"] for group in item["Groups"]],
            "operator.managed": lambda item: [item["Operator"]["Managed"]],
            "attachment.attachment-id": lambda item: [item.get("Attachment", {}).get("AttachmentId")],
            "attachment.instance-id": lambda item: [item.get("Attachment", {}).get("InstanceId")],
            "attachment.instance-owner-id": lambda item: [item.get("Attachment", {}).get("InstanceOwnerId")],
            "attachment.status": lambda item: [item.get("Attachment", {}).get("Status")]})
        self.world.saw(*(item["NetworkInterfaceId"] for item in result["NetworkInterfaces"]))
        return result

    def interface_item(self, interface):
        item = {
            "NetworkInterfaceId": interface.id, "Status": self.interface_status(interface), "Description": interface.description,
            "InterfaceType": interface.interface_type, "RequesterId": interface.requester_id,
            "RequesterManaged": interface.requester_managed, "VpcId": interface.vpc_id, "SubnetId": interface.subnet_id,
            "OwnerId": getattr(interface, "owner_account", ACCOUNT), "PrivateIpAddress": interface.private_ip_address,
            "MacAddress": interface.mac_address, "AvailabilityZone": interface.availability_zone, "SourceDestCheck": True,
            "Groups": [{"GroupId": group.id, "GroupName": group.name} for group in interface.group_set],
            "Operator": self.world.operators.get(interface.id, {"Managed": False}), "TagSet": tags(interface)}
        if attachment := self.attachment(interface):
            item["Attachment"] = attachment
        return item

    def attachment(self, interface):
        if interface.id in self.world.attachments:
            return self.world.attachments[interface.id]
        if interface.attachment_id:
            return {
                "AttachmentId": interface.attachment_id, "InstanceId": interface.instance.id, "InstanceOwnerId": ACCOUNT,
                "Status": "attached", "DeviceIndex": int(interface.device_index or 0)}
        return None

    def interface_status(self, interface):
        return "in-use" if self.attachment(interface) else interface.status

    def DescribeVpcEndpoints(self, request):
        items = [self.endpoint_item(endpoint) for endpoint in self.world.ec2(request.region).vpc_end_points.values()]
        items = self.named(
            request, items, "VpcEndpointIds", "VpcEndpointId", "InvalidVpcEndpointId.NotFound",
            "The Vpc Endpoint Id '{}' does not exist")
        result = self.listed(request, items, "VpcEndpoints", "VpcEndpointId", {
            "vpc-id": "VpcId", "vpc-endpoint-id": "VpcEndpointId", "service-name": "ServiceName",
            "vpc-endpoint-state": "State", "vpc-endpoint-type": "VpcEndpointType"}, 1)
        self.world.saw(*(item["VpcEndpointId"] for item in result["VpcEndpoints"]))
        return result

    def endpoint_item(self, endpoint):
        return {
            "VpcEndpointId": endpoint.id, "VpcEndpointType": endpoint.vpc_endpoint_type or "Gateway", "VpcId": endpoint.vpc_id,
            "ServiceName": endpoint.service_name, "OwnerId": ACCOUNT, "Groups": self.endpoint_groups(endpoint),
            "State": endpoint.state.capitalize() if self.world.capitalised_states else endpoint.state,
            "RequesterManaged": getattr(endpoint, "requester_managed", False), "SubnetIds": endpoint.subnet_ids or [],
            "RouteTableIds": endpoint.route_table_ids or [], "NetworkInterfaceIds": endpoint.network_interface_ids,
            "Tags": tags(endpoint)}

    def endpoint_groups(self, endpoint):
        """The groups that its interfaces wear. An endpoint that is only still listed may have outlived them."""
        backend = endpoint.ec2_backend
        groups = [self.world.group(backend.region_name, group_id) for group_id in endpoint.security_group_ids or []]
        return [{"GroupId": group.id, "GroupName": group.name} for group in groups if group]

    def DescribeSecurityGroupVpcAssociations(self, request):
        items = [
            {"GroupId": group, "VpcId": vpc, "VpcOwnerId": ACCOUNT, "GroupOwnerId": ACCOUNT, "State": state}
            for (group, vpc), state in self.world.associations.items()]
        return self.listed(request, items, "SecurityGroupVpcAssociations", "GroupId", {
            "group-id": "GroupId", "vpc-id": "VpcId", "state": "State", "vpc-owner-id": "VpcOwnerId", "group-owner-id": "GroupOwnerId"})

    def DescribeSecurityGroupReferences(self, request):
        """The groups of other VPCs whose rules name the given groups."""
        found = []
        for group_id in request.parameters["GroupId"]:
            named = self.world.group(request.region, group_id)
            if named is None:
                raise APIError("InvalidGroup.NotFound", f"The security group '{group_id}' does not exist")
            vpcs = {
                group.vpc_id for group in self.world.groups(request.region) if group.vpc_id != named.vpc_id
                for rule in (*group.ingress_rules, *group.egress_rules) if rule.source_group.get("GroupId") == group_id}
            found += [
                {"GroupId": group_id, "ReferencingVpcId": vpc, "VpcPeeringConnectionId": "pcx-0a1b2c3d4e5f60718"}
                for vpc in sorted(vpcs)]
        return {"SecurityGroupReferenceSet": found}

    # What all have in common

    @staticmethod
    def named(request, items, parameter, key, code, message):
        """The items that the call asks for by id, or all."""
        if not (ids := request.parameters.get(parameter)):
            return items
        known = {item[key]: item for item in items}
        if missing := [item_id for item_id in ids if item_id not in known]:
            raise APIError(code, message.format(missing[0]))
        return [known[item_id] for item_id in ids]

    def listed(self, request, items, member, key, filters, smallest=5):
        for item in request.parameters.get("Filters", []):
            items = filtered(items, item.get("Name"), item.get("Values", []), filters)
        return self.listing(request, items, key, member, smallest)


def filtered(items, name, values, filters):
    if len(values) > MOST_FILTER_VALUES:
        raise APIError("FilterLimitExceeded", "The maximum number of filter values specified on a single call is 200")
    if name is not None and name.startswith("tag:"):
        def read(item):
            return [tag["Value"] for tag in item.get("Tags", item.get("TagSet", [])) if tag["Key"] == name[4:]]
    elif name == "tag-key" and "tag-key" not in filters:
        def read(item):
            return [tag["Key"] for tag in item.get("Tags", item.get("TagSet", []))]
    elif name not in filters:
        raise APIError("InvalidParameterValue", f"The filter '{name}' is invalid")
    else:
        reader = filters[name]
        def read(item):
            return reader(item) if callable(reader) else [item.get(reader)]
    return [item for item in items if any(matches(text, value) for text in read(item) for value in values)]


def matches(text, pattern):
    if isinstance(text, bool):
        text = str(text).lower()
    return text is not None and fnmatch.fnmatchcase(text, pattern.replace("[", "[[]"))


def permissions(rules):
    """Rules as DescribeSecurityGroups shows them: grouped by protocol and ports."""
    grouped = {}
    for rule in rules:
        item = grouped.setdefault((rule.ip_protocol, rule.from_port, rule.to_port), {
            "IpProtocol": rule.ip_protocol, "UserIdGroupPairs": [], "IpRanges": [], "Ipv6Ranges": [], "PrefixListIds": []})
        if rule.from_port is not None:
            item.update(FromPort=rule.from_port, ToPort=rule.to_port)
        if group_id := rule.source_group.get("GroupId"):
            item["UserIdGroupPairs"].append({"GroupId": group_id, "UserId": ACCOUNT})
        elif rule.cidr_ipv4:
            item["IpRanges"].append({"CidrIp": rule.cidr_ipv4})
        elif rule.cidr_ipv6:
            item["Ipv6Ranges"].append({"CidrIpv6": rule.cidr_ipv6})
        elif rule.prefix_list_id:
            item["PrefixListIds"].append({"PrefixListId": rule.prefix_list_id})
    return list(grouped.values())


def referenced(items):
    return [pair["GroupId"] for item in items for pair in item["UserIdGroupPairs"]]


def rule_item(group, rule):
    item = {
        "SecurityGroupRuleId": rule.id, "GroupId": group.id, "GroupOwnerId": group.owner_id, "IsEgress": rule.is_egress,
        "IpProtocol": rule.ip_protocol, "FromPort": -1 if rule.from_port is None else rule.from_port,
        "ToPort": -1 if rule.to_port is None else rule.to_port, "Tags": tags(rule)}
    if group_id := rule.source_group.get("GroupId"):
        item["ReferencedGroupInfo"] = {"GroupId": group_id, "UserId": rule.source_group.get("UserId", ACCOUNT)}
    elif rule.cidr_ipv4:
        item["CidrIpv4"] = rule.cidr_ipv4
    elif rule.cidr_ipv6:
        item["CidrIpv6"] = rule.cidr_ipv6
    elif rule.prefix_list_id:
        item["PrefixListId"] = rule.prefix_list_id
    return item
