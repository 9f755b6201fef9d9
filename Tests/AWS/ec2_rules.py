"""EC2's changing calls with the refusals that moto leaves out: dependencies, interfaces in use, managed resources."""

import copy

from protocols import APIError
from world import Delay


class EC2Rules:
    """Each method named for an operation carries it out. `moto` has moto do what has been allowed."""

    def __init__(self, world, views, moto):
        self.world, self.views, self.moto = world, views, moto

    def interfaces(self, request):
        return self.world.ec2(request.region).enis.values()

    # Groups

    def existing_group(self, request, group_id):
        group = self.world.group(request.region, group_id)
        if group is None:
            raise APIError("InvalidGroup.NotFound", f"The security group '{group_id}' does not exist")
        return group

    def DeleteSecurityGroup(self, request):
        group = self.existing_group(request, request.parameters.get("GroupId") or self.named_group(request))
        if group.name == "default":
            raise APIError("CannotDelete", f'the specified group: "{group.id}" name: "default" cannot be deleted by a user')
        holders = self.holders(request, group)
        self.world.saw(*holders)
        if holders:
            raise APIError("DependencyViolation", f"resource {group.id} has a dependent object")
        self.world.still_listed("group", group.id, self.views.group_item(group), self.world.timing.stale_groups)
        del self.world.ec2(request.region).groups[group.vpc_id][group.id]
        return {"Return": True, "GroupId": group.id}

    def named_group(self, request):
        name = request.parameters.get("GroupName")
        return next((group.id for group in self.world.groups(request.region) if group.name == name), name)

    def holders(self, request, group):
        """The ids of what keeps a group from being deleted. Rules of peered VPCs do not: they turn stale."""
        worn = [interface.id for interface in self.interfaces(request) if any(one.id == group.id for one in interface.group_set)]
        naming = [
            rule.id for other in self.world.groups(request.region) if other.vpc_id == group.vpc_id and other.id != group.id
            for rule in (*other.ingress_rules, *other.egress_rules) if rule.source_group.get("GroupId") == group.id]
        associated = [vpc for (group_id, vpc) in self.world.associations if group_id == group.id]
        return worn + naming + associated

    def RevokeSecurityGroupIngress(self, request):
        return self.revoke(request, "ingress_rules")

    def RevokeSecurityGroupEgress(self, request):
        return self.revoke(request, "egress_rules")

    def revoke(self, request, direction):
        group = self.existing_group(request, request.parameters.get("GroupId"))
        rules = getattr(group, direction)
        if ids := request.parameters.get("SecurityGroupRuleIds"):
            known = {rule.id for rule in rules}
            if unknown := [rule_id for rule_id in ids if rule_id not in known]:
                raise APIError("InvalidSecurityGroupRuleId.NotFound", f"The security group rule ID '{unknown[0]}' does not exist")
            setattr(group, direction, [rule for rule in rules if rule.id not in ids])
        else:
            before = copy.copy(rules)
            try:
                self.moto(request)
            except APIError as error:
                setattr(group, direction, before)
                if error.code == "InvalidPermission.NotFound" and self.world.ec2(request.region).vpcs[group.vpc_id].is_default:
                    return {"Return": True, "UnknownIpPermissions": request.parameters.get("IpPermissions", [])}
                raise
        left = {rule.id for rule in getattr(group, direction)}
        return {"Return": True, "RevokedSecurityGroupRules": [
            {"SecurityGroupRuleId": rule.id, "GroupId": group.id, "IsEgress": rule.is_egress}
            for rule in rules if rule.id not in left]}

    def AssociateSecurityGroupVpc(self, request):
        group = self.existing_group(request, request.parameters["GroupId"])
        self.existing_vpc(request, request.parameters["VpcId"])
        self.world.associations[group.id, request.parameters["VpcId"]] = "associated"
        return {"State": "associated"}

    def DisassociateSecurityGroupVpc(self, request):
        self.world.associations.pop((request.parameters["GroupId"], request.parameters["VpcId"]), None)
        return {"State": "disassociating"}

    # Interfaces

    def existing_interface(self, request, interface_id):
        interface = self.world.ec2(request.region).enis.get(interface_id)
        if interface is None:
            raise APIError("InvalidNetworkInterfaceID.NotFound", f"The networkInterface ID '{interface_id}' does not exist")
        return interface

    def DeleteNetworkInterface(self, request):
        interface = self.existing_interface(request, request.parameters["NetworkInterfaceId"])
        self.world.saw(interface.id)
        if interface.requester_managed or self.world.operators.get(interface.id, {}).get("Managed"):
            raise APIError("OperationNotPermitted", "You are not allowed to manage this network interface: its requester does.")
        if self.views.interface_status(interface) != "available":
            raise APIError("InvalidParameterValue", f"Network interface '{interface.id}' is currently in use.")
        looks = self.world.timing.stale_interfaces
        self.world.still_listed("interface", interface.id, self.views.interface_item(interface), looks)
        self.world.remove_interface(request.region, interface.id)
        return {}

    def DetachNetworkInterface(self, request):
        attachment_id = request.parameters["AttachmentId"]
        holder = next((
            interface for interface in self.interfaces(request)
            if (self.views.attachment(interface) or {}).get("AttachmentId") == attachment_id), None)
        if holder is None:
            raise APIError("InvalidAttachmentID.NotFound", f"The attachment ID '{attachment_id}' does not exist")
        if attachment_id.startswith("ela-attach-"):
            raise APIError("OperationNotPermitted", "You are not allowed to manage 'ela-attach' attachments.")
        if holder.id in self.world.attachments:
            self.world.release_interface(request.region, holder.id)
            return {}
        return self.moto(request)

    # Endpoints

    def CreateVpcEndpoint(self, request):
        made = self.moto(request)
        self.adopt(request.region)
        return made

    def CreateNatGateway(self, request):
        made = self.moto(request)
        self.adopt(request.region)
        return made

    def adopt(self, region):
        """Makes the interfaces of endpoints and NAT gateways the services' own, which moto leaves plain."""
        backend = self.world.ec2(region)
        for endpoint in backend.vpc_end_points.values():
            for interface_id in endpoint.network_interface_ids:
                if not self.world.is_plain(region, interface_id):
                    continue
                self.world.adopt_interface(region, interface_id, f"VPC Endpoint Interface {endpoint.id}", "vpc_endpoint", "amazon-aws")
                groups = [self.world.group(region, group_id) for group_id in endpoint.security_group_ids or []]
                backend.enis[interface_id]._group_set = groups or [backend.get_default_security_group(endpoint.vpc_id)]
        for gateway in backend.nat_gateways.values():
            if self.world.is_plain(region, gateway._eni.id):
                self.world.adopt_interface(region, gateway._eni.id, f"Interface for NAT Gateway {gateway.id}", "nat_gateway", "amazon-aws")

    def DeleteNatGateway(self, request):
        gateway = self.world.ec2(request.region).nat_gateways.get(request.parameters["NatGatewayId"])
        if gateway is None:
            raise APIError("NatGatewayNotFound", f"NatGateway {request.parameters['NatGatewayId']} was not found")
        result = self.moto(request)
        for address in self.addresses(request, lambda interface: interface.id == gateway._eni.id):
            address.eni = address.association_id = None
        self.world.remove_interface(request.region, gateway._eni.id)
        return result

    def addresses(self, request, wanted):
        """The public addresses of the interfaces that are wanted."""
        return [one for one in self.world.ec2(request.region).addresses if one.eni and wanted(one.eni)]

    def DetachInternetGateway(self, request):
        vpc_id = request.parameters["VpcId"]
        if self.addresses(request, lambda interface: interface.vpc_id == vpc_id):
            raise APIError(
                "DependencyViolation", f"Network {vpc_id} has some mapped public address(es). "
                "Please unmap those public address(es) before detaching the gateway.")
        return self.moto(request)

    def DeleteVpcEndpoints(self, request):
        unsuccessful = []
        for endpoint_id in request.parameters["VpcEndpointIds"]:
            endpoint = self.world.ec2(request.region).vpc_end_points.get(endpoint_id)
            if endpoint is None or endpoint.state == "deleted":
                code, message = "InvalidVpcEndpoint.NotFound", f"The Vpc Endpoint Id '{endpoint_id}' does not exist"
            elif getattr(endpoint, "requester_managed", False):
                code, message = "OperationNotPermitted", f"{endpoint_id} is managed by its requester"
            else:
                if endpoint.state != "deleting":
                    self.begin_endpoint_deletion(request.region, endpoint)
                continue
            unsuccessful.append({"ResourceId": endpoint_id, "Error": {"Code": code, "Message": message}})
        return {"Unsuccessful": unsuccessful}

    def begin_endpoint_deletion(self, region, endpoint):
        endpoint.state = "deleting"
        endpoints = self.world.ec2(region).vpc_end_points

        def end():
            endpoint.state = "deleted"
            for interface_id in endpoint.network_interface_ids:
                self.world.later(
                    interface_id, self.world.timing.endpoint_interface_lag,
                    lambda interface_id=interface_id: self.world.remove_interface(region, interface_id))
            still = Delay(looks=self.world.timing.stale_endpoints)
            self.world.later(endpoint.id, still, lambda: endpoints.pop(endpoint.id, None))

        self.world.later(endpoint.id, self.world.timing.endpoint_deletion, end)

    # Subnets and VPCs

    def existing_vpc(self, request, vpc_id):
        vpc = self.world.ec2(request.region).vpcs.get(vpc_id)
        if vpc is None:
            raise APIError("InvalidVpcID.NotFound", f"The vpc ID '{vpc_id}' does not exist")
        return vpc

    def DeleteSubnet(self, request):
        subnet_id = request.parameters["SubnetId"]
        held = self.subnet_blockers(request.region, subnet_id)
        self.world.saw(*held)
        if held:
            raise APIError("DependencyViolation", f"The subnet '{subnet_id}' has dependencies and cannot be deleted.")
        return self.moto(request)

    def subnet_blockers(self, region, subnet_id):
        """The ids of the interfaces that keep a subnet from being deleted."""
        return [interface.id for interface in self.world.ec2(region).enis.values() if interface.subnet_id == subnet_id]

    def DeleteVpc(self, request):
        vpc = self.existing_vpc(request, request.parameters["VpcId"])
        blockers = self.vpc_blockers(request.region, vpc.id)
        self.world.saw(*blockers)
        if blockers:
            raise APIError("DependencyViolation", f"The vpc '{vpc.id}' has dependencies and cannot be deleted.")
        return self.moto(request)

    def vpc_blockers(self, region, vpc_id):
        """The ids of all that keeps a VPC from being deleted."""
        backend = self.world.ec2(region)
        groups = [group.id for group in backend.groups.get(vpc_id, {}).values() if group.name != "default"]
        subnets = [subnet.id for zone in backend.subnets.values() for subnet in zone.values() if subnet.vpc_id == vpc_id]
        interfaces = [interface.id for interface in backend.enis.values() if interface.vpc_id == vpc_id]
        endpoints = [one.id for one in backend.vpc_end_points.values() if one.vpc_id == vpc_id and one.state != "deleted"]
        gateways = [one.id for one in backend.internet_gateways.values() if one.vpc and one.vpc.id == vpc_id]
        peerings = [
            one.id for one in backend.vpc_pcxs.values()
            if vpc_id in (one.vpc.id, one.peer_vpc.id) and one._status.code == "active"]
        tables = [one.id for one in backend.route_tables.values() if one.vpc_id == vpc_id and not one.main_association_id]
        lists = [one.id for one in backend.network_acls.values() if one.vpc_id == vpc_id and not one.default]
        return groups + subnets + interfaces + endpoints + gateways + peerings + tables + lists
