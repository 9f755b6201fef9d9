import HTTP
public import Timestamps

/// The presigned URL to which the answer of one custom-resource request is put, in the form CloudFormation gives it.
public struct ResponseURL: Sendable, Hashable {
    /// How long the URL holds.
    public static let lifetime = Duration.seconds(7_200)

    /// Host and port.
    public let authority: String
    /// Path and query, byte for byte as they must arrive. The path's `:` and `|` are percent-encoded, so that a client
    /// that decodes a URL or makes it anew is found out.
    public let target: String
    /// When it was signed.
    public let signedAt: Timestamp

    /// Makes the URL of a request.
    ///
    /// - Parameters:
    ///   - authority: Host and port of the sink.
    ///   - object: What the answer is about, `StackId|LogicalResourceId|RequestId`: the object's key in S3.
    ///   - region: The region of the credential scope.
    ///   - now: The time of signing.
    public init(authority: String, object: String, region: String, at now: Timestamp) {
        self.authority = authority
        signedAt = now
        let date = now.iso8601Basic
        let query = [
            "X-Amz-Algorithm=AWS4-HMAC-SHA256", "X-Amz-Date=\(date)", "X-Amz-SignedHeaders=host",
            "X-Amz-Expires=\(Self.lifetime.components.seconds)",
            "X-Amz-Credential=AKIALOCALSTANDIN0000%2F\(date.prefix(8))%2F\(region)%2Fs3%2Faws4_request",
            "X-Amz-Signature=\(RandomID.hex(64))",
        ]
        target =
            "/" + PercentEncoding.encode(object, keepingSlash: true) + "?" + query.joined(separator: "&")
    }

    /// The whole URL: a secret while it holds.
    public var text: String { "http://\(authority)\(target)" }
}
