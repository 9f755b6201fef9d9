/// Sleepers in the order of their deadlines. There are few at a time, so a sorted array is the fastest heap.
struct Timers {
    private struct Entry {
        var id: UInt64
        var deadline: ContinuousClock.Instant
        var continuation: CheckedContinuation<Void, any Error>
    }

    /// The earliest deadline stands last, where it is taken off.
    private var entries: [Entry] = []

    mutating func add(
        _ id: UInt64, at deadline: ContinuousClock.Instant, _ continuation: CheckedContinuation<Void, any Error>
    ) {
        let index = entries.firstIndex { $0.deadline <= deadline } ?? entries.endIndex
        entries.insert(Entry(id: id, deadline: deadline, continuation: continuation), at: index)
    }

    mutating func remove(_ id: UInt64) -> CheckedContinuation<Void, any Error>? {
        guard let index = entries.firstIndex(where: { $0.id == id }) else { return nil }
        return entries.remove(at: index).continuation
    }

    mutating func popDue(at now: ContinuousClock.Instant) -> [CheckedContinuation<Void, any Error>] {
        var due: [CheckedContinuation<Void, any Error>] = []
        while let last = entries.last, last.deadline <= now {
            due.append(last.continuation)
            entries.removeLast()
        }
        return due
    }

    func timeUntilNext(from now: ContinuousClock.Instant) -> Duration? {
        entries.last.map { max(.zero, now.duration(to: $0.deadline)) }
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
