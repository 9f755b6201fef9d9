/// How long to wait before the next try: doubled with each failure up to a cap, and spread at random, so that many
/// sandboxes that lost the same service do not come back at once.
struct Backoff: Sendable {
    /// The span of the first wait.
    static let base = Duration.milliseconds(50)
    /// The span no wait exceeds.
    static let cap = Duration.seconds(5)

    private var span = Backoff.base

    /// The next wait: between half of the span and all of it.
    mutating func next() -> Duration {
        defer { span = min(span * 2, Self.cap) }
        return span / 2 + span / 2 * Double.random(in: 0...1)
    }

    /// Begins anew, after a success.
    mutating func reset() {
        span = Self.base
    }
}
