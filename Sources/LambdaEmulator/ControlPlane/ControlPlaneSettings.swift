public import JSON

/// How the control plane behaves: how long things take, and what goes wrong.
public struct ControlPlaneSettings: Sendable {
    /// How long an App or a server is `Creating`.
    public var creation = Duration.seconds(2)
    /// How long it is `Updating`.
    public var update = Duration.seconds(1)
    /// How long it is `Deleting`.
    public var deletion = Duration.seconds(1)
    /// How long a server is `Starting` or `Stopping`.
    public var startAndStop = Duration.seconds(1)
    /// How long what is new is missing in listings.
    public var listingDelay = Duration.zero
    /// The most Apps, and the most servers, of the account.
    public var limit = 20
    /// The entries of a page when the caller does not say how many.
    public var pageSize = 10
    /// The share of calls that are throttled, from 0 to 1.
    public var throttling = 0.0
    /// The share of calls that end in an internal error, from 0 to 1.
    public var internalErrors = 0.0
    /// How many calls of an operation are refused with an error's code before it works: `["CreateMlflowApp": …]`.
    public var failures: [String: Failure] = [:]
    /// The next so many creations end in `CreateFailed`.
    public var failedCreations = 0
    /// The next so many deletions end in `DeleteFailed`.
    public var failedDeletions = 0
    /// The next so many updates end in `UpdateFailed`, with everything as it was.
    public var failedUpdates = 0
    /// The next so many answers to creations are lost: the thing is made, the connection ends in an error 500.
    public var lostCreations = 0

    /// An error that is given some times.
    public struct Failure: Sendable, Equatable {
        /// How many times.
        public var count: Int
        /// The error's code.
        public var code: String
        /// The error's sentence.
        public var message: String

        /// Makes a failure.
        public init(count: Int, code: String, message: String) {
            self.count = count
            self.code = code
            self.message = message
        }
    }

    /// Everything takes a second or two and nothing goes wrong.
    public init() {}

    /// Changes what a JSON object names; durations are in seconds.
    ///
    /// - Throws: ``LocalError`` for a name that is none of these or a value of the wrong kind.
    public mutating func apply(_ changes: JSONObject) throws(LocalError) {
        for change in changes {
            guard let apply = Self.members[change.name], apply(&self, change.value) else {
                throw LocalError(
                    "'\(change.name)' is no setting of the control plane, or its value is of the wrong kind. The settings are "
                        + Self.members.keys.sorted().joined(separator: ", ") + ".")
            }
        }
    }

    private typealias Member = @Sendable (inout ControlPlaneSettings, JSONValue) -> Bool

    private static let members: [String: Member] = [
        "creation": duration(\.creation), "update": duration(\.update), "deletion": duration(\.deletion),
        "startAndStop": duration(\.startAndStop), "listingDelay": duration(\.listingDelay), "limit": number(\.limit),
        "pageSize": number(\.pageSize),
        "throttling": share(\.throttling), "internalErrors": share(\.internalErrors),
        "failedCreations": number(\.failedCreations), "failedDeletions": number(\.failedDeletions),
        "failedUpdates": number(\.failedUpdates), "lostCreations": number(\.lostCreations),
        "failures": { settings, value in
            guard let operations = value.object else { return false }
            var failures: [String: Failure] = [:]
            for operation in operations {
                guard let count = operation.value["count"]?.integer, let code = operation.value["code"]?.string else {
                    return false
                }
                failures[operation.name] = Failure(
                    count: Int(clamping: count), code: code, message: operation.value["message"]?.string ?? code)
            }
            settings.failures = failures
            return true
        },
    ]

    private static func duration(_ path: any (WritableKeyPath<Self, Duration> & Sendable)) -> Member {
        { settings, value in
            guard let seconds = value.double, (0...86_400).contains(seconds) else { return false }
            settings[keyPath: path] = .seconds(seconds)
            return true
        }
    }

    private static func number(_ path: any (WritableKeyPath<Self, Int> & Sendable)) -> Member {
        { settings, value in
            guard let number = value.integer, number >= 0 else { return false }
            settings[keyPath: path] = Int(clamping: number)
            return true
        }
    }

    private static func share(_ path: any (WritableKeyPath<Self, Double> & Sendable)) -> Member {
        { settings, value in
            guard let share = value.double, (0...1).contains(share) else { return false }
            settings[keyPath: path] = share
            return true
        }
    }
}
