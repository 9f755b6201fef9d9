/// A response whose body is read while it arrives.
public struct HTTPIncomingResponse: Sendable {
    /// The status code.
    public var status: Int
    /// The header fields of the final response; those of interim (1xx) responses are dropped.
    public var headers: HTTPHeaders
    /// The body, still on its way. Whoever drops it without having read it to its end aborts the transfer.
    public var body: HTTPBodyReader

    /// Makes a response of its parts.
    public init(status: Int, headers: HTTPHeaders = [:], body: HTTPBodyReader) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// A whole response as one that comes in one piece.
    public init(_ response: HTTPResponse) {
        self.init(status: response.status, headers: response.headers, body: HTTPBodyReader(response.body))
    }
}
