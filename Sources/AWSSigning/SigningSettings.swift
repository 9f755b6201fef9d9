/// How requests to one service are signed. Every choice is named, with the reason for it.
public struct SigningSettings: Sendable, Equatable {
    /// How the path's octets enter the canonical request.
    public enum PathEncoding: Sendable, Hashable {
        /// The path as sent, percent-encoded once more: `%3A` on the wire is signed as `%253A`. Every service but S3.
        case double
        /// The path as sent. S3, whose keys may hold any octet; the wire form must then be encoded strictly
        /// (unreserved characters and `/` as they are, `%XX` for all else), because that is what S3 signs.
        case asSent
    }

    /// Whether dot segments and empty segments are removed from the path before it is signed. What is sent stays.
    public enum PathNormalization: Sendable, Hashable {
        /// `/a//b/../c` is signed as `/a/c`. Every service but S3.
        case removeDotSegments
        /// Nothing is removed. S3, where `a//b` and `a/../b` are keys of their own.
        case none
    }

    /// What the signature says about the body.
    public enum Payload: Sendable, Hashable {
        /// The SHA-256 of the body. A body that is still being made (``HTTPBody/stream(_:)``) cannot be hashed before
        /// it is sent and is signed as ``unsigned``.
        case signed
        /// `UNSIGNED-PAYLOAD`: the body is left to TLS. S3 accepts it; most other services do not.
        case unsigned
        /// The SHA-256 of the body, 64 small hexadecimal digits, worked out elsewhere.
        case precomputed(String)
    }

    /// When the header `x-amz-content-sha256` is added to a signed request.
    public enum ContentHashHeader: Sendable, Hashable {
        /// On every request: S3 and SageMaker MLflow ask for it.
        case always
        /// Only where the payload is not signed, since the service cannot guess that.
        case whenUnsigned
    }

    /// Whether the signature covers the session token.
    public enum SessionToken: Sendable, Hashable {
        /// `x-amz-security-token` is one of the signed headers or parameters. Nearly every service.
        case signed
        /// It is added after signing, as a few services (AWS IoT among them) want it.
        case appendedUnsigned
    }

    /// Which of the request's headers are signed. `host` and the `x-amz-*` headers made by the signer always are.
    public enum HeaderSelection: Sendable, Hashable {
        /// All but those of these names, in small letters. See ``SigningSettings/unsignedHeaders``.
        case allExcept(Set<String>)
        /// Only those of these names, in small letters: for a forwarder, which cannot tell what happens to the
        /// client's other headers on their way.
        case only(Set<String>)
    }

    /// How the path's octets enter the canonical request.
    public var pathEncoding: PathEncoding
    /// Whether dot segments and empty segments are removed from the path before it is signed.
    public var pathNormalization: PathNormalization
    /// What the signature says about the body of a request signed in its headers.
    public var payload: Payload
    /// What the signature says about the body of a request signed in its query. S3 wants it unsigned, because whoever
    /// hands out a URL for an upload does not know the body.
    public var presignedPayload: Payload
    /// When the header `x-amz-content-sha256` is added.
    public var contentHashHeader: ContentHashHeader
    /// Whether the signature covers the session token.
    public var sessionToken: SessionToken
    /// Which of the request's headers are signed.
    public var headers: HeaderSelection

    /// Makes settings; the defaults are ``standard``.
    public init(
        pathEncoding: PathEncoding = .double, pathNormalization: PathNormalization = .removeDotSegments,
        payload: Payload = .signed, presignedPayload: Payload = .signed,
        contentHashHeader: ContentHashHeader = .whenUnsigned, sessionToken: SessionToken = .signed,
        headers: HeaderSelection = .allExcept(SigningSettings.unsignedHeaders)
    ) {
        self.pathEncoding = pathEncoding
        self.pathNormalization = pathNormalization
        self.payload = payload
        self.presignedPayload = presignedPayload
        self.contentHashHeader = contentHashHeader
        self.sessionToken = sessionToken
        self.headers = headers
    }

    /// Every service but S3.
    public static let standard = SigningSettings()

    /// S3: the path as sent, the content hash in a header, presigned URLs without a content hash.
    public static let s3 = SigningSettings(
        pathEncoding: .asSent, pathNormalization: .none, presignedPayload: .unsigned, contentHashHeader: .always)

    /// Headers that are not signed unless they are asked for, because a hop on the way may change or drop them: the
    /// hop-by-hop headers (RFC 9110, section 7.6.1), `expect`, the X-Ray trace id and the user agent. `authorization`
    /// is where the signature goes.
    public static let unsignedHeaders: Set<String> = [
        "authorization", "connection", "expect", "keep-alive", "proxy-authenticate", "proxy-authorization",
        "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "user-agent", "x-amzn-trace-id",
    ]
}
