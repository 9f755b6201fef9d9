/// Work that has to be done by a certain time.
enum TimeLimit {
    /// The time is up, and the work was cancelled.
    struct Exceeded: Error {}

    /// Carries out work, and cancels it when the time is up.
    ///
    /// - Throws: ``Exceeded``, what the work throws, `CancellationError`.
    static func run<Value: Sendable>(
        _ limit: Duration, clock: any Clock<Duration>, _ work: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask { try await work() }
            group.addTask {
                try await clock.sleep(for: limit)
                return nil
            }
            defer { group.cancelAll() }
            guard let first = try await group.next(), let value = first else { throw Exceeded() }
            return value
        }
    }
}
