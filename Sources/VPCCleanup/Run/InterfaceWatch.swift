internal import Synchronization
internal import Waiting

/// Looks at a VPC's interfaces for all who wait for some of them to go: one call a look, however many wait.
final class InterfaceWatch: Sendable {
    private typealias Look = Result<[NetworkInterface], any Error>

    private struct State {
        var isLooking = false
        var looksWithoutNews = 0
        var last: [NetworkInterface]?
        var waiting: [Waiter<Look>] = []
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
        let lookOfAnother = state.withLock { state -> Waiter<Look>? in
            guard state.isLooking else {
                state.isLooking = true
                return nil
            }
            let waiter = Waiter<Look>()
            state.waiting.append(waiter)
            return waiter
        }
        if let lookOfAnother {
            guard let look = await lookOfAnother.value() else { throw CancellationError() }
            return try look.get()
        }
        let result: Look
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
        for waiter in waiting { waiter.give(result) }
        return try result.get()
    }
}
