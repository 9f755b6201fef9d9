internal import HTTP

/// How often and after what waits a call is tried again: a decision, not a loop that sleeps.
public struct RetryPolicy: Sendable {
    /// The tries in all, the first included.
    public var attempts: Int
    /// The longest wait after the first try; it doubles with every further one.
    public var base: Duration
    /// The longest wait of all.
    public var longest: Duration
    /// A number from 0 to 1 that the wait is multiplied with, so that callers do not come back together.
    public var jitter: @Sendable () -> Double

    /// Makes a policy; the defaults are those of the SDKs' standard mode.
    public init(
        attempts: Int = 3, base: Duration = .seconds(1), longest: Duration = .seconds(20),
        jitter: @escaping @Sendable () -> Double = { Double.random(in: 0...1) }
    ) {
        self.attempts = attempts
        self.base = base
        self.longest = longest
        self.jitter = jitter
    }

    /// How long to wait after a failed try (counted from 1), or nil to give up.
    ///
    /// Throttling and transient errors of a service are tried again, and so are failures of the network: only for
    /// calls that may be carried out twice.
    public func wait(after error: any Error, attempt: Int) -> Duration? {
        guard attempt < attempts, Self.isRetryable(error) else { return nil }
        let doublings = min(max(attempt - 1, 0), 16)
        return min(base * (1 << doublings), longest) * jitter()
    }

    static func isRetryable(_ error: any Error) -> Bool {
        switch error {
        case let error as ServiceError: return error.isThrottling || error.isTransient
        case let error as TransportError:
            switch error.kind {
            case .nameLookup, .connect, .timeout, .connectionLost: return true
            default: return false
            }
        default: return false
        }
    }

    /// Carries out a call until it succeeds, fails for good or the task is cancelled.
    public func run<Value>(
        clock: any Clock<Duration>, _ call: () async throws -> Value
    ) async throws -> Value {
        var attempt = 1
        while true {
            do {
                return try await call()
            } catch {
                try Task.checkCancellation()
                guard let wait = wait(after: error, attempt: attempt) else { throw error }
                try await clock.sleep(for: wait)
                attempt += 1
            }
        }
    }
}
