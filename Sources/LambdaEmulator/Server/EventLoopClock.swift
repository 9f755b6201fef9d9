import NIOCore

/// The continuous clock with its timers on the emulator's event loop: a deadline is set and taken back for every
/// invocation, and the timers of `Task.sleep` cost a thread hop each.
struct EventLoopClock: Clock {
    typealias Instant = ContinuousClock.Instant

    var now: Instant { .now }
    var minimumResolution: Duration { .milliseconds(1) }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        let loop = EventLoopExecutor.shared.eventLoop
        let promise = loop.makePromise(of: Void.self)
        let (seconds, attoseconds) = Instant.now.duration(to: deadline).components
        let delay = TimeAmount.seconds(min(max(0, seconds), 86_400 * 365)) + .nanoseconds(attoseconds / 1_000_000_000)
        let timer = loop.scheduleTask(in: delay) { promise.succeed() }
        try await withTaskCancellationHandler {
            try await promise.futureResult.get()
        } onCancel: {
            timer.cancel()
            promise.fail(CancellationError())
        }
    }
}
