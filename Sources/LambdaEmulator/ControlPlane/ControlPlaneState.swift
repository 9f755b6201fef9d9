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
    var apps: [AppRecord] = []
    var servers: [ServerRecord] = []
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
        case "ListMlflowApps": return try listApps(input, now)
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
            return try page(
                servers, input, now, statusName: "TrackingServerStatus", listName: "TrackingServerSummaries")
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

    mutating func presignedURL(for arn: String, _ input: JSONObject, _ now: Timestamp) -> JSONObject {
        let token = RandomID.hex(64)
        tokens[token] = now + .seconds(input["ExpiresInSeconds"]?.integer ?? 300)
        return ["AuthorizedUrl": .string("\(origin)/auth?authToken=\(token)")]
    }

    /// Takes one from a count of mishaps.
    mutating func mishap(_ count: WritableKeyPath<ControlPlaneSettings, Int>) -> Bool {
        guard settings[keyPath: count] > 0 else { return false }
        settings[keyPath: count] -= 1
        return true
    }

    func conflict(_ text: String) -> ServiceRefusal {
        ServiceRefusal(400, "ConflictException", text)
    }
}
