import HTTP

/// Passes requests on to another server of this machine as they came, so that their signatures hold.
struct Forwarder: Sendable {
    private let authority: String
    private let transport = LoopbackTransport()

    /// - Parameter url: Where requests go: `http://` with a host and a port. Nil for any other URL.
    init?(to url: String) {
        guard let parts = URLParts(url), parts.scheme == "http", parts.path.isEmpty || parts.path == "/",
            parts.query == nil
        else { return nil }
        authority = parts.authority
    }

    /// The other server's answer; 502 when there is none.
    func send(_ request: ServerRequest) async -> ServerResponse {
        var headers = request.head.headers
        for name in ["connection", "content-length", "transfer-encoding", "expect"] { headers.remove(name) }
        let passed = HTTPRequest(
            request.head.method, scheme: "http", authority: authority, path: request.head.path,
            query: request.head.query, headers: headers, body: .bytes(request.body))
        do {
            let options = TransferOptions(timeout: .seconds(60), connectTimeout: .seconds(5))
            let answer = try await transport.send(passed, options: options)
            var headers = answer.headers
            for name in ["connection", "content-length", "transfer-encoding"] { headers.remove(name) }
            return ServerResponse(status: answer.status, headers: headers, body: answer.body)
        } catch {
            return ServiceRefusal(502, "ServiceException", "\(authority) did not answer: \(error)").response
        }
    }
}
