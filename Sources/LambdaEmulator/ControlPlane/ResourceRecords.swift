import JSON
import Timestamps

/// A state that comes about by itself after a while.
struct Transition: Sendable {
    var due: Timestamp
    var status: String
}

/// One tag.
struct ResourceTag: Sendable, Hashable {
    var key: String
    var value: String

    var json: JSONValue { ["Key": .string(key), "Value": .string(value)] }
}

/// What MLflow Apps and tracking servers share.
protocol ResourceRecord: Sendable {
    var arn: String { get }
    var name: String { get }
    var status: String { get set }
    var version: String { get }
    var created: Timestamp { get }
    var modified: Timestamp { get set }
    var transition: Transition? { get set }
    var tags: [ResourceTag] { get set }
    var artifactStoreURI: String { get }
    var roleARN: String { get }
    var window: String? { get }
    /// The line of a listing.
    var summary: JSONObject { get }
}

extension ResourceRecord {
    /// Brings the status up to a time.
    mutating func advance(to now: Timestamp) {
        guard let next = transition, next.due <= now else { return }
        status = next.status
        modified = next.due
        transition = nil
    }

    /// The line of a listing, and what both kinds are described by besides.
    var sharedDescription: JSONObject {
        var members = summary
        members.append("ArtifactStoreUri", .string(artifactStoreURI))
        members.append("RoleArn", .string(roleARN))
        members["WeeklyMaintenanceWindowStart"] = window.map(JSONValue.string)
        return members
    }

    /// Begins an operation that ends by itself.
    mutating func begin(_ status: String, then final: String, at due: Timestamp, now: Timestamp) {
        self.status = status
        modified = now
        transition = Transition(due: due, status: final)
    }
}

/// A serverless MLflow App.
struct AppRecord: ResourceRecord {
    static let statuses = [
        "Creating", "Created", "CreateFailed", "Updating", "Updated", "UpdateFailed", "Deleting", "DeleteFailed",
        "Deleted",
    ]

    var arn: String
    var name: String
    var status = "Creating"
    var version: String
    var created: Timestamp
    var modified: Timestamp
    var transition: Transition?
    var tags: [ResourceTag] = []
    var artifactStoreURI: String
    var roleARN: String
    var kmsKeyID: String?
    var registration: String
    var window: String?
    var accountDefault: String
    var domains: [String]

    /// Whether it is there to be used: neither on its way out nor gone.
    var isLive: Bool { !["Deleting", "Deleted", "CreateFailed"].contains(status) }

    var summary: JSONObject {
        [
            "Arn": .string(arn), "Name": .string(name), "Status": .string(status), "CreationTime": created.json,
            "LastModifiedTime": modified.json, "MlflowVersion": .string(version),
        ]
    }

    var description: JSONObject {
        var members = sharedDescription
        members["KmsKeyId"] = kmsKeyID.map(JSONValue.string)
        members.append("ModelRegistrationMode", .string(registration))
        members.append("AccountDefaultStatus", .string(accountDefault))
        members.append("DefaultDomainIdList", .array(domains.map(JSONValue.string)))
        members.append("MaintenanceStatus", "MaintenanceComplete")
        return members
    }
}

/// A tracking server.
struct ServerRecord: ResourceRecord {
    static let statuses = [
        "Creating", "Created", "CreateFailed", "Updating", "Updated", "UpdateFailed", "Deleting", "DeleteFailed",
        "Stopping", "Stopped", "StopFailed", "Starting", "Started", "StartFailed", "MaintenanceInProgress",
        "MaintenanceComplete", "MaintenanceFailed",
    ]
    /// The states in which it answers.
    static let running: Set<String> = ["Created", "Updated", "Started", "MaintenanceComplete", "UpdateFailed"]

    var arn: String
    var name: String
    var status = "Creating"
    var version: String
    var created: Timestamp
    var modified: Timestamp
    var transition: Transition?
    var tags: [ResourceTag] = []
    var artifactStoreURI: String
    var roleARN: String
    var size: String
    var registers: Bool
    var window: String?
    var bucketOwner: String?
    var verifiesBucketOwner: Bool?
    var url: String

    var summary: JSONObject {
        [
            "TrackingServerArn": .string(arn), "TrackingServerName": .string(name), "CreationTime": created.json,
            "LastModifiedTime": modified.json, "TrackingServerStatus": .string(status),
            "IsActive": .string(Self.running.contains(status) ? "Active" : "Inactive"),
            "MlflowVersion": .string(version),
        ]
    }

    var description: JSONObject {
        var members = sharedDescription
        members.append("TrackingServerSize", .string(size))
        members.append("TrackingServerUrl", .string(url))
        members.append("AutomaticModelRegistration", .bool(registers))
        members["S3BucketOwnerAccountId"] = bucketOwner.map(JSONValue.string)
        members["S3BucketOwnerVerification"] = verifiesBucketOwner.map(JSONValue.bool)
        return members
    }
}

extension Timestamp {
    /// Seconds since 1970 with a fraction: the form of JSON 1.1.
    var json: JSONValue {
        let milliseconds = millisecondsSinceEpoch
        let fraction = String(milliseconds % 1_000)
        return .number(
            "\(milliseconds / 1_000).\(String(repeating: "0", count: max(0, 3 - fraction.utf8.count)))\(fraction)")
    }
}
