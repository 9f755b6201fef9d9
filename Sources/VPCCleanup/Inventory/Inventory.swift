/// What there is in and around a VPC at one moment: all that the planner knows of the world.
struct Inventory: Sendable, Hashable {
    /// The VPC.
    var vpc: VPCFacts
    /// The account that asks: what belongs to another is never touched.
    var accountID: String
    /// The SageMaker domains of account and region, whatever their VPC.
    var domains: [Domain] = []
    /// The account's file systems that carry SageMaker's tag.
    var fileSystems: [FileSystem] = []
    /// The security groups of the VPC.
    var groups: [SecurityGroup] = []
    /// The network interfaces in the VPC.
    var interfaces: [NetworkInterface] = []
    /// The endpoints in the VPC.
    var endpoints: [VPCEndpoint] = []
    /// The names of the Lambda functions that are attached to the VPC; nil when they could not be listed.
    var functions: Set<String>?
    /// What else is known to keep the VPC from being deleted.
    var others: [OtherResource] = []
}

/// A VPC.
struct VPCFacts: Sendable, Hashable {
    /// `vpc-…`
    var id: String
    /// Whether it is the region's default VPC.
    var isDefault = false
    /// The account it belongs to.
    var ownerID: String
}

/// A SageMaker domain.
struct Domain: Sendable, Hashable {
    /// `d-…`
    var id: String
    /// `InService`, `Deleting`, …
    var status: String
    /// The VPC its apps run in.
    var vpcID: String

    /// Whether it is on its way out, so that waiting helps.
    var isDeleting: Bool { status == "Deleting" }
}

/// Something else in the VPC that is none of ours: a gateway, a group of another VPC.
struct OtherResource: Sendable, Hashable {
    /// Its id.
    var id: String
    /// What it is: `internet gateway`.
    var kind: String
    /// Whose it is: an account or a service.
    var owner: String
}
