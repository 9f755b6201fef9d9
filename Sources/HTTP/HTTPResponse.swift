/// A whole response.
public struct HTTPResponse: Sendable {
    /// The status code.
    public var status: Int
    /// The header fields of the final response; those of interim (1xx) responses are dropped.
    public var headers: HTTPHeaders
    /// The body as it came: a `Content-Encoding` is not undone.
    public var body: [UInt8]

    /// Makes a response of its parts.
    public init(status: Int, headers: HTTPHeaders = [:], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}
