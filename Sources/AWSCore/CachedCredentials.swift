public import AWSSigning
public import Logging
internal import Synchronization
public import Timestamps
internal import Waiting

/// Keeps another provider's credentials and renews them in time: one renewal at once, however many ask.
///
/// A renewal runs in the task of the caller that found it due, so it needs no task of its own and stays on whatever
/// executor the callers run on. When that caller is cancelled, one of those who wait takes over.
///
/// Credentials are renewed a few minutes before they end; meanwhile other callers get the old ones. In the last minute
/// everybody waits for the renewal. As long as the old credentials hold, a failed renewal costs nobody a request: it is
/// logged, and tried again after a while.
public final class CachedCredentials: CredentialProvider {
    private let source: any CredentialProvider
    private let now: @Sendable () -> Timestamp
    private let schedule: RenewalSchedule
    private let logger: Logger
    private let state = Mutex(State())

    /// Puts a cache before a provider.
    ///
    /// - Parameters:
    ///   - source: Where credentials come from; asked for anew at every renewal.
    ///   - schedule: When credentials are renewed.
    ///   - logger: Where renewals that failed are told.
    ///   - now: The time.
    public init(
        _ source: any CredentialProvider, schedule: RenewalSchedule = RenewalSchedule(), logger: Logger,
        now: @escaping @Sendable () -> Timestamp = Timestamp.now
    ) {
        self.source = source
        self.schedule = schedule
        self.logger = logger
        self.now = now
    }

    /// Credentials that hold now.
    ///
    /// - Throws: The provider's error when there are none and it gives none, `CancellationError` when the task was
    ///   cancelled while it waited.
    public func credentials() async throws -> Credentials {
        switch decide() {
        case .use(let credentials): return credentials
        case .renew: return try await renew()
        case .wait(let waiter):
            switch await waiter.value() {
            case .finished(let result)?: return try result.get()
            case .takeOver?: return try await renew()
            case nil: throw CancellationError()
            }
        }
    }

    /// Drops the credentials if they are those at hand; the next caller renews them.
    public func discard(_ credentials: Credentials) {
        let isDropped = state.withLock { state in
            guard state.current == credentials else { return false }
            state.current = nil
            state.lastAttempt = nil
            return true
        }
        if isDropped { source.discard(credentials) }
    }

    private func decide() -> Decision {
        let now = now()
        return state.withLock { state in
            let need = schedule.need(of: state.current, now: now, lastAttempt: state.lastAttempt)
            switch (state.current, need) {
            case (let current?, .none): return .use(current)
            case (let current?, .early) where state.isRenewing: return .use(current)
            case _ where state.isRenewing:
                let waiter = Waiter<Renewal>()
                state.waiters.append(waiter)
                return .wait(waiter)
            default:
                state.isRenewing = true
                state.lastAttempt = now
                return .renew
            }
        }
    }

    /// Renews for everybody. Called by the one task that set ``State/isRenewing`` or was handed it.
    private func renew() async throws -> Credentials {
        let result: Result<Credentials, any Error>
        do {
            let renewed = try await source.credentials()
            guard renewed.expiration.map({ $0 > now() }) ?? true else {
                throw CredentialError("The credentials obtained have already expired; is the clock of this host right?")
            }
            result = .success(renewed)
        } catch {
            if Task.isCancelled {
                handOver()
                throw CancellationError()
            }
            result = .failure(error)
        }
        return try finish(result).get()
    }

    /// Ends the renewal and tells whoever waits; a failure counts for nothing while the old credentials hold.
    private func finish(_ result: Result<Credentials, any Error>) -> Result<Credentials, any Error> {
        let now = now()
        let (outcome, waiters) = state.withLock { state in
            state.isRenewing = false
            var outcome = result
            state.lastAttempt = now
            if case .success(let renewed) = result {
                state.current = renewed
            } else if let current = state.current, current.expiration.map({ $0 > now }) ?? true {
                outcome = .success(current)
            }
            let waiters = state.waiters
            state.waiters = []
            return (outcome, waiters)
        }
        if case .failure(let error) = result, case .success(let kept) = outcome {
            let end = kept.expiration.map { " until \($0)" } ?? ""
            logger.warning("AWS credentials could not be renewed; those at hand are used\(end): \(error)")
        }
        for waiter in waiters { waiter.give(.finished(outcome)) }
        return outcome
    }

    /// Gives a renewal that was cut short to the first that still waits.
    private func handOver() {
        while let next = nextInLine(), !next.give(.takeOver) {}
    }

    /// The first that waits; nil when nobody does, which ends the renewal.
    private func nextInLine() -> Waiter<Renewal>? {
        state.withLock { state in
            guard state.waiters.isEmpty else { return state.waiters.removeFirst() }
            state.isRenewing = false
            state.lastAttempt = nil
            return nil
        }
    }

    private struct State {
        var current: Credentials?
        /// Whether a task is at it.
        var isRenewing = false
        /// When the last renewal began or failed.
        var lastAttempt: Timestamp?
        var waiters: [Waiter<Renewal>] = []
    }

    private enum Decision {
        /// These hold.
        case use(Credentials)
        /// This task renews.
        case renew
        /// Another task renews.
        case wait(Waiter<Renewal>)
    }

    /// What those who wait for a renewal are given.
    private enum Renewal: Sendable {
        /// It came to an end.
        case finished(Result<Credentials, any Error>)
        /// The task that renewed was cancelled; this one carries on.
        case takeOver
    }
}
