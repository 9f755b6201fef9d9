public import JSON
public import Timestamps

/// Work on its way from one invocation to the next: the state envelope of an asynchronous self-invocation.
///
/// It holds the response URL, so it is never logged.
///
/// It carries no authentication code: the guard is `lambda:InvokeFunction`. Whoever may invoke the function can send it a
/// request of CloudFormation with any properties, id and URL as well, so that a key would protect nothing more. Give that
/// permission to CloudFormation's roles and to the function itself alone. A resource takes its state for a saving, and
/// checks all that decides what is deleted against the world again.
public struct Handover: Sendable, Hashable {
    /// The member that tells an envelope from all other events.
    public static let key = "CustomResourceHandover"
    /// The form written; another one is refused, since its state could be misread.
    public static let version: Int64 = 1
    /// The most hand-overs of one request. An hour needs five; more is a loop.
    public static let maximumHops = 8
    /// The largest envelope sent, in bytes: the limit of asynchronous invocations, less a reserve.
    public static let maximumBytes = 1_000_000

    /// CloudFormation's request, out of any wrapping.
    public var event: JSONValue
    /// How often the work was handed over, from 1.
    public var hop: Int
    /// When CloudFormation began to wait.
    public var startedAt: Timestamp
    /// What the work had come to.
    public var progress: Progress.Snapshot

    /// Makes an envelope's content.
    public init(event: JSONValue, hop: Int, startedAt: Timestamp, progress: Progress.Snapshot) {
        self.event = event
        self.hop = hop
        self.startedAt = startedAt
        self.progress = progress
    }

    /// Reads the content.
    ///
    /// - Throws: ``MalformedEvent`` when it is of another version or shape.
    init(_ content: JSONValue) throws(MalformedEvent) {
        guard let event = content["event"], case .object = event else {
            throw MalformedEvent(["The hand-over has no event in it."])
        }
        self.event = event
        guard content["version"]?.integer == Self.version, let hop = content["hop"]?.integer, hop > 0,
            let startedAt = content["startedAtMilliseconds"]?.integer
        else {
            // The hop beyond all hops makes the handler answer rather than work.
            self.hop = .max
            self.startedAt = Timestamp(secondsSinceEpoch: 0)
            progress = Progress.Snapshot()
            return
        }
        self.hop = Int(clamping: hop)
        self.startedAt = Timestamp(millisecondsSinceEpoch: startedAt)
        progress = Progress.Snapshot(
            state: content["state"], physicalID: content["physicalResourceId"]?.string,
            mayExist: content["mayExist"]?.bool ?? false, report: content["report"]?.string)
    }

    /// Whether the envelope was written by a version of the kit that this one does not know.
    var isUnreadable: Bool { hop == .max }

    /// The whole envelope as JSON.
    public var encoded: [UInt8] {
        var content = JSONObject([
            .init(name: "version", value: .integer(Self.version)), .init(name: "hop", value: .integer(hop)),
            .init(name: "startedAtMilliseconds", value: .integer(startedAt.millisecondsSinceEpoch)),
            .init(name: "mayExist", value: .bool(progress.mayExist)),
        ])
        content["state"] = progress.state
        content["physicalResourceId"] = progress.physicalID.map(JSONValue.string)
        content["report"] = progress.report.map(JSONValue.string)
        content["event"] = event
        let envelope: JSONValue = .object(JSONObject([.init(name: Self.key, value: .object(content))]))
        return envelope.encoded
    }
}

/// Starts the function anew, asynchronously, as itself.
///
/// Lambda takes an event at least once. When the answer to an `Invoke` is lost and the call is repeated, the work goes on
/// twice; when no answer comes at all, the work is answered FAILED and may go on in an invocation nobody waits for. Either
/// way CloudFormation takes the first answer and disregards the other, and a resource's methods have to bear being called
/// again, or twice at the same time, for one request.
public protocol SelfInvoker: Sendable {
    /// Invokes a function with the invocation type `Event`.
    ///
    /// - Parameters:
    ///   - functionARN: The ARN under which this invocation runs, its version or alias included.
    ///   - payload: The event, JSON; not to be logged.
    /// - Throws: When Lambda did not take the event.
    func invoke(functionARN: String, payload: [UInt8]) async throws
}
