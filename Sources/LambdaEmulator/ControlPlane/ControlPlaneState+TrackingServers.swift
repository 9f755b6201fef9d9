import JSON
import Timestamps

/// Tracking servers.
extension ControlPlaneState {
    func server(_ input: JSONObject) throws(ServiceRefusal) -> Int {
        let name = input.text("TrackingServerName")
        guard let index = servers.firstIndex(where: { $0.name == name }) else {
            throw ServiceRefusal(400, "ResourceNotFound", "Tracking Server \(name) does not exist.")
        }
        return index
    }

    mutating func createServer(_ input: JSONObject, _ now: Timestamp) throws(ServiceRefusal) -> JSONObject {
        let name = input.text("TrackingServerName")
        guard !servers.contains(where: { $0.name == name }) else {
            throw conflict("Tracking Server with the name \(name) exists already.")
        }
        guard servers.count < settings.limit else {
            throw ServiceRefusal(
                400, "ResourceLimitExceeded",
                "The account-level service limit of \(settings.limit) tracking servers is reached.")
        }
        var record = ServerRecord(
            arn: "arn:\(partition):sagemaker:\(region):\(account):mlflow-tracking-server/\(name)", name: name,
            version: Self.completed(version: input["MlflowVersion"]?.string ?? "3.0"), created: now, modified: now,
            tags: input.tags,
            artifactStoreURI: input.text("ArtifactStoreUri"), roleARN: input.text("RoleArn"),
            size: input["TrackingServerSize"]?.string ?? "Small",
            registers: input["AutomaticModelRegistration"]?.bool ?? false,
            window: input["WeeklyMaintenanceWindowStart"]?.string, bucketOwner: input["S3BucketOwnerAccountId"]?.string,
            verifiesBucketOwner: input["S3BucketOwnerVerification"]?.bool, url: "\(origin)/\(name)")
        record.begin(
            "Creating", then: mishap(\.failedCreations) ? "CreateFailed" : "Created", at: now + settings.creation,
            now: now)
        servers.append(record)
        return ["TrackingServerArn": .string(record.arn)]
    }

    /// A version that is given as two numbers is described with all three.
    private static func completed(version: String) -> String {
        version.split(separator: ".").count == 2 ? "\(version).0" : version
    }

    mutating func updateServer(_ input: JSONObject, _ now: Timestamp) throws(ServiceRefusal) -> JSONObject {
        let index = try server(input)
        guard ServerRecord.running.contains(servers[index].status) else {
            throw conflict(
                "Tracking Server \(servers[index].name) is \(servers[index].status) and cannot be updated now.")
        }
        guard !mishap(\.failedUpdates) else {
            servers[index].begin("Updating", then: "UpdateFailed", at: now + settings.update, now: now)
            return ["TrackingServerArn": .string(servers[index].arn)]
        }
        if let uri = input["ArtifactStoreUri"]?.string { servers[index].artifactStoreURI = uri }
        if let size = input["TrackingServerSize"]?.string { servers[index].size = size }
        if let registers = input["AutomaticModelRegistration"]?.bool { servers[index].registers = registers }
        if let window = input["WeeklyMaintenanceWindowStart"]?.string { servers[index].window = window }
        if let owner = input["S3BucketOwnerAccountId"]?.string { servers[index].bucketOwner = owner }
        if let verifies = input["S3BucketOwnerVerification"]?.bool { servers[index].verifiesBucketOwner = verifies }
        servers[index].begin("Updating", then: "Updated", at: now + settings.update, now: now)
        return ["TrackingServerArn": .string(servers[index].arn)]
    }

    mutating func move(
        _ input: JSONObject, from states: Set<String>, _ status: String, then final: String, _ now: Timestamp
    ) throws(ServiceRefusal) -> JSONObject {
        let index = try server(input)
        guard states.contains(servers[index].status) else {
            throw conflict(
                "Tracking Server \(servers[index].name) is \(servers[index].status); it cannot be \(status) now.")
        }
        servers[index].begin(status, then: final, at: now + settings.startAndStop, now: now)
        return ["TrackingServerArn": .string(servers[index].arn)]
    }

    mutating func deleteServer(_ input: JSONObject, _ now: Timestamp) throws(ServiceRefusal) -> JSONObject {
        let index = try server(input)
        guard !servers[index].status.hasSuffix("ing"), servers[index].status != "MaintenanceInProgress" else {
            throw conflict(
                "Tracking Server \(servers[index].name) is \(servers[index].status) and cannot be deleted now.")
        }
        servers[index].begin(
            "Deleting", then: mishap(\.failedDeletions) ? "DeleteFailed" : "Deleted", at: now + settings.deletion,
            now: now)
        return ["TrackingServerArn": .string(servers[index].arn)]
    }
}
