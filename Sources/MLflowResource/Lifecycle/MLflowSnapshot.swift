internal import AWSServices
internal import CloudFormation
internal import Timestamps

/// An App or a tracking server as SageMaker described it at one moment.
enum MLflowSnapshot: Sendable, Hashable {
    case app(MLflowApp)
    case server(MLflowTrackingServer)

    var arn: String {
        switch self {
        case .app(let app): app.arn
        case .server(let server): server.arn
        }
    }

    var name: String {
        switch self {
        case .app(let app): app.name
        case .server(let server): server.name
        }
    }

    var status: MLflowStatus {
        switch self {
        case .app(let app): app.status
        case .server(let server): server.status
        }
    }

    var roleARN: String? {
        switch self {
        case .app(let app): app.roleARN
        case .server(let server): server.roleARN
        }
    }

    var creationTime: Timestamp? {
        switch self {
        case .app(let app): app.creationTime
        case .server(let server): server.creationTime
        }
    }

    /// Whether the status changes by itself, and nothing else can be done meanwhile.
    var isBusy: Bool { status.isBusy }

    /// What `Fn::GetAtt` gives.
    var attributes: [ResourceOutcome.Attribute] {
        switch self {
        case .app(let app): app.attributes
        case .server(let server): server.attributes
        }
    }

    var outcome: ResourceOutcome { ResourceOutcome(physicalID: arn, attributes: attributes) }
}

extension MLflowApp {
    fileprivate var attributes: [ResourceOutcome.Attribute] {
        let region = arn.split(separator: ":", omittingEmptySubsequences: false).dropFirst(3).first ?? ""
        return [
            .init("Arn", arn), .init("TrackingUri", arn), .init("Name", name), .init("Status", status.rawValue),
            .init("MlflowVersion", mlflowVersion ?? ""),
            .init("Endpoint", "https://mlflow.sagemaker.\(region).app.aws"),
            .init("ArtifactStoreUri", artifactStoreURI ?? ""), .init("RoleArn", roleARN ?? ""),
            .init("CreationTime", creationTime?.iso8601 ?? ""),
            .init("AppId", arn.split(separator: "/").last.map(String.init) ?? ""),
            .init("ModelRegistrationMode", modelRegistrationMode ?? ""),
            .init("AccountDefaultStatus", accountDefaultStatus ?? ""),
            .init("DefaultDomainIds", defaultDomainIDs.joined(separator: ",")),
        ]
    }
}

extension MLflowTrackingServer {
    fileprivate var attributes: [ResourceOutcome.Attribute] {
        [
            .init("Arn", arn), .init("TrackingUri", arn), .init("Name", name), .init("Status", status.rawValue),
            .init("MlflowVersion", mlflowVersion ?? ""), .init("Endpoint", url ?? ""),
            .init("ArtifactStoreUri", artifactStoreURI ?? ""), .init("RoleArn", roleARN ?? ""),
            .init("CreationTime", creationTime?.iso8601 ?? ""), .init("TrackingServerUrl", url ?? ""),
            .init("IsActive", isActive == true ? "true" : "false"), .init("TrackingServerSize", size ?? ""),
            .init("AutomaticModelRegistration", automaticModelRegistration == true ? "true" : "false"),
        ]
    }
}

extension MLflowStatus {
    /// Whether it changes by itself, and nothing else can be done meanwhile.
    var isBusy: Bool {
        let busy: Set<MLflowStatus> = [.creating, .updating, .deleting, .starting, .stopping, .maintenanceInProgress]
        return busy.contains(self)
    }
}
