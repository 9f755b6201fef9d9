public import Timestamps

/// An EFS file system.
public struct EFSFileSystem: Sendable, Hashable {
    /// `fs-…`
    public var id: String
    /// Its ARN.
    public var arn: String?
    /// The account it belongs to.
    public var ownerID: String?
    /// Its name, the value of the tag `Name`.
    public var name: String?
    /// `creating`, `available`, `updating`, `deleting`, `deleted` or `error`.
    public var lifeCycleState: String
    /// How many mount targets it has, in whatever VPC.
    public var mountTargetCount: Int
    /// The bytes stored in it, when last metered.
    public var sizeInBytes: Int64?
    /// Whether a replica may not be written to: `ENABLED`, `DISABLED` or `REPLICATING`.
    public var replicationOverwriteProtection: String?
    /// When it was made.
    public var creationTime: Timestamp?
    /// Its tags.
    public var tags: [String: String]
}

/// Where a file system is reached in a subnet.
public struct EFSMountTarget: Sendable, Hashable {
    /// `fsmt-…`
    public var id: String
    /// The file system.
    public var fileSystemID: String
    /// The subnet it is in.
    public var subnetID: String
    /// The VPC it is in.
    public var vpcID: String?
    /// Its network interface.
    public var networkInterfaceID: String?
    /// The account it belongs to.
    public var ownerID: String?
    /// `creating`, `available`, `updating`, `deleting`, `deleted` or `error`.
    public var lifeCycleState: String
}

/// A way into a file system with a user and a root directory of its own.
public struct EFSAccessPoint: Sendable, Hashable {
    /// `fsap-…`
    public var id: String
    /// The file system.
    public var fileSystemID: String?
    /// Its name.
    public var name: String?
    /// `creating`, `available`, `updating`, `deleting`, `deleted` or `error`.
    public var lifeCycleState: String?
}

/// Where a file system is copied to.
public struct EFSReplication: Sendable, Hashable {
    /// A copy.
    public struct Destination: Sendable, Hashable {
        /// The copy.
        public var fileSystemID: String
        /// The copy's region.
        public var region: String
        /// `ENABLED`, `ENABLING`, `DELETING`, `ERROR`, `PAUSED` or `PAUSING`.
        public var status: String?
    }

    /// The file system that is copied.
    public var sourceFileSystemID: String
    /// Its region.
    public var sourceRegion: String?
    /// Its copies.
    public var destinations: [Destination]
}
