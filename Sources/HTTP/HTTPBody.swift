/// The body of a request: bytes at hand, or a stream of them.
public enum HTTPBody: Sendable {
    /// Bytes at hand, sent with a `Content-Length`.
    case bytes([UInt8])
    /// Bytes that are still being made, sent in chunks as they come.
    case stream(HTTPBodyStream)

    /// No body.
    public static let empty = HTTPBody.bytes([])
}

/// A body that is produced while it is sent (RFC 9112, section 7.1: chunked transfer coding).
public struct HTTPBodyStream: Sendable {
    /// The next piece, or nil at the end. Called again only after the last piece was taken, so that a slow receiver
    /// slows the producer. An error aborts the transfer.
    public var next: @Sendable () async throws -> [UInt8]?

    /// The trailer fields, asked for once, after the last piece. The request must announce their names in `Trailer`.
    public var trailers: @Sendable () -> HTTPHeaders

    /// Makes a stream of a function that gives piece after piece.
    public init(
        trailers: @escaping @Sendable () -> HTTPHeaders = { [:] },
        next: @escaping @Sendable () async throws -> [UInt8]?
    ) {
        self.next = next
        self.trailers = trailers
    }
}
