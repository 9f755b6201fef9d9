/// Work against the time there is for it in one invocation.
struct DeadlineRace: Sendable {
    /// The time work has to end after it was cancelled, so that it does not meet its own continuation.
    static let grace = Duration.seconds(2)

    let clock: any Clock<Duration>
    /// The time there is.
    let budget: Duration

    /// Runs the work. When time is up it is cancelled, and given a moment to end. The conclusion is drawn before the group
    /// ends, which waits for work that does not heed its cancellation.
    func run<Resource>(
        _ run: ResourceRun<Resource>, _ conclude: @Sendable (ResourceRun<Resource>.End) async throws -> [UInt8]
    ) async throws -> [UInt8] {
        try await withThrowingTaskGroup(of: ResourceRun<Resource>.End.self) { group in
            group.addTask { await cancelling(run) }
            group.addTask {
                try? await clock.sleep(for: budget + Self.grace)
                return .outOfTime
            }
            let end = try await group.next() ?? .outOfTime
            group.cancelAll()
            return try await conclude(end)
        }
    }

    /// Runs the work, cancelled after the time. Work that still comes to a good end is done; an error is then a matter of
    /// the cancellation.
    private func cancelling<Resource>(_ run: ResourceRun<Resource>) async -> ResourceRun<Resource>.End {
        typealias End = ResourceRun<Resource>.End
        return await withTaskGroup(of: End.self) { group in
            group.addTask { await run.work() }
            group.addTask {
                try? await clock.sleep(for: budget)
                return .outOfTime
            }
            let first = await group.next() ?? .outOfTime
            group.cancelAll()
            guard case .outOfTime = first, let last = await group.next(), case .done = last else { return first }
            return last
        }
    }
}
