/// Something that keeps a VPC from being deleted and that no network interface in the VPC tells of.
public struct EC2VPCResource: Sendable, Hashable {
    /// What it is.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// An internet gateway.
        case internetGateway = "internet gateway"
        /// An egress-only internet gateway.
        case egressOnlyInternetGateway = "egress-only internet gateway"
        /// A NAT gateway, while it is made or deleted too.
        case natGateway = "NAT gateway"
        /// A virtual private gateway.
        case vpnGateway = "virtual private gateway"
        /// An attachment to a transit gateway.
        case transitGatewayAttachment = "transit gateway attachment"
        /// A peering connection, from either side.
        case peeringConnection = "peering connection"
    }

    /// What it is.
    public var kind: Kind
    /// Its id.
    public var id: String
    /// Its state in its own words, where it has one; those that are gone stay listed for a while: `deleted`, `rejected`.
    public var state: String?
    /// The account it belongs to, where it is told.
    public var ownerID: String?
}

extension EC2Client {
    /// What of a kind is attached to a VPC (DescribeInternetGateways and its like).
    public func describeVPCResources(_ kind: EC2VPCResource.Kind, vpcID: String) async throws -> [EC2VPCResource] {
        switch kind {
        case .internetGateway:
            try await resources(
                kind, "DescribeInternetGateways", "internetGatewaySet", "internetGatewayId",
                [EC2Filter("attachment.vpc-id", vpcID)])
        case .egressOnlyInternetGateway:
            try await egressOnlyInternetGateways(vpcID: vpcID)
        case .natGateway:
            try await resources(
                kind, "DescribeNatGateways", "natGatewaySet", "natGatewayId", [EC2Filter("vpc-id", vpcID)])
        case .vpnGateway:
            // The one list here that has no pages.
            try await resources(
                kind, "DescribeVpnGateways", "vpnGatewaySet", "vpnGatewayId", [EC2Filter("attachment.vpc-id", vpcID)],
                pageSize: nil)
        case .transitGatewayAttachment:
            try await resources(
                kind, "DescribeTransitGatewayVpcAttachments", "transitGatewayVpcAttachments",
                "transitGatewayAttachmentId", [EC2Filter("vpc-id", vpcID)])
        case .peeringConnection:
            try await peeringConnections(vpcID: vpcID)
        }
    }

    private func resources(
        _ kind: EC2VPCResource.Kind, _ operation: String, _ set: String, _ idName: String, _ filters: [EC2Filter],
        pageSize: Int? = 1000
    ) async throws -> [EC2VPCResource] {
        try await list(operation, set, filters.parameters, pageSize: pageSize) { item in
            EC2VPCResource(
                kind: kind, id: try item.text(idName), state: item.optionalText("state"),
                ownerID: item.optionalText("ownerId"))
        }
    }

    /// These have no filter for the VPC.
    private func egressOnlyInternetGateways(vpcID: String) async throws -> [EC2VPCResource] {
        try await list(
            "DescribeEgressOnlyInternetGateways", "egressOnlyInternetGatewaySet", [], pageSize: 255
        ) { item -> EC2VPCResource? in
            guard item.items("attachmentSet").contains(where: { $0.optionalText("vpcId") == vpcID }) else { return nil }
            return EC2VPCResource(
                kind: .egressOnlyInternetGateway, id: try item.text("egressOnlyInternetGatewayId"))
        }.compactMap(\.self)
    }

    private func peeringConnections(vpcID: String) async throws -> [EC2VPCResource] {
        var connections: [EC2VPCResource] = []
        for side in ["requester", "accepter"] {
            let found = try await list(
                "DescribeVpcPeeringConnections", "vpcPeeringConnectionSet",
                [EC2Filter("\(side)-vpc-info.vpc-id", vpcID)].parameters
            ) { item in
                EC2VPCResource(
                    kind: .peeringConnection, id: try item.text("vpcPeeringConnectionId"),
                    state: item.child("status")?.optionalText("code"),
                    ownerID: item.child("requesterVpcInfo")?.optionalText("ownerId"))
            }
            let known = Set(connections.map(\.id))
            connections += found.filter { !known.contains($0.id) }
        }
        return connections
    }
}
