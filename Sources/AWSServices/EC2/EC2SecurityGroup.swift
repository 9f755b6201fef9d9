/// A security group, without its rules.
public struct EC2SecurityGroup: Sendable, Hashable {
    /// `sg-…`
    public var id: String
    /// Its name; `default` is the VPC's own, which goes with it.
    public var name: String
    /// Its description.
    public var description: String
    /// The VPC it was made in.
    public var vpcID: String?
    /// The account it belongs to.
    public var ownerID: String?
    /// Its tags.
    public var tags: [String: String]
}

/// A rule of a security group. It has one of the ranges, the prefix list or the referenced group.
public struct EC2SecurityGroupRule: Sendable, Hashable {
    /// A group that a rule lets through.
    public struct ReferencedGroup: Sendable, Hashable {
        /// `sg-…`
        public var groupID: String?
        /// The account it belongs to.
        public var userID: String?
        /// The VPC it is in, when that is a peer.
        public var vpcID: String?
        /// The peering connection to that VPC.
        public var vpcPeeringConnectionID: String?
        /// How that connection stands: `active`, `deleted`.
        public var peeringStatus: String?
    }

    /// `sgr-…`
    public var id: String
    /// The group it is a rule of.
    public var groupID: String
    /// The account that group belongs to.
    public var groupOwnerID: String?
    /// Whether it is about traffic out of the group's interfaces; else it is about traffic into them.
    public var isEgress: Bool
    /// `tcp`, `udp`, `icmp`, `icmpv6`, a number, or `-1` for all.
    public var ipProtocol: String?
    /// The first port, or the type of ICMP.
    public var fromPort: Int?
    /// The last port, or the code of ICMP.
    public var toPort: Int?
    /// The IPv4 range it lets through.
    public var cidrIPv4: String?
    /// The IPv6 range it lets through.
    public var cidrIPv6: String?
    /// The prefix list it lets through.
    public var prefixListID: String?
    /// The group it lets through.
    public var referencedGroup: ReferencedGroup?
}

/// A security group's association with a VPC that is not its own, which keeps it from being deleted.
public struct EC2SecurityGroupVPCAssociation: Sendable, Hashable {
    /// `sg-…`
    public var groupID: String
    /// The other VPC.
    public var vpcID: String
    /// The account that VPC belongs to.
    public var vpcOwnerID: String?
    /// `associating`, `associated`, `association-failed`, `disassociating`, …
    public var state: String?
}

/// A VPC on the other side of a peering connection or transit gateway in which rules refer to a group; it does not keep the
/// group from being deleted.
public struct EC2SecurityGroupReference: Sendable, Hashable {
    /// `sg-…`
    public var groupID: String
    /// The VPC with the rules.
    public var referencingVPCID: String
    /// The peering connection between the VPCs.
    public var vpcPeeringConnectionID: String?
    /// The transit gateway between the VPCs.
    public var transitGatewayID: String?
}
