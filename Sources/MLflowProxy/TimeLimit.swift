/// Ends what takes too long.
enum TimeLimit {
    /// The time ran out.
    struct Passed: Error {}

    /// Carries out work, which is cancelled when it takes longer than the limit.
    ///
    /// - Throws: ``Passed``, and whatever the work throws.
    static func run<Value: Sendable>(
        _ limit: Duration, on clock: any Clock<Duration>, _ work: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        guard limit > .zero else { throw Passed() }
        return try await withThrowingTaskGroup(of: Value.self) { group in
            group.addTask(operation: work)
            group.addTask {
                try await clock.sleep(for: limit)
                throw Passed()
            }
            defer { group.cancelAll() }
            guard let value = try await group.next() else { throw CancellationError() }
            return value
        }
    }
}
