internal import AWSCore
internal import HTTP

extension EFSClient {
    /// All file systems of account and region, or the one of an id (DescribeFileSystems). An id that is not there is
    /// `FileSystemNotFound`.
    public func describeFileSystems(id: String? = nil) async throws -> [EFSFileSystem] {
        try await list(
            "DescribeFileSystems", "file-systems", "FileSystems", .marker, [("FileSystemId", id)]
        ) { item in
            EFSFileSystem(
                id: try item.text("FileSystemId"), arn: try item.optionalText("FileSystemArn"),
                ownerID: try item.optionalText("OwnerId"), name: try item.optionalText("Name"),
                lifeCycleState: try item.text("LifeCycleState"),
                mountTargetCount: Int(clamping: try item.integer("NumberOfMountTargets") ?? 0),
                sizeInBytes: try item.child("SizeInBytes")?.integer("Value"),
                replicationOverwriteProtection: try item.child("FileSystemProtection")?
                    .optionalText("ReplicationOverwriteProtection"),
                creationTime: try item.time("CreationTime"), tags: try item.tags("Tags"))
        }
    }

    /// The mount targets of a file system, in whatever VPC (DescribeMountTargets).
    public func describeMountTargets(fileSystemID: String) async throws -> [EFSMountTarget] {
        try await mountTargets(("FileSystemId", fileSystemID))
    }

    /// A mount target (DescribeMountTargets), or nil when it is gone.
    public func describeMountTarget(_ id: String) async throws -> EFSMountTarget? {
        do {
            return try await mountTargets(("MountTargetId", id)).first
        } catch let error as ServiceError where error.code == "MountTargetNotFound" {
            return nil
        }
    }

    /// The security groups of a mount target (DescribeMountTargetSecurityGroups).
    public func describeMountTargetSecurityGroups(_ id: String) async throws -> [String] {
        try await get(
            "DescribeMountTargetSecurityGroups", "mount-targets/\(PercentEncoding.encode(id))/security-groups"
        )
        .texts("SecurityGroups")
    }

    /// The access points of a file system (DescribeAccessPoints). They do not keep it from being deleted and go with it.
    public func describeAccessPoints(fileSystemID: String) async throws -> [EFSAccessPoint] {
        try await list(
            "DescribeAccessPoints", "access-points", "AccessPoints", .token, [("FileSystemId", fileSystemID)]
        ) { item in
            EFSAccessPoint(
                id: try item.text("AccessPointId"), fileSystemID: try item.optionalText("FileSystemId"),
                name: try item.optionalText("Name"), lifeCycleState: try item.optionalText("LifeCycleState"))
        }
    }

    /// Where a file system is copied to or from (DescribeReplicationConfigurations); none when it is not.
    public func describeReplicationConfigurations(fileSystemID: String) async throws -> [EFSReplication] {
        do {
            return try await list(
                "DescribeReplicationConfigurations", "file-systems/replication-configurations", "Replications", .token,
                [("FileSystemId", fileSystemID)]
            ) { item in
                EFSReplication(
                    sourceFileSystemID: try item.text("SourceFileSystemId"),
                    sourceRegion: try item.optionalText("SourceFileSystemRegion"),
                    destinations: try item.objects("Destinations").map { copy in
                        EFSReplication.Destination(
                            fileSystemID: try copy.text("FileSystemId"), region: try copy.text("Region"),
                            status: try copy.optionalText("Status"))
                    })
            }
        } catch let error as ServiceError where error.code == "ReplicationNotFound" {
            return []
        }
    }

    /// Begins to delete a mount target (DeleteMountTarget), which takes a minute or so.
    public func deleteMountTarget(_ id: String) async throws {
        try await delete("DeleteMountTarget", "mount-targets", id)
    }

    /// Deletes an access point (DeleteAccessPoint).
    public func deleteAccessPoint(_ id: String) async throws {
        try await delete("DeleteAccessPoint", "access-points", id)
    }

    /// Begins to delete a file system and all data in it (DeleteFileSystem). While it has a mount target or a replication,
    /// the error is `FileSystemInUse`.
    public func deleteFileSystem(_ id: String) async throws {
        try await delete("DeleteFileSystem", "file-systems", id)
    }

    private func mountTargets(_ parameter: (name: String, value: String?)) async throws -> [EFSMountTarget] {
        try await list("DescribeMountTargets", "mount-targets", "MountTargets", .marker, [parameter]) { item in
            EFSMountTarget(
                id: try item.text("MountTargetId"), fileSystemID: try item.text("FileSystemId"),
                subnetID: try item.text("SubnetId"), vpcID: try item.optionalText("VpcId"),
                networkInterfaceID: try item.optionalText("NetworkInterfaceId"),
                ownerID: try item.optionalText("OwnerId"), lifeCycleState: try item.text("LifeCycleState"))
        }
    }
}
