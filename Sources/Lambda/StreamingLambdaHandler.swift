/// A function whose answer is sent while it is made, up to 200 MB, to callers that asked for response streaming.
public protocol StreamingLambdaHandler: Sendable {
    /// Handles one invocation.
    ///
    /// - Parameters:
    ///   - event: The event as Lambda delivered it, JSON in UTF-8.
    ///   - response: Takes the answer piece by piece; the answer is complete when this function returns.
    ///   - context: Who is called, by whom, until when.
    /// - Throws: Any error; Lambda is told its type and its description, so neither may hold a secret. Before the first
    ///   piece it becomes an ordinary function error, after it the answer is marked as broken off.
    func handle(_ event: [UInt8], response: LambdaResponseWriter, context: LambdaContext) async throws
}
