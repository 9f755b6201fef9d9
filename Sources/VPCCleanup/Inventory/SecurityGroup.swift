/// A security group.
struct SecurityGroup: Sendable, Hashable {
    /// `sg-…`
    var id: String
    /// Its name.
    var name: String
    /// Its description.
    var description = ""
    /// The VPC it was made in.
    var vpcID: String
    /// The account it belongs to.
    var ownerID: String
    /// Its tags.
    var tags: [String: String] = [:]
    /// Its rules.
    var rules: [SecurityGroupRule] = []
    /// The other VPCs it is associated with, which keeps it from being deleted.
    var associatedVPCs: [String] = []

    /// Whether it is the VPC's own group, which goes with the VPC and cannot be deleted.
    var isDefault: Bool { name == "default" }
}

/// A rule of a security group.
struct SecurityGroupRule: Sendable, Hashable {
    /// Which way the traffic goes that a rule lets through.
    enum Direction: String, Sendable, Hashable, CaseIterable {
        /// Into the group's interfaces.
        case ingress
        /// Out of them.
        case egress
    }

    /// `sgr-…`
    var id: String
    /// Which way.
    var direction: Direction
    /// The group it lets through; nil for a rule of addresses.
    var referencedGroupID: String?
}
