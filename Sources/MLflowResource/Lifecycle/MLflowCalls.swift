internal import AWSCore
internal import AWSServices
internal import Timestamps

/// The calls that both kinds have, each in its own words.
struct MLflowCalls: Sendable {
    let kind: MLflowProperties.Kind
    let service: SageMakerClient

    /// What it is called in a sentence.
    var noun: String {
        switch kind {
        case .app: "MLflow App"
        case .trackingServer: "tracking server"
        }
    }

    /// Something of a listing.
    struct Entry: Sendable {
        var arn: String
        var name: String
        var status: MLflowStatus
        var creationTime: Timestamp?
    }

    /// What there is now; nil when it is gone. An App that was deleted is still described, as `Deleted`.
    func describe(_ arn: String) async throws -> MLflowSnapshot? {
        do {
            let snapshot: MLflowSnapshot
            switch kind {
            case .app: snapshot = .app(try await service.describeMLflowApp(arn: arn))
            case .trackingServer:
                snapshot = .server(try await service.describeMLflowTrackingServer(name: Self.name(in: arn)))
            }
            return snapshot.status == .deleted ? nil : snapshot
        } catch let error as ServiceError where error.isNotFound {
            return nil
        }
    }

    /// Those of a name, also those on their way out. Apps may share a name.
    func named(_ name: String) async throws -> [Entry] {
        switch kind {
        case .app: return try await all().filter { $0.name == name }
        case .trackingServer:
            guard let server = try await describe(name) else { return [] }
            return [Entry(arn: server.arn, name: server.name, status: server.status, creationTime: server.creationTime)]
        }
    }

    /// All there are, also those on their way out; what was deleted stays listed, and is left out.
    func all() async throws -> [Entry] {
        let entries: [Entry]
        switch kind {
        case .app:
            entries = try await service.listMLflowApps().map {
                Entry(arn: $0.arn, name: $0.name, status: $0.status, creationTime: $0.creationTime)
            }
        case .trackingServer:
            entries = try await service.listMLflowTrackingServers().map {
                Entry(arn: $0.arn, name: $0.name, status: $0.status, creationTime: $0.creationTime)
            }
        }
        return entries.filter { $0.status != .deleted }
    }

    /// Begins to make it.
    ///
    /// - Parameter withDefaults: Whether an App is made the account's and its domains' default at once.
    /// - Returns: Its ARN.
    func create(
        _ properties: MLflowProperties, tags: [String: String], withDefaults: Bool
    ) async throws -> String {
        switch kind {
        case .app:
            try await service.createMLflowApp(
                CreateMLflowAppInput(
                    name: properties.name, artifactStoreURI: properties.artifactStoreURI, roleARN: properties.roleARN,
                    kmsKeyID: properties.kmsKeyID, modelRegistrationMode: properties.modelRegistration?.rawValue,
                    weeklyMaintenanceWindowStart: properties.maintenanceWindow,
                    accountDefaultStatus: withDefaults ? properties.accountDefault?.rawValue : nil,
                    defaultDomainIDs: withDefaults ? properties.defaultDomains : nil, tags: tags))
        case .trackingServer:
            try await service.createMLflowTrackingServer(
                CreateMLflowTrackingServerInput(
                    name: properties.name, artifactStoreURI: properties.artifactStoreURI, roleARN: properties.roleARN,
                    size: properties.size?.rawValue, mlflowVersion: properties.version,
                    automaticModelRegistration: properties.automaticRegistration,
                    weeklyMaintenanceWindowStart: properties.maintenanceWindow,
                    bucketOwnerAccountID: properties.bucketOwner,
                    bucketOwnerVerification: properties.verifiesBucketOwner, tags: tags))
        }
    }

    /// Begins to delete it.
    func delete(_ arn: String) async throws {
        switch kind {
        case .app: try await service.deleteMLflowApp(arn: arn)
        case .trackingServer: try await service.deleteMLflowTrackingServer(name: Self.name(in: arn))
        }
    }

    func tags(of arn: String) async throws -> [String: String] {
        try await service.listTags(resourceARN: arn)
    }

    /// What stands behind the ARN's last slash; a bare name is itself.
    static func name(in arn: String) -> String {
        arn.split(separator: "/").last.map(String.init) ?? arn
    }
}

extension MLflowProperties.Kind {
    /// The kind of an ARN's resource, or nil when it is neither.
    init?(arn: String) {
        if arn.contains(":mlflow-app/") {
            self = .app
        } else if arn.contains(":mlflow-tracking-server/") {
            self = .trackingServer
        } else {
            return nil
        }
    }
}
