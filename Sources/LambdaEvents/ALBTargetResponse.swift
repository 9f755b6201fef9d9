internal import Encoding
public import HTTP

/// The answer of a Lambda target to its Application Load Balancer.
///
/// Header lines that may not go on the wire (a name that is no token, a value with CR, LF or NUL) are left out when
/// the answer is written: the load balancer would refuse the whole answer with a bare 502.
public struct ALBTargetResponse: Sendable, Equatable {
    /// The most bytes of JSON that the load balancer takes: 1 MiB. A larger answer becomes a bare 502.
    public static let maximumBytes = 1_048_576

    /// The status code, 200 to 599.
    public var status: Int
    /// The header fields; hop-by-hop ones and `Content-Length` are the load balancer's business.
    public var headers: HTTPHeaders
    /// The body, as the client is to get it.
    public var body: [UInt8]
    /// The mode of the request that is answered.
    public var headerMode: ALBHeaderMode

    /// Makes an answer of its parts.
    public init(status: Int, headers: HTTPHeaders = [:], body: [UInt8] = [], headerMode: ALBHeaderMode) {
        self.status = status
        self.headers = headers
        self.body = body
        self.headerMode = headerMode
    }

    /// The answer as JSON in UTF-8; the body is written straight into it, once.
    ///
    /// The body goes as text where it is UTF-8 and no longer that way, else as Base 64: the load balancer sends the
    /// client the same bytes either way. The size counts against ``maximumBytes``.
    public func encoded() -> [UInt8] {
        let head = ALBResponseHead.encode(self)
        let textCount = isPlainText ? JSONStringBody.escapedCount(of: body, limit: base64Count) : nil
        let tail = Array((textCount != nil ? #"","isBase64Encoded":false}"# : #"","isBase64Encoded":true}"#).utf8)
        let total = head.count + (textCount ?? base64Count) + tail.count
        return [UInt8](unsafeUninitializedCapacity: total) { output, count in
            count = output.initialize(fromContentsOf: head)
            let target = UnsafeMutableBufferPointer(rebasing: output[count...])
            count += body.withUnsafeBufferPointer { body in
                textCount != nil ? JSONStringBody.write(body, into: target) : Base64.encode(body, into: target)
            }
            count = output[count...].initialize(fromContentsOf: tail)
        }
    }

    private var base64Count: Int { Base64.encodedCount(of: body.count) }

    /// Whether the body may be text by its headers. Compressed and binary bodies need not be looked through.
    private var isPlainText: Bool {
        if let coding = headers["content-encoding"], !HTTPHeaders.sameName(coding, "identity") { return false }
        guard let type = headers["content-type"].map(HTTPToken.lowercased) else { return true }
        let binary = ["image/", "audio/", "video/", "font/", "application/octet-stream", "application/zip"]
        return type.hasPrefix("image/svg") || !binary.contains { type.hasPrefix($0) }
    }
}
