public import AWSServices

/// Work is handed over through Lambda's own queue. The function's role needs `lambda:InvokeFunction` on the function.
extension LambdaClient: SelfInvoker {
    /// Queues the event for the function.
    public func invoke(functionARN: String, payload: [UInt8]) async throws {
        try await invokeEvent(functionARN: functionARN, payload: payload)
    }
}
