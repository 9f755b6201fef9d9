/// The body of a request: bytes at hand, or a stream of them.
public enum HTTPBody: Sendable {
    /// Bytes at hand, sent with a `Content-Length`.
    case bytes([UInt8])
    /// Bytes that are still being made, sent as they come.
    case stream(HTTPBodyStream)

    /// No body.
    public static let empty = HTTPBody.bytes([])
}

/// A body that is produced while it is sent: with a `Content-Length` where its length is known, else in the chunked
/// transfer coding (RFC 9112, section 7.1), which some servers, Amazon S3 for one, do not take.
public struct HTTPBodyStream: Sendable {
    /// The next piece, or nil at the end. Called again only after the last piece was taken, so that a slow receiver
    /// slows the producer. An error aborts the transfer.
    public var next: @Sendable () async throws -> [UInt8]?

    /// The trailer fields, asked for once, after the last piece. The request must announce their names in `Trailer`. Only
    /// a body of unknown length has any.
    public var trailers: @Sendable () -> HTTPHeaders

    /// The length of the body in bytes, or nil when it is unknown. A stream that gives more or fewer bytes fails the
    /// transfer.
    public var contentLength: Int?

    /// Makes a stream of a function that gives piece after piece.
    public init(
        contentLength: Int? = nil, trailers: @escaping @Sendable () -> HTTPHeaders = { [:] },
        next: @escaping @Sendable () async throws -> [UInt8]?
    ) {
        self.contentLength = contentLength
        self.next = next
        self.trailers = trailers
    }
}
