internal import Cryptography
internal import Waiting

/// What ``VerificationKeys`` knows and has under way. All times are those of one stopwatch.
struct FetchState {
    /// What a caller is to do.
    enum Decision {
        /// This is the key.
        case use(P256PublicKey)
        /// There is none to be had now.
        case fail(IdentityError)
        /// This task fetches.
        case fetch
        /// Another task fetches.
        case wait(Waiter<Fetch>)
    }

    /// What those who wait for a fetch are given.
    enum Fetch: Sendable {
        /// It came to an end.
        case finished(Result<P256PublicKey, IdentityError>)
        /// The task that fetched gave up; this one carries on.
        case takeOver
    }

    var keys = KeyCache()
    /// Each is the outcome of a fetch and forgotten within a minute, so there are no more than fetches in a minute.
    private var failures: [String: (error: IdentityError, until: Duration)] = [:]
    /// Those who wait for each key that is being fetched.
    private var flights: [String: [Waiter<Fetch>]] = [:]
    /// When the fetches of the last minute began.
    private var starts: [Duration] = []

    mutating func decide(_ id: String, at time: Duration) -> Decision {
        if let key = keys[id] { return .use(key) }
        if flights[id] != nil {
            let waiter = Waiter<Fetch>()
            flights[id]?.append(waiter)
            return .wait(waiter)
        }
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
    ) -> [Waiter<Fetch>] {
        switch result {
        case .success(let key): keys.insert(key, id: id)
        case .failure(.refused(let reason)):
            failures[id] = (.refused(reason), time + VerificationKeys.memoryOfMissing)
        case .failure(.undecided(let reason)):
            failures[id] = (.undecided(reason), time + VerificationKeys.memoryOfFailure)
        }
        return flights.removeValue(forKey: id) ?? []
    }

    /// The first that waits for a fetch which was cut short; nil when nobody does, which ends it.
    mutating func nextInLine(_ id: String) -> Waiter<Fetch>? {
        guard var waiters = flights[id], !waiters.isEmpty else {
            flights[id] = nil
            return nil
        }
        let next = waiters.removeFirst()
        flights[id] = waiters
        return next
    }

    /// Counts a fetch that was taken over.
    mutating func noteTakeOver(at time: Duration) {
        starts.append(time)
    }
}
