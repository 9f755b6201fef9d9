public import JSON
internal import Synchronization

/// What a request's work has come to: kept while it runs, and carried over to the next invocation.
public final class Progress: Sendable {
    /// The progress at one moment.
    public struct Snapshot: Sendable, Hashable {
        /// What the resource keeps for itself.
        public var state: JSONValue?
        /// The id of what exists.
        public var physicalID: String?
        /// Whether something may exist whose id is not known yet.
        public var mayExist: Bool
        /// What is done and what is left, for a person.
        public var report: String?
        /// What a Delete's answer says besides; not handed over, since work that goes on records it anew.
        public var attributes: [ResourceOutcome.Attribute] = []

        /// Makes a snapshot; by default one of nothing done.
        public init(
            state: JSONValue? = nil, physicalID: String? = nil, mayExist: Bool = false, report: String? = nil
        ) {
            self.state = state
            self.physicalID = physicalID
            self.mayExist = mayExist
            self.report = report
        }
    }

    private let current: Mutex<Snapshot>

    /// Starts with what an earlier invocation had come to.
    public init(_ snapshot: Snapshot = Snapshot()) {
        current = Mutex(snapshot)
    }

    /// The progress now.
    public var snapshot: Snapshot { current.withLock { $0 } }

    func change(_ body: (inout Snapshot) -> Void) {
        current.withLock { body(&$0) }
    }
}
