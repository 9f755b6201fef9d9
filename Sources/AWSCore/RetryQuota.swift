internal import Synchronization

/// How many tries a client may still repeat, over all its calls: when a service is down, a client that repeated every
/// call would only add to its load. The SDKs' standard mode: 500 tokens, five a repeated call, ten after a time-out, and
/// what succeeds gives back.
final class RetryQuota: Sendable {
    private static let capacity = 500
    private let tokens = Mutex(capacity)

    /// Takes tokens for one more try.
    ///
    /// - Returns: What was taken, or nil when too few are left.
    func take(afterTimeout: Bool) -> Int? {
        let cost = afterTimeout ? 10 : 5
        return tokens.withLock { tokens in
            guard tokens >= cost else { return nil }
            tokens -= cost
            return cost
        }
    }

    /// Gives back after a success: the cost of its last try, or one token for a call that needed none.
    func giveBack(_ cost: Int?) {
        tokens.withLock { $0 = min(Self.capacity, $0 + (cost ?? 1)) }
    }
}
