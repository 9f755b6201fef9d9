import JSON
import Timestamps

/// MLflow Apps.
extension ControlPlaneState {
    func app(_ input: JSONObject) throws(ServiceRefusal) -> Int {
        let arn = input["Arn"]?.string ?? ""
        guard let index = apps.firstIndex(where: { $0.arn == arn }) else {
            throw ServiceRefusal(400, "ResourceNotFound", "MLflow App \(arn) does not exist.")
        }
        return index
    }

    mutating func createApp(_ input: JSONObject, _ now: Timestamp) throws(ServiceRefusal) -> JSONObject {
        guard apps.filter(\.isLive).count < settings.limit else {
            throw ServiceRefusal(
                400, "ResourceLimitExceeded",
                "The account-level service limit of \(settings.limit) MLflow Apps is reached.")
        }
        let domains = input.texts("DefaultDomainIdList")
        try checkDefaults(input["AccountDefaultStatus"]?.string, domains, except: nil)
        let characters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
        let id = String((0..<12).map { _ in characters[Int.random(in: characters.indices)] })
        var record = AppRecord(
            arn: "arn:\(partition):sagemaker:\(region):\(account):mlflow-app/app-\(id)", name: input.text("Name"),
            version: "3.4.0", created: now, modified: now, tags: input.tags,
            artifactStoreURI: input.text("ArtifactStoreUri"),
            roleARN: input.text("RoleArn"), kmsKeyID: input["KmsKeyId"]?.string,
            registration: input["ModelRegistrationMode"]?.string ?? "AutoModelRegistrationDisabled",
            window: input["WeeklyMaintenanceWindowStart"]?.string,
            accountDefault: input["AccountDefaultStatus"]?.string ?? "DISABLED", domains: domains)
        record.begin(
            "Creating", then: mishap(\.failedCreations) ? "CreateFailed" : "Created", at: now + settings.creation,
            now: now)
        apps.append(record)
        return ["Arn": .string(record.arn)]
    }

    mutating func updateApp(_ input: JSONObject, _ now: Timestamp) throws(ServiceRefusal) -> JSONObject {
        let index = try app(input)
        guard ["Created", "Updated", "UpdateFailed"].contains(apps[index].status) else {
            throw conflict("MLflow App \(apps[index].arn) is \(apps[index].status) and cannot be updated now.")
        }
        let domains = input["DefaultDomainIdList"].map { _ in input.texts("DefaultDomainIdList") }
        try checkDefaults(input["AccountDefaultStatus"]?.string, domains ?? [], except: apps[index].arn)
        guard !mishap(\.failedUpdates) else {
            apps[index].begin("Updating", then: "UpdateFailed", at: now + settings.update, now: now)
            return ["Arn": .string(apps[index].arn)]
        }
        if let name = input["Name"]?.string { apps[index].name = name }
        if let uri = input["ArtifactStoreUri"]?.string { apps[index].artifactStoreURI = uri }
        // Documented so: what is not said becomes the default, not what it was.
        apps[index].registration = input["ModelRegistrationMode"]?.string ?? "AutoModelRegistrationEnabled"
        if let window = input["WeeklyMaintenanceWindowStart"]?.string { apps[index].window = window }
        if let status = input["AccountDefaultStatus"]?.string { apps[index].accountDefault = status }
        if let domains { apps[index].domains = domains }
        apps[index].begin("Updating", then: "Updated", at: now + settings.update, now: now)
        return ["Arn": .string(apps[index].arn)]
    }

    /// An account has one default App, and so has a domain.
    private func checkDefaults(
        _ accountDefault: String?, _ domains: [String], except arn: String?
    ) throws(ServiceRefusal) {
        for other in apps where other.isLive && other.arn != arn {
            if accountDefault == "ENABLED", other.accountDefault == "ENABLED" {
                throw ServiceRefusal(
                    400, "ValidationException", "MLflow App \(other.arn) is the account's default already.")
            }
            if let domain = domains.first(where: other.domains.contains) {
                throw ServiceRefusal(
                    400, "ValidationException",
                    "MLflow App \(other.arn) is the default of the domain \(domain) already.")
            }
        }
    }

    mutating func deleteApp(_ input: JSONObject, _ now: Timestamp) throws(ServiceRefusal) -> JSONObject {
        let index = try app(input)
        switch apps[index].status {
        case "Deleted": throw ServiceRefusal(400, "ResourceNotFound", "MLflow App \(apps[index].arn) does not exist.")
        case "Creating", "Updating", "Deleting":
            throw conflict("MLflow App \(apps[index].arn) is \(apps[index].status) and cannot be deleted now.")
        default: break
        }
        apps[index].begin(
            "Deleting", then: mishap(\.failedDeletions) ? "DeleteFailed" : "Deleted", at: now + settings.deletion,
            now: now)
        return ["Arn": .string(apps[index].arn)]
    }

    func listApps(_ input: JSONObject, _ now: Timestamp) throws(ServiceRefusal) -> JSONObject {
        let domain = input["DefaultForDomainId"]?.string
        let accountDefault = input["AccountDefaultStatus"]?.string
        let chosen = apps.filter { app in
            (domain.map(app.domains.contains) ?? true) && (accountDefault.map { $0 == app.accountDefault } ?? true)
        }
        return try page(chosen, input, now, statusName: "Status", listName: "Summaries")
    }
}
