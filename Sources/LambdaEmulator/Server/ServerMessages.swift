public import HTTP

/// The request line and the header fields, before the body has come.
public struct ServerRequestHead: Sendable {
    /// The method.
    public var method: HTTPMethod
    /// The request target as it came, byte for byte.
    public var target: String
    /// The header fields in the order in which they came.
    public var headers: HTTPHeaders
    /// The address of the peer, without its port.
    public var remoteAddress: String

    /// Makes a head of its parts.
    public init(
        method: HTTPMethod, target: String, headers: HTTPHeaders = [:], remoteAddress: String = "127.0.0.1"
    ) {
        self.method = method
        self.target = target
        self.headers = headers
        self.remoteAddress = remoteAddress
    }

    /// The target up to its first question mark.
    public var path: String {
        String(target.prefix { $0 != "?" })
    }

    /// The target after its first question mark, or nil when there is none.
    public var query: String? {
        target.firstIndex(of: "?").map { String(target[target.index(after: $0)...]) }
    }
}

/// A whole request.
public struct ServerRequest: Sendable {
    /// The request line and the header fields.
    public var head: ServerRequestHead
    /// The body, without its transfer coding.
    public var body: [UInt8]
    /// Whether the body was longer than the handler takes; ``body`` is then incomplete.
    public var bodyIsTooLarge: Bool
    /// The trailer fields that followed a chunked body.
    public var trailers: HTTPHeaders

    /// Makes a request of its parts.
    public init(
        head: ServerRequestHead, body: [UInt8] = [], bodyIsTooLarge: Bool = false, trailers: HTTPHeaders = [:]
    ) {
        self.head = head
        self.body = body
        self.bodyIsTooLarge = bodyIsTooLarge
        self.trailers = trailers
    }
}

/// A response as it goes on the wire.
public struct ServerResponse: Sendable {
    /// The status code.
    public var status: Int
    /// The reason phrase, or nil for the status code's usual one.
    public var reason: String?
    /// The header fields; nothing is added to them but `Content-Length` and, on the last response, `Connection`.
    public var headers: HTTPHeaders
    /// The body.
    public var body: [UInt8]
    /// Whether nothing is answered, and the connection is reset (RFC 9293, section 3.5.2) in its place.
    public private(set) var isReset = false

    /// No response: the connection is reset.
    public static var reset: ServerResponse {
        var response = ServerResponse(status: 0)
        response.isReset = true
        return response
    }

    /// Makes a response of its parts.
    public init(status: Int, reason: String? = nil, headers: HTTPHeaders = [:], body: [UInt8] = []) {
        self.status = status
        self.reason = reason
        self.headers = headers
        self.body = body
    }
}

/// What answers the requests of an ``HTTPServer``.
public protocol ServerHandler: Sendable {
    /// The longest body taken, in bytes; of a longer one the rest is thrown away.
    var maximumBodyBytes: Int { get }

    /// The answer to a request that needs no look at its body, or nil. The connection ends after such an answer.
    func refusal(of head: ServerRequestHead) -> ServerResponse?

    /// The answer to a whole request. The task is cancelled when the client goes away.
    func respond(to request: ServerRequest) async -> ServerResponse

    /// The answer to what is not HTTP.
    func responseToMalformedRequest() -> ServerResponse
}
