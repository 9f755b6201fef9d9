internal import Cryptography

/// What ``VerificationKeys`` knows and has under way. All times are those of one stopwatch.
struct FetchState {
    typealias Continuation = CheckedContinuation<WaitOutcome, Never>

    /// What a caller is to do.
    enum Decision {
        /// This is the key.
        case use(P256PublicKey)
        /// There is none to be had now.
        case fail(IdentityError)
        /// This task fetches.
        case fetch
        /// Another task fetches.
        case wait
    }

    /// How waiting ended.
    enum WaitOutcome: Sendable {
        /// The fetch came to an end.
        case finished(Result<P256PublicKey, IdentityError>)
        /// The task that fetched gave up; this one carries on.
        case takeOver
        /// This task was cancelled.
        case cancelled
        /// The fetch had ended before this task began to wait.
        case over
    }

    var keys = KeyCache()
    /// Each is the outcome of a fetch and forgotten within a minute, so there are no more than fetches in a minute.
    private var failures: [String: (error: IdentityError, until: Duration)] = [:]
    /// Those who wait for each key that is being fetched.
    private var flights: [String: [(number: Int, continuation: Continuation)]] = [:]
    /// When the fetches of the last minute began.
    private var starts: [Duration] = []
    private var lastNumber = 0

    mutating func decide(_ id: String, at time: Duration) -> Decision {
        if let key = keys[id] { return .use(key) }
        if flights[id] != nil { return .wait }
        failures = failures.filter { $0.value.until > time }
        if let failure = failures[id] { return .fail(failure.error) }
        starts.removeAll { $0 <= time - .seconds(60) }
        guard starts.count < VerificationKeys.fetchesPerMinute else {
            return .fail(.undecided("tokens name too many different keys: no more are fetched for a while"))
        }
        starts.append(time)
        flights[id] = []
        return .fetch
    }

    /// Ends a fetch and gives those who wait for it.
    mutating func finish(
        _ id: String, _ result: Result<P256PublicKey, IdentityError>, at time: Duration
    ) -> [Continuation] {
        switch result {
        case .success(let key): keys.insert(key, id: id)
        case .failure(.refused(let reason)):
            failures[id] = (.refused(reason), time + VerificationKeys.memoryOfMissing)
        case .failure(.undecided(let reason)):
            failures[id] = (.undecided(reason), time + VerificationKeys.memoryOfFailure)
        }
        return (flights.removeValue(forKey: id) ?? []).map(\.continuation)
    }

    /// Gives a fetch that was cut short to the first that waits, or ends it.
    mutating func handOver(_ id: String, at time: Duration) -> Continuation? {
        guard var waiters = flights[id], !waiters.isEmpty else {
            flights[id] = nil
            return nil
        }
        let next = waiters.removeFirst()
        flights[id] = waiters
        starts.append(time)
        return next.continuation
    }

    mutating func nextNumber() -> Int {
        lastNumber += 1
        return lastNumber
    }

    /// Adds one who waits, unless the fetch has ended.
    mutating func wait(_ id: String, number: Int, _ continuation: Continuation) -> Bool {
        guard flights[id] != nil else { return false }
        flights[id]?.append((number, continuation))
        return true
    }

    mutating func removeWaiter(_ id: String, number: Int) -> Continuation? {
        guard let index = flights[id]?.firstIndex(where: { $0.number == number }) else { return nil }
        return flights[id]?.remove(at: index).continuation
    }
}
