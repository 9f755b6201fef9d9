internal import Synchronization
internal import Timestamps

/// What this instance knows of the user interface's files, so that S3 is not asked again each time: which are in the
/// bucket, and which fit into an answer and so never get there.
///
/// A file is forgotten after an hour, in case somebody empties the bucket.
final class AssetMemory: Sendable {
    /// What is known of one key.
    enum Entry: Sendable {
        /// It is there, and reached by an address that holds until a moment, if one was made.
        case stored(PresignedAddress?)
        /// The file fits into an answer.
        case small
    }

    private struct State {
        var entries: [String: (entry: Entry, until: Timestamp)] = [:]
        var trustedFrom: Timestamp?
    }

    /// MLflow's user interface has some 400 files, in two forms.
    private static let capacity = 2_048
    private static let life = Duration.seconds(3_600)
    private static let rest = Duration.seconds(30)
    private let state = Mutex(State())

    /// What is known of a key; nil for nothing.
    func entry(for key: String, at now: Timestamp) -> Entry? {
        state.withLock { state in
            guard let known = state.entries[key], now < known.until else { return nil }
            return known.entry
        }
    }

    /// Notes what is known. An address that is added does not make the rest of it newer.
    func remember(_ key: String, _ entry: Entry, at now: Timestamp) {
        state.withLock { state in
            if let known = state.entries[key], now < known.until, case .stored = known.entry {
                state.entries[key]?.entry = entry
                return
            }
            if state.entries.count >= Self.capacity { state.entries = state.entries.filter { now < $0.value.until } }
            if state.entries.count >= Self.capacity { state.entries = [:] }
            state.entries[key] = (entry, now + Self.life)
        }
    }

    /// Whether S3 may be asked what is there: for a while after a failure it is not, since every file would wait for it.
    func mayLook(at now: Timestamp) -> Bool {
        state.withLock { $0.trustedFrom.map { now >= $0 } ?? true }
    }

    /// Notes that S3 did not say.
    func lookFailed(at now: Timestamp) {
        state.withLock { $0.trustedFrom = now + Self.rest }
    }
}

/// A presigned URL and its end.
struct PresignedAddress: Sendable {
    var url: String
    var expires: Timestamp
}
