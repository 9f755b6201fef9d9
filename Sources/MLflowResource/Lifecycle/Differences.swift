internal import AWSServices

/// What has to change for something to be as the properties say. What they do not say stays as it is.
enum Differences {
    /// The call that changes an App, or nil when it is as it should be.
    ///
    /// - Parameter withDefaults: Whether being the account's or a domain's default is looked at.
    static func update(
        of app: MLflowApp, to properties: MLflowProperties, withDefaults: Bool
    ) -> UpdateMLflowAppInput? {
        var input = UpdateMLflowAppInput(arn: app.arn)
        input.name = differing(properties.name, app.name)
        input.artifactStoreURI = differing(properties.artifactStoreURI, app.artifactStoreURI)
        input.modelRegistrationMode = differing(properties.modelRegistration?.rawValue, app.modelRegistrationMode)
        input.weeklyMaintenanceWindowStart = differing(
            properties.maintenanceWindow, app.weeklyMaintenanceWindowStart)
        if withDefaults {
            input.accountDefaultStatus = differing(properties.accountDefault?.rawValue, app.accountDefaultStatus)
            if let domains = properties.defaultDomains, Set(domains) != Set(app.defaultDomainIDs) {
                input.defaultDomainIDs = domains
            }
        }
        guard input != UpdateMLflowAppInput(arn: app.arn) else { return nil }
        return input.keepingRegistration(of: app)
    }

    /// The call that changes a tracking server, or nil when it is as it should be.
    static func update(
        of server: MLflowTrackingServer, to properties: MLflowProperties
    ) -> UpdateMLflowTrackingServerInput? {
        var input = UpdateMLflowTrackingServerInput(name: server.name)
        input.artifactStoreURI = differing(properties.artifactStoreURI, server.artifactStoreURI)
        input.size = differing(properties.size?.rawValue, server.size)
        input.automaticModelRegistration = differing(
            properties.automaticRegistration, server.automaticModelRegistration)
        input.weeklyMaintenanceWindowStart = differing(
            properties.maintenanceWindow, server.weeklyMaintenanceWindowStart)
        input.bucketOwnerAccountID = differing(properties.bucketOwner, server.bucketOwnerAccountID)
        input.bucketOwnerVerification = differing(properties.verifiesBucketOwner, server.bucketOwnerVerification)
        return input == UpdateMLflowTrackingServerInput(name: server.name) ? nil : input
    }

    /// The first property whose change needs another App or server in its place, or nil.
    ///
    /// - Parameter old: The properties before: what did not change there is no reason, whatever the service made of it.
    static func obstacle(
        to new: MLflowProperties, from old: MLflowProperties?, on snapshot: MLflowSnapshot
    ) -> String? {
        func differs<Value: Equatable>(_ path: KeyPath<MLflowProperties, Value?>, _ actual: Value?) -> Bool {
            guard let wanted = new[keyPath: path], wanted != actual else { return false }
            return old.map { $0[keyPath: path] != wanted } ?? true
        }
        if differs(\.optionalRole, snapshot.roleARN) { return "RoleArn" }
        switch snapshot {
        case .app(let app): return differs(\.kmsKeyID, app.kmsKeyID) ? "KmsKeyId" : nil
        case .server(let server):
            if new.name != server.name { return "Name" }
            // What was asked for as 2.16 is described as 2.16.2.
            if let version = new.version, server.mlflowVersion?.hasPrefix("\(version).") == true { return nil }
            return differs(\.version, server.mlflowVersion) ? "MlflowVersion" : nil
        }
    }

    /// Whether the change from one to the other is one that needs another App or server.
    static func replaces(_ old: MLflowProperties, _ new: MLflowProperties) -> Bool {
        guard old.kind == new.kind else { return true }
        return old.roleARN != new.roleARN || old.kmsKeyID != new.kmsKeyID || old.version != new.version
            || (old.kind == .trackingServer && old.name != new.name)
    }

    private static func differing<Value: Equatable>(_ wanted: Value?, _ actual: Value?) -> Value? {
        wanted == actual ? nil : wanted
    }
}

extension MLflowProperties {
    fileprivate var optionalRole: String? { roleARN }
}

extension UpdateMLflowAppInput {
    /// SageMaker takes an update that says nothing of the registration mode for one that turns it on.
    func keepingRegistration(of app: MLflowApp) -> UpdateMLflowAppInput {
        var input = self
        input.modelRegistrationMode = input.modelRegistrationMode ?? app.modelRegistrationMode
        return input
    }
}
