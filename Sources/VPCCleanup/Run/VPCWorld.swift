internal import AWSCore
internal import AWSServices

/// What a cleanup needs of AWS, in its own terms. Lists are complete, over all pages; what is not there is nil or
/// missing, not an error. Everything else that AWS refuses is thrown as `ServiceError`.
protocol VPCWorld: Sendable {
    /// The account that asks.
    func accountID() async throws -> String
    /// A VPC, or nil when there is none.
    func vpc(_ id: String) async throws -> VPCFacts?
    /// All SageMaker domains of account and region.
    func domains() async throws -> [Domain]
    /// A domain, or nil when there is none.
    func domain(_ id: String) async throws -> Domain?
    /// All file systems with SageMaker's tag, without their mount targets and replicas; how many there are says
    /// ``FileSystemListing/mountTargetCount``.
    func fileSystems() async throws -> [FileSystemListing]
    /// A file system's state, or nil when it is gone.
    func fileSystemState(_ id: String) async throws -> String?
    /// A file system's mount targets; none when it is gone.
    func mountTargets(of fileSystem: String) async throws -> [MountTarget]
    /// How many access points a file system has.
    func accessPointCount(of fileSystem: String) async throws -> Int
    /// Where a file system is replicated to or from: `fs-2 in eu-west-1`.
    func replicas(of fileSystem: String) async throws -> [String]
    /// The security groups of a VPC, without their rules.
    func groups(in vpc: String) async throws -> [SecurityGroup]
    /// The rules of groups, by group.
    func rules(of groups: [String]) async throws -> [String: [SecurityGroupRule]]
    /// The VPCs that groups are associated with besides their own, by group.
    func associations(of groups: [String]) async throws -> [String: [String]]
    /// The network interfaces in a VPC, those that are hidden by default included.
    func interfaces(in vpc: String) async throws -> [NetworkInterface]
    /// The endpoints in a VPC.
    func endpoints(in vpc: String) async throws -> [VPCEndpoint]
    /// The Lambda functions that are attached to a VPC, and those of their published versions that are.
    func functions(in vpc: String) async throws -> [AttachedFunction]
    /// What of a kind keeps a VPC from being deleted.
    func others(_ kind: EC2VPCResource.Kind, in vpc: String) async throws -> [OtherResource]

    /// Deletes a mount target; it goes later.
    func deleteMountTarget(_ id: String) async throws
    /// Deletes a file system; it goes later.
    func deleteFileSystem(_ id: String) async throws
    /// Deletes endpoints; they go later.
    ///
    /// - Returns: Why some are not deleted, by id.
    func deleteEndpoints(_ ids: [String]) async throws -> [String: ServiceError]
    /// Deletes a network interface that is attached to nothing.
    func deleteInterface(_ id: String) async throws
    /// Takes rules out of a group; none of them when one is not there.
    func revokeRules(_ ids: [String], of group: String, _ direction: SecurityGroupRule.Direction) async throws
    /// Deletes a security group.
    func deleteGroup(_ id: String) async throws
}

/// A file system in the list of all.
struct FileSystemListing: Sendable, Hashable {
    /// The file system, its mount targets and replicas left out.
    var fileSystem: FileSystem
    /// How many mount targets it has.
    var mountTargetCount: Int
}
