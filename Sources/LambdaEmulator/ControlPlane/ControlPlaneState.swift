import HTTP
import JSON
import Timestamps

/// Everything the control plane knows, and what the operations do to it.
struct ControlPlaneState: Sendable {
    let region: String
    let account: String
    /// Where presigned URLs and tracking servers are said to be.
    let origin: String
    var settings: ControlPlaneSettings
    private(set) var apps: [AppRecord] = []
    private(set) var servers: [ServerRecord] = []
    /// Tokens of presigned URLs that were not used yet, and when they end.
    private var tokens: [String: Timestamp] = [:]

    init(region: String, account: String, origin: String, settings: ControlPlaneSettings) {
        self.region = region
        self.account = account
        self.origin = origin
        self.settings = settings
    }

    /// Lets time pass: what was to happen by now has happened.
    mutating func advance(to now: Timestamp) {
        for index in apps.indices { apps[index].advance(to: now) }
        for index in servers.indices { servers[index].advance(to: now) }
        // A server leaves no trace; an App stays listed as `Deleted`.
        servers.removeAll { $0.status == "Deleted" }
    }

    /// Whether the token of a presigned URL was good; it is not any more.
    mutating func redeem(_ token: String, at now: Timestamp) -> Bool {
        guard let end = tokens.removeValue(forKey: token) else { return false }
        return now < end
    }

    /// Carries out an operation whose input was checked.
    mutating func perform(
        _ operation: String, _ input: JSONObject, at now: Timestamp
    ) throws(ServiceRefusal) -> JSONObject {
        switch operation {
        case "CreateMlflowApp": return try createApp(input, now)
        case "UpdateMlflowApp": return try updateApp(input, now)
        case "DeleteMlflowApp": return try deleteApp(input, now)
        case "DescribeMlflowApp": return apps[try app(input)].description
        case "ListMlflowApps": return try listApps(input)
        case "CreatePresignedMlflowAppUrl":
            let index = try app(input)
            return presignedURL(for: apps[index].arn, input, now)
        case "CreateMlflowTrackingServer": return try createServer(input, now)
        case "UpdateMlflowTrackingServer": return try updateServer(input, now)
        case "StartMlflowTrackingServer":
            return try move(input, from: ["Stopped", "StopFailed", "StartFailed"], "Starting", then: "Started", now)
        case "StopMlflowTrackingServer":
            let from = ServerRecord.running.union(["StartFailed", "StopFailed", "MaintenanceFailed"])
            return try move(input, from: from, "Stopping", then: "Stopped", now)
        case "DeleteMlflowTrackingServer": return try deleteServer(input, now)
        case "DescribeMlflowTrackingServer": return servers[try server(input)].description
        case "ListMlflowTrackingServers":
            return try page(servers, input, statusName: "TrackingServerStatus", listName: "TrackingServerSummaries")
        case "CreatePresignedMlflowTrackingServerUrl":
            let index = try server(input)
            guard ServerRecord.running.contains(servers[index].status) else {
                throw ServiceRefusal(
                    400, "ValidationException",
                    "Tracking Server \(servers[index].name) is \(servers[index].status); it has to be running.")
            }
            return presignedURL(for: servers[index].arn, input, now)
        case "AddTags": return try addTags(input)
        case "DeleteTags": return try deleteTags(input)
        case "ListTags": return ["Tags": .array(try tags(input).map(\.json))]
        default: throw ServiceRefusal(400, "UnknownOperationException", "There is no operation \(operation).")
        }
    }

    private mutating func presignedURL(for arn: String, _ input: JSONObject, _ now: Timestamp) -> JSONObject {
        let token = RandomID.hex(64)
        tokens[token] = now + .seconds(input["ExpiresInSeconds"]?.integer ?? 300)
        return ["AuthorizedUrl": .string("\(origin)/auth?authToken=\(token)")]
    }

    /// Takes one from a count of mishaps.
    private mutating func mishap(_ count: WritableKeyPath<ControlPlaneSettings, Int>) -> Bool {
        guard settings[keyPath: count] > 0 else { return false }
        settings[keyPath: count] -= 1
        return true
    }

    private func conflict(_ text: String) -> ServiceRefusal {
        ServiceRefusal(400, "ConflictException", text)
    }
}

// MLflow Apps.
extension ControlPlaneState {
    private func app(_ input: JSONObject) throws(ServiceRefusal) -> Int {
        let arn = input["Arn"]?.string ?? ""
        guard let index = apps.firstIndex(where: { $0.arn == arn }) else {
            throw ServiceRefusal(400, "ResourceNotFound", "MLflow App \(arn) does not exist.")
        }
        return index
    }

