public import JSON
internal import Logging
public import Timestamps

/// What a resource's method is told, and where it keeps its progress.
public struct CustomResourceContext: Sendable {
    /// The request.
    public let request: CustomResourceRequest
    /// The id of the resource: the one CloudFormation sent, or the one that was found or recorded since. Nil in a
    /// Create that has made nothing yet.
    public var physicalResourceID: String?
    /// How often the work was handed over to a new invocation.
    public let hop: Int
    /// When this invocation's work ends; it goes on in another one, if there is time.
    public let deadline: Timestamp
    /// When CloudFormation's patience ends, less a reserve: there is no time after it.
    public let finalDeadline: Timestamp
    /// Waits.
    public let clock: any Clock<Duration>

    private let now: @Sendable () -> Timestamp
    private let logger: Logger
    private let redaction: Redaction
    private let progress: Progress

    init(
        request: CustomResourceRequest, hop: Int, deadline: Timestamp, finalDeadline: Timestamp,
        clock: any Clock<Duration>, now: @escaping @Sendable () -> Timestamp, logger: Logger, redaction: Redaction,
        progress: Progress
    ) {
        self.request = request
        self.hop = hop
        self.deadline = deadline
        self.finalDeadline = finalDeadline
        self.clock = clock
        self.now = now
        self.logger = logger
        self.redaction = redaction
        self.progress = progress
        physicalResourceID = progress.snapshot.physicalID ?? request.address.physicalResourceID
    }

    /// The request's id, the same over retries: a client token.
    public var requestID: String { request.address.requestID }
    /// The stack's ARN.
    public var stackID: String { request.address.stackID }
    /// The resource's name in the template; with the stack's ARN it names the resource for its whole life.
    public var logicalResourceID: String { request.address.logicalResourceID }
    /// The time left in this invocation, never less than zero.
    public var remainingTime: Duration { max(.zero, deadline - now()) }
    /// The time left in all, never less than zero.
    public var remainingTimeInAll: Duration { max(.zero, finalDeadline - now()) }

    /// What was last checkpointed, by an earlier invocation too; nil at the beginning.
    public var state: JSONValue? { progress.snapshot.state }

    /// Keeps a state, from which the work goes on when this invocation ends before it.
    public func checkpoint(_ state: JSONValue) {
        progress.change { $0.state = state }
    }

    /// Tells the id of what exists now: should the work fail, CloudFormation deletes by it. In an Update, record only
    /// a replacement.
    public func record(physicalID: String) {
        progress.change { $0.physicalID = physicalID }
    }

    /// Gives the attributes of a Delete's answer, which has no outcome. No template reads them; who calls the function by
    /// hand does.
    public func record(attributes: [ResourceOutcome.Attribute]) {
        progress.change { $0.attributes = attributes }
    }

    /// Tells that from now on something may exist whose id is not known: before a call that makes it. Should the work
    /// fail, the Delete looks for it.
    public func expectCreation() {
        progress.change { $0.mayExist = true }
    }

    /// Tells what is done and what is left: `deleted 2 of 3 mount targets; still held: sg-1 by eni-2`. It is logged,
    /// and it stands in the Reason should the work not come to its end.
    public func report(_ text: String) {
        let text = redaction.apply(to: text)
        progress.change { $0.report = text }
        logger.info("\(text)")
    }

    /// Writes a line to the log, secrets taken out.
    public func log(_ text: String) {
        logger.info("\(redaction.apply(to: text))")
    }
}
