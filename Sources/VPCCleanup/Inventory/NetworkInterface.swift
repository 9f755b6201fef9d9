/// An elastic network interface.
struct NetworkInterface: Sendable, Hashable {
    /// `eni-…`
    var id: String
    /// Its description, by which services say what it is for.
    var description = ""
    /// `interface`, `lambda`, `efs`, `nat_gateway`, …
    var type = "interface"
    /// `available`, `in-use`, …
    var status: String
    /// The VPC it is in.
    var vpcID: String
    /// The account it belongs to.
    var ownerID: String
    /// The subnet it is in.
    var subnetID = ""
    /// The service that asked for it, when that is another account: an id or `amazon-elb`.
    var requesterID: String?
    /// The groups it wears.
    var groupIDs: [String] = []
    /// The instance it is attached to.
    var instanceID: String?
    /// Who owns what it is attached to: an account, or `amazon-aws`.
    var attachmentOwnerID: String?

    /// Whether it is attached to nothing.
    var isAvailable: Bool { status == "available" }
}

/// A VPC endpoint.
struct VPCEndpoint: Sendable, Hashable {
    /// `vpce-…`
    var id: String
    /// `Interface`, `Gateway`, …
    var type: String
    /// The service it leads to: `com.amazonaws.eu-central-1.s3`.
    var serviceName: String
    /// `available`, `deleting`, `deleted`, … in letters of any case.
    var state: String
    /// The VPC it is in.
    var vpcID: String
    /// The account it belongs to.
    var ownerID: String
    /// Its tags.
    var tags: [String: String] = [:]
    /// Its interfaces.
    var interfaceIDs: [String] = []
    /// The groups they wear.
    var groupIDs: [String] = []

    /// Whether it is only still listed.
    var isDeleted: Bool { state.lowercased() == "deleted" }
    /// Whether it is on its way out.
    var isDeleting: Bool { state.lowercased() == "deleting" }
}
