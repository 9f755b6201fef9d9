import HTTP

/// What an Application Load Balancer answers by itself, from the head of a request.
///
/// Limits: the user guide's troubleshooting page; 16 KiB a request line and a header, 64 KiB all headers.
enum AdmissionRules {
    static let maximumLineBytes = 16 << 10
    static let maximumHeaderBytes = 16 << 10
    static let maximumHeadersBytes = 64 << 10
    static let maximumForwardedAddresses = 30
    /// The largest body for a Lambda target.
    static let maximumBodyBytes = 1 << 20

    /// The status of the refusal, or nil.
    static func refusal(of head: ServerRequestHead) -> Int? {
        if head.method.rawValue == "TRACE" { return 405 }
        guard lineBytes(head) <= maximumLineBytes, hasUsableTarget(head), head.headers.contains("host") else {
            return 400
        }
        let sizes = head.headers.map { $0.name.utf8.count + $0.value.utf8.count + 4 }
        guard sizes.allSatisfy({ $0 <= maximumHeaderBytes }), sizes.reduce(0, +) <= maximumHeadersBytes else {
            return 400
        }
        guard !asksForUpgrade(head.headers) else { return 400 }
        let codings = head.headers.values("transfer-encoding").flatMap { elements($0) }
        guard codings.allSatisfy({ $0 == "chunked" || $0 == "identity" }) else { return 501 }
        let addresses = head.headers.values("x-forwarded-for").flatMap { elements($0) }
        guard addresses.count <= maximumForwardedAddresses else { return 463 }
        if let length = head.headers["content-length"], Int(length) ?? .max > maximumBodyBytes { return 413 }
        return nil
    }

    private static func lineBytes(_ head: ServerRequestHead) -> Int {
        head.method.rawValue.utf8.count + head.target.utf8.count + " HTTP/1.1".utf8.count + 1
    }

    private static func hasUsableTarget(_ head: ServerRequestHead) -> Bool {
        head.target.first == "/" && HTTPToken.isVisible(head.target)
    }

    /// WebSockets and HTTP/2 by upgrade do not reach a Lambda target.
    private static func asksForUpgrade(_ headers: HTTPHeaders) -> Bool {
        headers.contains("upgrade") && headers.values("connection").flatMap { elements($0) }.contains("upgrade")
    }

    /// The elements of a comma-separated list, in small letters.
    private static func elements(_ list: String) -> [String] {
        list.split(separator: ",").map { HTTPToken.lowercased($0.filter { $0 != " " && $0 != "\t" }) }
    }
}
