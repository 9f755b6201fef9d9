public import HTTP

/// What S3 tells of an object without its bytes.
public struct S3Object: Sendable, Hashable {
    /// The size in bytes.
    public var size: Int
    /// The media type, as it was stored.
    public var contentType: String?
    /// The entity tag, in quotes.
    public var entityTag: String?
    /// All that came with it: `last-modified`, `x-amz-meta-…`.
    public var headers: HTTPHeaders

    /// Makes an object's description of its parts.
    public init(size: Int, contentType: String? = nil, entityTag: String? = nil, headers: HTTPHeaders = [:]) {
        self.size = size
        self.contentType = contentType
        self.entityTag = entityTag
        self.headers = headers
    }

    init(_ response: HTTPResponse) throws(UnexpectedAnswer) {
        guard let size = response.headers["content-length"].flatMap({ Int($0) }), size >= 0 else {
            throw UnexpectedAnswer(
                service: "s3", operation: "HeadObject", "the answer has no content length")
        }
        self.init(
            size: size, contentType: response.headers["content-type"], entityTag: response.headers["etag"],
            headers: response.headers)
    }
}
