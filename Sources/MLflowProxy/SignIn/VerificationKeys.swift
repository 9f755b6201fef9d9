internal import Cryptography
internal import Lambda
internal import Synchronization
internal import Timestamps
internal import Waiting

/// The keys that tokens are verified with: each fetched once, however many ask for it, and kept.
///
/// Anyone can name a key that does not exist, so that failures are remembered for a while and the number of fetches in a
/// minute is limited; the keys at hand are not touched by either. A fetch runs in the task of the caller that found the
/// key missing, as with `CachedCredentials`; when it is cancelled, one of those who wait takes over.
final class VerificationKeys: Sendable {
    /// The most fetches in a minute. A load balancer uses one or two keys.
    static let fetchesPerMinute = 16
    /// How long a key counts as missing.
    static let memoryOfMissing = Duration.seconds(30)
    /// How long after a failure the server is asked for the same key again.
    static let memoryOfFailure = Duration.seconds(5)

    private let server: KeyServer
    private let now: @Sendable () -> Timestamp
    private let watch: Stopwatch
    private let state = Mutex(FetchState())

    init(server: KeyServer, now: @escaping @Sendable () -> Timestamp, clock: any Clock<Duration>) {
        self.server = server
        self.now = now
        watch = Stopwatch(clock)
    }

    /// The key of an id that has been checked to be one.
    ///
    /// - Throws: ``IdentityError``; `CancellationError`.
    func key(_ id: String, context: LambdaContext) async throws -> P256PublicKey {
        let elapsed = watch.elapsed
        switch state.withLock({ $0.decide(id, at: elapsed) }) {
        case .use(let key): return key
        case .fail(let error): throw error
        case .fetch: return try await fetch(id, context)
        case .wait(let waiter):
            // Who fetches came earlier and keeps within its own time, so that those who wait need no limit.
            switch await waiter.value() {
            case .finished(let result)?: return try result.get()
            case .takeOver?: return try await fetch(id, context)
            case nil: throw CancellationError()
            }
        }
    }

    /// Notes that a key has verified a signature, so that it is kept longer than others.
    func noteProof(by id: String) {
        state.withLock { $0.keys.noteProof(by: id) }
    }

    /// Fetches for everybody. Called by the one task that was told to, or was handed it.
    private func fetch(_ id: String, _ context: LambdaContext) async throws -> P256PublicKey {
        let timeout = timeLeft(context)
        let result: Result<P256PublicKey, IdentityError>
        do {
            guard timeout > .zero else {
                throw IdentityError.undecided("there is no time left to fetch the load balancer's public key")
            }
            result = .success(try await server.key(id, timeout: timeout))
        } catch let error as IdentityError {
            if case .undecided = error, timeout < KeyServer.timeout {
                // With more time it may succeed: a caller in a hurry does not decide for the others.
                handOver(id)
                throw error
            }
            result = .failure(error)
        } catch {
            handOver(id)
            throw error
        }
        let elapsed = watch.elapsed
        for waiter in state.withLock({ $0.finish(id, result, at: elapsed) }) {
            waiter.give(.finished(result))
        }
        return try result.get()
    }

    /// The time a fetch may take: the last second of the invocation is for the answer.
    private func timeLeft(_ context: LambdaContext) -> Duration {
        guard let remaining = context.remainingTime(at: now()) else { return KeyServer.timeout }
        return min(KeyServer.timeout, remaining - .seconds(1))
    }

    /// Gives a fetch that was cut short to the first that still waits for it.
    private func handOver(_ id: String) {
        while let next = state.withLock({ $0.nextInLine(id) }) {
            let elapsed = watch.elapsed
            guard !next.give(.takeOver) else { return state.withLock { $0.noteTakeOver(at: elapsed) } }
        }
    }
}
