/// Why there is no response: the request was refused before sending, or the network failed.
public struct TransportError: Error, Sendable, CustomStringConvertible {
    /// The class of failure, for decisions.
    public enum Kind: Sendable, Hashable {
        /// The request cannot be sent as it stands; nothing was sent.
        case invalidRequest
        /// The host name has no address; nothing was sent.
        case nameLookup
        /// No connection could be made; nothing was sent.
        case connect
        /// The peer's certificate was refused or TLS failed; nothing was sent.
        case tls
        /// The time allowed ran out.
        case timeout
        /// The connection broke before the whole response had come.
        case connectionLost
        /// The response body is over the cap.
        case responseTooLarge
        /// What came is not HTTP.
        case malformedResponse
        /// The stream that makes the request body failed.
        case bodyStream
        /// Anything else.
        case other
    }

    /// The class of failure.
    public var kind: Kind
    /// What went wrong, for a person.
    public var reason: String
    /// The request's method.
    public var method: HTTPMethod
    /// The request's URL without its query, which may hold secrets.
    public var url: String

    /// Makes an error about a request.
    public init(_ kind: Kind, _ reason: String, request: HTTPRequest) {
        self.kind = kind
        self.reason = reason
        method = request.method
        url = request.urlWithoutQuery
    }

    /// Whether the server certainly saw nothing of the request, so that sending it again is safe for any method.
    public var nothingWasSent: Bool {
        switch kind {
        case .invalidRequest, .nameLookup, .connect, .tls: true
        default: false
        }
    }

    /// One sentence: what failed, on what, why.
    public var description: String {
        "\(method) \(url) failed: \(reason)"
    }
}
