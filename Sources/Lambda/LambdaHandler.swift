/// A function: bytes in, bytes out, once an invocation.
///
/// For typed events see `LambdaCodable`; for an answer that is sent while it is made see ``StreamingLambdaHandler``.
public protocol LambdaHandler: Sendable {
    /// Handles one invocation.
    ///
    /// - Parameters:
    ///   - event: The event as Lambda delivered it, JSON in UTF-8.
    ///   - context: Who is called, by whom, until when.
    /// - Returns: The answer, JSON in UTF-8, at most 6 MB.
    /// - Throws: Any error; Lambda is told its type and its description, so neither may hold a secret.
    func handle(_ event: [UInt8], context: LambdaContext) async throws -> [UInt8]
}