    private mutating func createApp(_ input: JSONObject, _ now: Timestamp) throws(ServiceRefusal) -> JSONObject {
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

    private mutating func updateApp(_ input: JSONObject, _ now: Timestamp) throws(ServiceRefusal) -> JSONObject {
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

    private mutating func deleteApp(_ input: JSONObject, _ now: Timestamp) throws(ServiceRefusal) -> JSONObject {
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

    private func listApps(_ input: JSONObject) throws(ServiceRefusal) -> JSONObject {
        let domain = input["DefaultForDomainId"]?.string
        let accountDefault = input["AccountDefaultStatus"]?.string
        let chosen = apps.filter { app in
            (domain.map(app.domains.contains) ?? true) && (accountDefault.map { $0 == app.accountDefault } ?? true)
        }
        return try page(chosen, input, statusName: "Status", listName: "Summaries")
    }
}

// Tracking servers.
extension ControlPlaneState {
    private func server(_ input: JSONObject) throws(ServiceRefusal) -> Int {
        let name = input.text("TrackingServerName")
        guard let index = servers.firstIndex(where: { $0.name == name }) else {
            throw ServiceRefusal(400, "ResourceNotFound", "Tracking Server \(name) does not exist.")
        }
        return index
    }

    private mutating func createServer(_ input: JSONObject, _ now: Timestamp) throws(ServiceRefusal) -> JSONObject {
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
            version: input["MlflowVersion"]?.string ?? "3.0.0", created: now, modified: now, tags: input.tags,
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

    private mutating func updateServer(_ input: JSONObject, _ now: Timestamp) throws(ServiceRefusal) -> JSONObject {
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

    private mutating func move(
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

    private mutating func deleteServer(_ input: JSONObject, _ now: Timestamp) throws(ServiceRefusal) -> JSONObject {
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

// Tags and listings.
extension ControlPlaneState {
    private var partition: String {
        region.hasPrefix("us-gov-") ? "aws-us-gov" : region.hasPrefix("cn-") ? "aws-cn" : "aws"
    }

    private func tags(_ input: JSONObject) throws(ServiceRefusal) -> [ResourceTag] {
        let arn = input.text("ResourceArn")
        if let app = apps.first(where: { $0.arn == arn && $0.status != "Deleted" }) { return app.tags }
        if let server = servers.first(where: { $0.arn == arn }) { return server.tags }
        throw ServiceRefusal(400, "ValidationException", "The resource \(arn) does not exist.")
    }

    private mutating func addTags(_ input: JSONObject) throws(ServiceRefusal) -> JSONObject {
        var tags = try tags(input)
        for tag in input.tags {
            guard !tag.key.lowercased().hasPrefix("aws:") else {
                throw ServiceRefusal(400, "ValidationException", "aws: prefixed tag key names are not allowed.")
            }
            tags.removeAll { $0.key == tag.key }
            tags.append(tag)
        }
        guard tags.count <= 50 else {
            throw ServiceRefusal(400, "ResourceLimitExceeded", "A resource can have 50 tags.")
        }
        set(tags, on: input.text("ResourceArn"))
        return ["Tags": .array(tags.map(\.json))]
    }

    private mutating func deleteTags(_ input: JSONObject) throws(ServiceRefusal) -> JSONObject {
        let keys = input.texts("TagKeys")
        set(try tags(input).filter { !keys.contains($0.key) }, on: input.text("ResourceArn"))
        return JSONObject()
    }

    private mutating func set(_ tags: [ResourceTag], on arn: String) {
        if let index = apps.firstIndex(where: { $0.arn == arn }) { apps[index].tags = tags }
        if let index = servers.firstIndex(where: { $0.arn == arn }) { servers[index].tags = tags }
    }

    private func page(
        _ records: [any ResourceRecord], _ input: JSONObject, statusName: String, listName: String
    ) throws(ServiceRefusal) -> JSONObject {
        let after = input["CreatedAfter"]?.double
        let before = input["CreatedBefore"]?.double
        var chosen = records.filter { record in
            let created = Double(record.created.millisecondsSinceEpoch) / 1_000
            return (input[statusName]?.string.map { $0 == record.status } ?? true)
                && (input["MlflowVersion"]?.string.map { $0 == record.version } ?? true)
                && (after.map { created > $0 } ?? true) && (before.map { created < $0 } ?? true)
        }
        // The newest come first, unless it is said otherwise.
        let isAscending = input["SortOrder"]?.string == "Ascending"
        chosen.sort { left, right in
            let (left, right) = isAscending ? (left, right) : (right, left)
            switch input["SortBy"]?.string {
            case "Name": return (left.name, left.arn) < (right.name, right.arn)
            case "Status": return (left.status, left.arn) < (right.status, right.arn)
            default: return (left.created, left.arn) < (right.created, right.arn)
            }
        }
        // The token names the entry that comes next, under the same conditions.
        var first = 0
        if let token = input["NextToken"]?.string {
            guard let index = chosen.firstIndex(where: { "next:\($0.arn)" == token }) else {
                throw ServiceRefusal(400, "ValidationException", "The NextToken is invalid.")
            }
            first = index
        }
        let last = min(chosen.count, first + Int(input["MaxResults"]?.integer ?? Int64(settings.pageSize)))
        var answer: JSONObject = [listName: .array(chosen[first..<last].map { .object($0.summary) })]
        if last < chosen.count { answer.append("NextToken", .string("next:\(chosen[last].arn)")) }
        return answer
    }
}

extension JSONObject {
    /// The text of a member that the rules require.
    fileprivate func text(_ name: String) -> String { self[name]?.string ?? "" }

    /// The texts of a list.
    fileprivate func texts(_ name: String) -> [String] { self[name]?.array?.compactMap(\.string) ?? [] }

    fileprivate var tags: [ResourceTag] {
        (self["Tags"]?.array ?? []).compactMap { tag in
            guard let key = tag["Key"]?.string, let value = tag["Value"]?.string else { return nil }
            return ResourceTag(key: key, value: value)
        }
    }
}
