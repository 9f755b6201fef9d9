/// A virtual private cloud.
public struct EC2VPC: Sendable, Hashable {
    /// `vpc-…`
    public var id: String
    /// The account it belongs to.
    public var ownerID: String?
    /// Whether it is the region's default VPC.
    public var isDefault: Bool
    /// `pending` or `available`.
    public var state: String?
    /// Its first IPv4 range.
    public var cidrBlock: String?
    /// Its tags.
    public var tags: [String: String]
}

/// A subnet.
public struct EC2Subnet: Sendable, Hashable {
    /// `subnet-…`
    public var id: String
    /// The VPC it is in.
    public var vpcID: String
    /// The account it belongs to.
    public var ownerID: String?
    /// `pending`, `available` or `unavailable`.
    public var state: String?
    /// Its tags.
    public var tags: [String: String]
}

extension EC2Client {
    /// VPCs by id, or all that fit the filters (DescribeVpcs). An id that is not there is `InvalidVpcID.NotFound`.
    public func describeVPCs(ids: [String] = [], filters: [EC2Filter] = []) async throws -> [EC2VPC] {
        try await list("DescribeVpcs", "vpcSet", idName: "VpcId", ids: ids, filters: filters) { item in
            EC2VPC(
                id: try item.text("vpcId"), ownerID: item.optionalText("ownerId"),
                isDefault: try item.bool("isDefault"), state: item.optionalText("state"),
                cidrBlock: item.optionalText("cidrBlock"), tags: item.tags)
        }
    }

    /// Subnets by id, or all that fit the filters (DescribeSubnets).
    public func describeSubnets(ids: [String] = [], filters: [EC2Filter] = []) async throws -> [EC2Subnet] {
        try await list("DescribeSubnets", "subnetSet", idName: "SubnetId", ids: ids, filters: filters) { item in
            EC2Subnet(
                id: try item.text("subnetId"), vpcID: try item.text("vpcId"), ownerID: item.optionalText("ownerId"),
                state: item.optionalText("state"), tags: item.tags)
        }
    }
}
