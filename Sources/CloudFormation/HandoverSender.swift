/// Hands work over to a new invocation of the function, within the time that is kept for that.
struct HandoverSender: Sendable {
    /// Starts the function anew; nil where it may not.
    let invoker: (any SelfInvoker)?
    let clock: any Clock<Duration>
    /// The time Lambda has to take the event.
    let limit: Duration

    /// Sends the work on.
    ///
    /// - Parameter arn: The ARN under which this invocation runs, if Lambda said it.
    /// - Throws: Why the work does not go on, as a clause; `CancellationError`.
    func send(_ handover: Handover, to arn: String?) async throws {
        guard let invoker else { throw Obstacle("this function is not set up to call itself") }
        guard let arn else { throw Obstacle("Lambda did not say its ARN") }
        let payload = handover.encoded
        guard payload.count <= Handover.maximumBytes else {
            throw Obstacle("its state is too large (\(payload.count) bytes of \(Handover.maximumBytes))")
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await invoker.invoke(functionARN: arn, payload: payload) }
            group.addTask {
                try await clock.sleep(for: limit)
                throw Obstacle("Lambda did not answer within \(limit)")
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private struct Obstacle: Error, CustomStringConvertible {
        let description: String
        init(_ description: String) { self.description = description }
    }
}
