/// The continuous clock with its sleeps on an event loop: `Task.sleep` would start Dispatch's threads behind the loop's
/// back.
public struct LoopClock: Clock {
    /// A point in time, as of `ContinuousClock`.
    public typealias Instant = ContinuousClock.Instant

    private let loop: EventLoop

    /// A clock whose sleeps the loop ends.
    public init(_ loop: EventLoop) {
        self.loop = loop
    }

    /// Now.
    public var now: Instant { .now }

    /// The loop waits in whole milliseconds.
    public var minimumResolution: Duration { .milliseconds(1) }

    /// Sleeps until the deadline, never less.
    ///
    /// - Throws: `CancellationError` as soon as the task is cancelled.
    public func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        let sleeper = Sleeper(until: deadline)
        let loop = loop
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                loop.execute { if sleeper.begin(continuation) { loop.add(sleeper) } }
            }
        } onCancel: {
            loop.execute {
                loop.remove(sleeper)
                sleeper.cancel()
            }
        }
    }
}
