/// A task that sleeps on the event loop.
///
/// `@unchecked Sendable`: touched by the event loop's thread alone.
final class Sleeper: @unchecked Sendable {
    let deadline: ContinuousClock.Instant
    private var continuation: CheckedContinuation<Void, any Error>?
    private var isCancelled = false

    init(until deadline: ContinuousClock.Instant) {
        self.deadline = deadline
    }

    /// Takes the task's continuation.
    ///
    /// - Returns: whether it sleeps; a task that was cancelled before is resumed at once.
    func begin(_ continuation: CheckedContinuation<Void, any Error>) -> Bool {
        guard !isCancelled else {
            continuation.resume(throwing: CancellationError())
            return false
        }
        self.continuation = continuation
        return true
    }

    func wake() {
        continuation?.resume()
        continuation = nil
    }

    func cancel() {
        isCancelled = true
        continuation?.resume(throwing: CancellationError())
        continuation = nil
    }
}

/// Sleepers in the order of their deadlines. There are few at a time, so a sorted array is the fastest heap.
struct Timers {
    /// The earliest deadline stands last, where it is taken off.
    private var sleepers: [Sleeper] = []

    mutating func add(_ sleeper: Sleeper) {
        let index = sleepers.firstIndex { $0.deadline <= sleeper.deadline } ?? sleepers.endIndex
        sleepers.insert(sleeper, at: index)
    }

    mutating func remove(_ sleeper: Sleeper) {
        sleepers.removeAll { $0 === sleeper }
    }

    /// Takes off the next sleeper that is due.
    mutating func popDue(at now: ContinuousClock.Instant) -> Sleeper? {
        guard let last = sleepers.last, last.deadline <= now else { return nil }
        return sleepers.removeLast()
    }

    var isEmpty: Bool { sleepers.isEmpty }

    func timeUntilNext(from now: ContinuousClock.Instant) -> Duration? {
        sleepers.last.map { max(.zero, now.duration(to: $0.deadline)) }
    }
}

extension Duration {
    /// Whole milliseconds, rounded up, so that a wait never ends early; clamped to what an integer holds.
    var roundedUpToMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000)
        guard !overflow else { return seconds < 0 ? .min : .max }
        return scaled.addingReportingOverflow((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000).partialValue
    }
}
