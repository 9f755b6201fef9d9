/// A request, its URL kept in the parts that go on the wire, because those bytes are what is signed.
public struct HTTPRequest: Sendable {
    /// The method.
    public var method: HTTPMethod
    /// `https` or `http`.
    public var scheme: String
    /// Host and optional port, as in the `Host` header.
    public var authority: String
    /// The path, percent-encoded, starting with a slash; sent byte for byte.
    public var path: String
    /// The query without its question mark, percent-encoded; sent byte for byte. Nil sends no question mark.
    public var query: String?
    /// The header fields; nothing but `Host` and `Content-Length` is added to them.
    public var headers: HTTPHeaders
    /// The body.
    public var body: HTTPBody

    /// Makes a request of its parts.
    public init(
        _ method: HTTPMethod, scheme: String = "https", authority: String, path: String = "/", query: String? = nil,
        headers: HTTPHeaders = [:], body: HTTPBody = .empty
    ) {
        self.method = method
        self.scheme = scheme
        self.authority = authority
        self.path = path
        self.query = query
        self.headers = headers
        self.body = body
    }

    /// The whole URL, as sent.
    public var url: String {
        guard let query else { return "\(scheme)://\(authority)\(path)" }
        return "\(scheme)://\(authority)\(path)?\(query)"
    }

    /// The URL for messages and logs: a query may hold a signature or a token, so it is left out.
    public var urlWithoutQuery: String {
        "\(scheme)://\(authority)\(path)"
    }
}
