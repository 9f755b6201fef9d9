internal import Synchronization

/// Looks at a VPC's interfaces for all who wait for some of them to go: one call a look, however many wait.
final class InterfaceWatch: Sendable {
    private struct State {
        var isLooking = false
        var looksWithoutNews = 0
        var last: [NetworkInterface]?
        var waiting: [CheckedContinuation<Result<[NetworkInterface], any Error>, Never>] = []
    }

    private let look: @Sendable () async throws -> [NetworkInterface]
    private let schedule: PollSchedule
    private let clock: any Clock<Duration>
    private let state = Mutex(State())

    init(
        schedule: PollSchedule, clock: any Clock<Duration>,
        look: @escaping @Sendable () async throws -> [NetworkInterface]
    ) {
        self.look = look
        self.schedule = schedule
        self.clock = clock
    }

    /// The interval to the next look.
    var interval: Duration { state.withLock { schedule.interval(after: $0.looksWithoutNews) } }

    /// The interfaces after a look to come: the one another task waits for, or one's own, an interval from now.
    ///
    /// - Parameter atOnce: Whether one's own look need not wait.
    func next(atOnce: Bool = false) async throws -> [NetworkInterface] {
        let isMine = state.withLock { state in
            defer { state.isLooking = true }
            return !state.isLooking
        }
        guard isMine else { return try await shared() }
        let result: Result<[NetworkInterface], any Error>
        do {
            if !atOnce { try await clock.sleep(for: interval) }
            result = .success(try await look())
        } catch {
            result = .failure(error)
        }
        let waiting = state.withLock { state in
            defer {
                state.waiting = []
                state.isLooking = false
            }
            let found = try? result.get()
            state.looksWithoutNews = found == nil || found == state.last ? state.looksWithoutNews + 1 : 0
            state.last = found ?? state.last
            return state.waiting
        }
        for continuation in waiting { continuation.resume(returning: result) }
        return try result.get()
    }

    /// Waits for the look of the task that is looking. That task ends, by its cancellation at the latest.
    private func shared() async throws -> [NetworkInterface] {
        let result = await withCheckedContinuation { continuation in
            let isLate = state.withLock { state in
                if state.isLooking { state.waiting.append(continuation) }
                return !state.isLooking
            }
            // The look ended in between; the caller looks again.
            if isLate { continuation.resume(returning: .success(state.withLock { $0.last } ?? [])) }
        }
        return try result.get()
    }
}
