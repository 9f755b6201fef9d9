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
    /// The Lambda functions that are attached to the VPC; nil when they could not be listed.
    var functions: [AttachedFunction]?
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

/// A Lambda function that is attached to the VPC, or a published version of one.
struct AttachedFunction: Sendable, Hashable {
    /// Its name, and the version's number after a colon.
    var name: String
    /// Its subnets.
    var subnetIDs: Set<String>
    /// The groups that its interfaces wear.
    var groupIDs: Set<String>

    /// Whether it uses an interface of Lambda's. All functions that have a subnet and their groups in common use one and
    /// the same, which is named after the first of them.
    func uses(_ interface: NetworkInterface) -> Bool {
        subnetIDs.contains(interface.subnetID) && groupIDs == Set(interface.groupIDs)
    }
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
