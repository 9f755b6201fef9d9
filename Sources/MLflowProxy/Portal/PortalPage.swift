internal import Compression
internal import Cryptography
internal import Encoding
internal import HTTP
internal import LambdaEvents

/// `/_proxy/portal`: a page of the proxy's own that shows MLflow in a frame, under a header with the ways out of it.
///
/// It is one document without any other: no build step, no framework, nothing from elsewhere. Its policy allows its own
/// style and script, by their hashes, and a frame of its own origin.
struct PortalPage: Sendable {
    private let plain: [UInt8]
    private let compressed: [UInt8]?
    private let entityTag: String
    private let policy: String

    init(endpoint: MLflowEndpoint, configuration: ProxyConfiguration) {
        let restriction: String? =
            switch configuration.access {
            case .full: nil
            case .noDelete: "No deletion"
            case .readOnly: "Read only"
            }
        let style = "\n\(PortalStyle.text)"
        let script = "\n\(PortalScript.text)"
        let html = PortalMarkup(name: endpoint.resourceName, restriction: restriction)
            .html(style: style, script: script)
        plain = Array(html.utf8)
        compressed = try? Gzip.compress(plain)
        entityTag = "\"\(Hex.encode(SHA256.hash(plain)).prefix(32))\""
        policy = [
            "default-src 'none'", "style-src \(Self.hash(of: style))", "script-src \(Self.hash(of: script))",
            "img-src data:", "frame-src 'self'", "connect-src 'self'", "base-uri 'none'", "form-action 'none'",
            FrameAncestors.policy([], allowing: configuration.frameAncestors),
        ].joined(separator: "; ")
    }

    func answer(_ request: ALBTargetRequest) -> HTTPResponse {
        var headers: HTTPHeaders = [
            "content-security-policy": policy, "cache-control": "private, no-cache",
            "vary": "accept-encoding", "x-content-type-options": "nosniff", "referrer-policy": "same-origin",
        ]
        let accepted = RequestHeaders.acceptsGzip(request.headers.values("accept-encoding")) ? compressed : nil
        // Two forms of one page have two tags (RFC 9110, section 8.8.3).
        let tag = accepted == nil ? entityTag : entityTag.dropLast() + "-gzip\""
        headers.append("etag", tag)
        let known = request.headers.values("if-none-match").flatMap { FieldValue.list($0) }
        if known.contains(where: { $0 == tag || $0 == "W/\(tag)" || $0 == "*" }) {
            return HTTPResponse(status: 304, headers: headers)
        }
        headers.append("content-type", "text/html; charset=utf-8")
        if accepted != nil { headers.append("content-encoding", "gzip") }
        return HTTPResponse(status: 200, headers: headers, body: accepted ?? plain)
    }

    /// How a policy names a piece of the page (CSP 3, section 2.3.1).
    private static func hash(of text: String) -> String {
        "'sha256-\(Base64.encode(SHA256.hash(text)))'"
    }
}
