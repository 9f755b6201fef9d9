internal import AWSCore
internal import JSON

extension SageMakerClient {
    /// Begins to make a tracking server (CreateMlflowTrackingServer), which takes up to 25 minutes. It is not tried again
    /// when its end is unclear: the second try would be refused for the first one's server.
    ///
    /// - Returns: Its ARN.
    public func createMLflowTrackingServer(_ input: CreateMLflowTrackingServerInput) async throws -> String {
        try await call(
            "CreateMlflowTrackingServer",
            [
                "TrackingServerName": .string(input.name), "ArtifactStoreUri": .string(input.artifactStoreURI),
                "RoleArn": .string(input.roleARN), "TrackingServerSize": .optional(input.size),
                "MlflowVersion": .optional(input.mlflowVersion),
                "AutomaticModelRegistration": .optional(input.automaticModelRegistration),
                "WeeklyMaintenanceWindowStart": .optional(input.weeklyMaintenanceWindowStart),
                "S3BucketOwnerAccountId": .optional(input.bucketOwnerAccountID),
                "S3BucketOwnerVerification": .optional(input.bucketOwnerVerification), "Tags": .tags(input.tags),
            ], options: AWSClient.onceOnly
        ).text("TrackingServerArn")
    }

    /// Begins to change a tracking server (UpdateMlflowTrackingServer). While it is busy, this is a `ConflictException`.
    public func updateMLflowTrackingServer(_ input: UpdateMLflowTrackingServerInput) async throws {
        _ = try await call(
            "UpdateMlflowTrackingServer",
            [
                "TrackingServerName": .string(input.name), "ArtifactStoreUri": .optional(input.artifactStoreURI),
                "TrackingServerSize": .optional(input.size),
                "AutomaticModelRegistration": .optional(input.automaticModelRegistration),
                "WeeklyMaintenanceWindowStart": .optional(input.weeklyMaintenanceWindowStart),
                "S3BucketOwnerAccountId": .optional(input.bucketOwnerAccountID),
                "S3BucketOwnerVerification": .optional(input.bucketOwnerVerification),
            ])
    }

    /// Begins to delete a tracking server (DeleteMlflowTrackingServer).
    public func deleteMLflowTrackingServer(name: String) async throws {
        _ = try await call("DeleteMlflowTrackingServer", ["TrackingServerName": .string(name)])
    }

    /// Begins to start a tracking server (StartMlflowTrackingServer). One that is not stopped is a `ConflictException`.
    public func startMLflowTrackingServer(name: String) async throws {
        _ = try await call("StartMlflowTrackingServer", ["TrackingServerName": .string(name)])
    }

    /// Begins to stop a tracking server (StopMlflowTrackingServer). One that does not run is a `ConflictException`.
    public func stopMLflowTrackingServer(name: String) async throws {
        _ = try await call("StopMlflowTrackingServer", ["TrackingServerName": .string(name)])
    }

    /// A tracking server (DescribeMlflowTrackingServer).
    public func describeMLflowTrackingServer(name: String) async throws -> MLflowTrackingServer {
        let answer = try await call("DescribeMlflowTrackingServer", ["TrackingServerName": .string(name)])
        return MLflowTrackingServer(
            arn: try answer.text("TrackingServerArn"), name: try answer.text("TrackingServerName"),
            status: MLflowStatus(rawValue: try answer.text("TrackingServerStatus")),
            isActive: try Self.isActive(answer), url: try answer.optionalText("TrackingServerUrl"),
            artifactStoreURI: try answer.optionalText("ArtifactStoreUri"),
            roleARN: try answer.optionalText("RoleArn"), size: try answer.optionalText("TrackingServerSize"),
            mlflowVersion: try answer.optionalText("MlflowVersion"),
            automaticModelRegistration: try answer.bool("AutomaticModelRegistration"),
            weeklyMaintenanceWindowStart: try answer.optionalText("WeeklyMaintenanceWindowStart"),
            maintenanceStatus: try answer.optionalText("TrackingServerMaintenanceStatus")
                .map(MLflowStatus.init(rawValue:)),
            bucketOwnerAccountID: try answer.optionalText("S3BucketOwnerAccountId"),
            bucketOwnerVerification: try answer.bool("S3BucketOwnerVerification"),
            creationTime: try answer.time("CreationTime"), lastModifiedTime: try answer.time("LastModifiedTime"))
    }

    /// All tracking servers of account and region, or those of a status (ListMlflowTrackingServers).
    public func listMLflowTrackingServers(status: MLflowStatus? = nil) async throws -> [MLflowTrackingServerSummary] {
        try await list(
            "ListMlflowTrackingServers", "TrackingServerSummaries",
            ["TrackingServerStatus": .optional(status?.rawValue)]
        ) { server in
            MLflowTrackingServerSummary(
                arn: try server.text("TrackingServerArn"), name: try server.text("TrackingServerName"),
                status: MLflowStatus(rawValue: try server.text("TrackingServerStatus")),
                isActive: try Self.isActive(server), creationTime: try server.time("CreationTime"),
                lastModifiedTime: try server.time("LastModifiedTime"),
                mlflowVersion: try server.optionalText("MlflowVersion"))
        }
    }

    private static func isActive(_ server: JSONAnswer) throws -> Bool? {
        try server.optionalText("IsActive").map { $0 == "Active" }
    }
}
