/// An EFS file system.
struct FileSystem: Sendable, Hashable {
    /// `fs-…`
    var id: String
    /// The account it belongs to.
    var ownerID: String
    /// `available`, `deleting`, …
    var state = "available"
    /// Its tags.
    var tags: [String: String] = [:]
    /// Bytes stored in it, when last metered.
    var sizeInBytes: Int64 = 0
    /// Its mount targets, in whatever VPC.
    var mountTargets: [MountTarget] = []
    /// How many access points it has. They do not hold it, and go with it.
    var accessPointCount = 0
    /// Where it is copied to or from: `fs-2 in eu-west-1`. A replicated file system cannot be deleted.
    var replicas: [String] = []
}

/// Where a file system is reached in a subnet.
struct MountTarget: Sendable, Hashable {
    /// `fsmt-…`
    var id: String
    /// The VPC it is in.
    var vpcID: String
    /// `available`, `deleting`, …
    var state = "available"
    /// Its interface, which goes with it.
    var interfaceID: String?
}
