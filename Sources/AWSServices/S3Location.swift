/// An object's place: its bucket and its key.
public struct S3Location: Sendable, Hashable, CustomStringConvertible {
    /// The bucket's name.
    public var bucket: String
    /// The object's key, as it is, not percent-encoded; any text without a slash at the front.
    public var key: String

    /// Makes a place of its parts.
    public init(bucket: String, key: String) {
        self.bucket = bucket
        self.key = key
    }

    /// `s3://bucket/key`
    public var description: String { "s3://\(bucket)/\(key)" }
}
