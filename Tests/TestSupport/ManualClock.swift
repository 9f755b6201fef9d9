import Synchronization

/// A clock that stands still until a test moves it; sleepers wake in the order of their deadlines.
public final class ManualClock: Clock, Sendable {
    /// Time since the clock was made.
    public struct Instant: InstantProtocol {
        /// Time since the clock was made.
        public var offset: Duration
        /// A later instant.
        public func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
        /// The time from here to another instant.
        public func duration(to other: Instant) -> Duration { other.offset - offset }
        /// Earlier comes first.
        public static func < (left: Instant, right: Instant) -> Bool { left.offset < right.offset }
    }

    private struct Sleeper {
        var id: Int
        var deadline: Instant
        var continuation: CheckedContinuation<Void, any Error>
    }

    private struct Watcher {
        var id: Int
        var count: Int
        var continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var now = Instant(offset: .zero)
        var nextID = 0
        var cancelled: Set<Int> = []
        var sleepers: [Sleeper] = []
        var watchers: [Watcher] = []
        var slept: [Duration] = []
    }

    private let state = Mutex(State())
    /// Whether a sleep moves the clock to its own end at once, so that nothing has to advance it.
    private let jumps: Bool

    /// - Parameter jumps: lets every sleep end at once and moves the clock by its length.
    public init(jumps: Bool = false) {
        self.jumps = jumps
    }

    /// The present, which only a test moves.
    public var now: Instant { state.withLock { $0.now } }
    /// As fine as a duration is.
    public var minimumResolution: Duration { .nanoseconds(1) }
    /// The lengths of the sleeps so far.
    public var slept: [Duration] { state.withLock { $0.slept } }
    /// How many tasks sleep now.
    public var sleeperCount: Int { state.withLock { $0.sleepers.count } }

    /// Waits until the clock has been moved past the deadline.
    public func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        try Task.checkCancellation()
        if jumps {
            state.withLock {
                $0.slept.append($0.now.duration(to: deadline))
                $0.now = max($0.now, deadline)
            }
            await Task.yield()
            return
        }
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                var satisfied: [Watcher] = []
                let result: Result<Void, any Error>? = state.withLock { state in
                    state.slept.append(state.now.duration(to: deadline))
                    if state.cancelled.remove(id) != nil { return .failure(CancellationError()) }
                    if deadline <= state.now { return .success(()) }
                    state.sleepers.append(Sleeper(id: id, deadline: deadline, continuation: continuation))
                    satisfied = state.watchers.filter { $0.count <= state.sleepers.count }
                    state.watchers.removeAll { $0.count <= state.sleepers.count }
                    return nil
                }
                if let result { continuation.resume(with: result) }
                for watcher in satisfied { watcher.continuation.resume() }
            }
        } onCancel: {
            let sleeper = state.withLock { state -> Sleeper? in
                guard let index = state.sleepers.firstIndex(where: { $0.id == id }) else {
                    state.cancelled.insert(id)
                    return nil
                }
                return state.sleepers.remove(at: index)
            }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
    }

    /// Waits until so many tasks sleep at the same time, without taking a thread from those that are to get there.
    ///
    /// - Throws: `CancellationError` when the task is cancelled, by a test's time limit for one.
    public func waitForSleepers(_ count: Int) async throws {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let result: Result<Void, any Error>? = state.withLock { state in
                    // A cancellation from here on finds the watcher; one from before shows in the flag.
                    if Task.isCancelled { return .failure(CancellationError()) }
                    if state.sleepers.count >= count { return .success(()) }
                    state.watchers.append(Watcher(id: id, count: count, continuation: continuation))
                    return nil
                }
                if let result { continuation.resume(with: result) }
            }
        } onCancel: {
            let watcher = state.withLock { state -> Watcher? in
                guard let index = state.watchers.firstIndex(where: { $0.id == id }) else { return nil }
                return state.watchers.remove(at: index)
            }
            watcher?.continuation.resume(throwing: CancellationError())
        }
    }

    /// Moves the clock and wakes whoever is due.
    public func advance(by duration: Duration) {
        let due = state.withLock { state -> [Sleeper] in
            state.now = state.now.advanced(by: duration)
            let due = state.sleepers.filter { $0.deadline <= state.now }.sorted { $0.deadline < $1.deadline }
            state.sleepers.removeAll { $0.deadline <= state.now }
            return due
        }
        for sleeper in due { sleeper.continuation.resume() }
    }

    /// Waits until so many tasks sleep, moves the clock to the end of the shortest sleep, and so on until the task is
    /// cancelled: time passes as fast as the sleepers let it.
    public func run(whenAsleep count: Int) async {
        while (try? await waitForSleepers(count)) != nil {
            let step = state.withLock { state in
                state.sleepers.map { state.now.duration(to: $0.deadline) }.min() ?? .zero
            }
            advance(by: max(step, .nanoseconds(1)))
        }
    }
}
