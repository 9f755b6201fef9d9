internal import AWSCore
internal import JSON

extension SageMakerClient {
    /// Begins to make an App (CreateMlflowApp). It is not tried again when its end is unclear, since names are not unique
    /// and another App might be made: then look with ``listMLflowApps(status:defaultForDomainID:accountDefaultStatus:)``.
    ///
    /// - Returns: Its ARN.
    public func createMLflowApp(_ input: CreateMLflowAppInput) async throws -> String {
        try await call(
            "CreateMlflowApp",
            [
                "Name": .string(input.name), "ArtifactStoreUri": .string(input.artifactStoreURI),
                "RoleArn": .string(input.roleARN), "KmsKeyId": .optional(input.kmsKeyID),
                "ModelRegistrationMode": .optional(input.modelRegistrationMode),
                "WeeklyMaintenanceWindowStart": .optional(input.weeklyMaintenanceWindowStart),
                "AccountDefaultStatus": .optional(input.accountDefaultStatus),
                "DefaultDomainIdList": .optional(input.defaultDomainIDs), "Tags": .tags(input.tags),
            ], options: AWSClient.onceOnly
        ).text("Arn")
    }

    /// Begins to change an App (UpdateMlflowApp). While it is busy, this is a `ConflictException`.
    public func updateMLflowApp(_ input: UpdateMLflowAppInput) async throws {
        _ = try await call(
            "UpdateMlflowApp",
            [
                "Arn": .string(input.arn), "Name": .optional(input.name),
                "ArtifactStoreUri": .optional(input.artifactStoreURI),
                "ModelRegistrationMode": .optional(input.modelRegistrationMode),
                "WeeklyMaintenanceWindowStart": .optional(input.weeklyMaintenanceWindowStart),
                "AccountDefaultStatus": .optional(input.accountDefaultStatus),
                "DefaultDomainIdList": .optional(input.defaultDomainIDs),
            ])
    }

    /// Begins to delete an App (DeleteMlflowApp). It may stay listed as `Deleted`.
    public func deleteMLflowApp(arn: String) async throws {
        _ = try await call("DeleteMlflowApp", ["Arn": .string(arn)])
    }

    /// An App (DescribeMlflowApp), deleted ones included for a while.
    public func describeMLflowApp(arn: String) async throws -> MLflowApp {
        let answer = try await call("DescribeMlflowApp", ["Arn": .string(arn)])
        return MLflowApp(
            arn: try answer.text("Arn"), name: try answer.text("Name"),
            status: MLflowStatus(rawValue: try answer.text("Status")),
            artifactStoreURI: try answer.optionalText("ArtifactStoreUri"),
            roleARN: try answer.optionalText("RoleArn"), kmsKeyID: try answer.optionalText("KmsKeyId"),
            mlflowVersion: try answer.optionalText("MlflowVersion"),
            modelRegistrationMode: try answer.optionalText("ModelRegistrationMode"),
            accountDefaultStatus: try answer.optionalText("AccountDefaultStatus"),
            defaultDomainIDs: try answer.texts("DefaultDomainIdList"),
            weeklyMaintenanceWindowStart: try answer.optionalText("WeeklyMaintenanceWindowStart"),
            maintenanceStatus: try answer.optionalText("MaintenanceStatus").map(MLflowStatus.init(rawValue:)),
            creationTime: try answer.time("CreationTime"), lastModifiedTime: try answer.time("LastModifiedTime"))
    }

    /// All Apps of account and region, or those of them that fit (ListMlflowApps); deleted ones may be among them.
    ///
    /// - Parameters:
    ///   - status: Only those of this status.
    ///   - defaultForDomainID: Only the default of this domain.
    ///   - accountDefaultStatus: Only those of this `ENABLED` or `DISABLED`.
    public func listMLflowApps(
        status: MLflowStatus? = nil, defaultForDomainID: String? = nil, accountDefaultStatus: String? = nil
    ) async throws -> [MLflowAppSummary] {
        try await list(
            "ListMlflowApps", "Summaries",
            [
                "Status": .optional(status?.rawValue), "DefaultForDomainId": .optional(defaultForDomainID),
                "AccountDefaultStatus": .optional(accountDefaultStatus),
            ]
        ) { app in
            MLflowAppSummary(
                arn: try app.text("Arn"), name: try app.text("Name"),
                status: MLflowStatus(rawValue: try app.text("Status")), creationTime: try app.time("CreationTime"),
                lastModifiedTime: try app.time("LastModifiedTime"),
                mlflowVersion: try app.optionalText("MlflowVersion"))
        }
    }
}
