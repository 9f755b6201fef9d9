internal import AWSCore
public import AWSServices
public import CloudFormation

/// `Custom::MLflowApp`: an MLflow App or a tracking server as a resource of a stack.
public struct MLflowCustomResource: CustomResource {
    private let service: SageMakerClient
    private let interval: Duration

    /// Makes the resource.
    ///
    /// - Parameters:
    ///   - service: SageMaker's control plane.
    ///   - interval: How long is waited between two looks at an App; a tracking server, which takes longer, is looked at
    ///     half as often.
    public init(service: SageMakerClient, interval: Duration = .seconds(15)) {
        self.service = service
        self.interval = interval
    }

    /// Reads the properties; what the service would refuse is a problem already.
    public func properties(from reader: inout PropertyReader) -> MLflowProperties {
        MLflowProperties(from: &reader)
    }

    /// Makes it, or takes over what an earlier delivery or an earlier time of this resource made.
    public func create(
        _ properties: MLflowProperties, context: CustomResourceContext
    ) async throws -> ResourceOutcome {
        try await life(properties.kind, context).create(properties).outcome
    }

    /// Changes it in place where SageMaker can, and replaces it where it cannot.
    public func update(
        _ properties: MLflowProperties, from old: MLflowProperties?, context: CustomResourceContext
    ) async throws -> ResourceOutcome {
        let id = context.request.address.physicalResourceID ?? ""
        let life = life(properties.kind, context)
        let kind = MLflowProperties.Kind(arn: id)
        guard kind == properties.kind else {
            context.log("The Kind is another one: a \(life.calls.noun) takes the place of \(id).")
            // An id that is no ARN, of a Create that was interrupted, may be too long for a tag.
            return try await life.create(properties, replacing: kind == nil ? nil : id).outcome
        }
        return try await life.update(id, to: properties, from: old).outcome
    }

    /// Deletes it and waits until it is gone, unless it is to be kept.
    public func delete(_ properties: MLflowProperties?, context: CustomResourceContext) async throws {
        guard let arn = context.physicalResourceID, let kind = MLflowProperties.Kind(arn: arn) else { return }
        let retains = properties.map { $0.deletionPolicy == .retain } ?? Self.mayRetain(context.request)
        try await life(kind, context).delete(arn, retains: retains)
    }

    /// Whether a request says `DeletionPolicy: Retain`, or something like it, when its properties cannot be read: what is
    /// deleted does not come back.
    private static func mayRetain(_ request: CustomResourceRequest) -> Bool {
        var reader = PropertyReader(request.properties)
        guard reader.value("DeletionPolicy") != nil else { return false }
        return reader.choice("DeletionPolicy", MLflowProperties.DeletionPolicy.self) != .delete
    }

    /// Looks for what this resource made, by its tags.
    public func find(_ properties: MLflowProperties?, context: CustomResourceContext) async throws -> String? {
        for kind in properties.map({ [$0.kind] }) ?? MLflowProperties.Kind.allCases {
            if let arn = try await life(kind, context).find(properties) { return arn }
        }
        return nil
    }

    /// The ARN it has, with the attributes of now: nothing is changed.
    public func unchanged(
        _ properties: MLflowProperties, context: CustomResourceContext
    ) async throws -> ResourceOutcome {
        let id = context.physicalResourceID ?? ""
        return try await life(properties.kind, context).settledAndThere(id).outcome
    }

    /// Whether the id is an App's or a tracking server's ARN.
    public func isOwn(_ physicalID: String, context: CustomResourceContext) -> Bool {
        MLflowProperties.Kind(arn: physicalID) != nil
    }

    private func life(_ kind: MLflowProperties.Kind, _ context: CustomResourceContext) -> MLflowLife {
        MLflowLife(kind, service: service, interval: interval, context: context)
    }
}
