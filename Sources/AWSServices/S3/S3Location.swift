/// An object's place: its bucket and its key.
public struct S3Location: Sendable, Hashable, CustomStringConvertible {
    /// The bucket's name.
    public var bucket: String
    /// The object's key, as it is, not percent-encoded: any text of 1 to 1024 bytes.
    public var key: String

    /// Makes a place of its parts.
    public init(bucket: String, key: String) {
        self.bucket = bucket
        self.key = key
    }

    /// `s3://bucket/key`
    public var description: String { "s3://\(bucket)/\(key)" }

    /// Whether the text may be a bucket's name: the rules of today, and the capitals and low lines of old buckets.
    static func isBucketName(_ text: String) -> Bool {
        (3...63).contains(text.utf8.count) && text.utf8.first.map(isLetterOrDigit) == true
            && text.utf8.last.map(isLetterOrDigit) == true
            && text.utf8.allSatisfy {
                isLetterOrDigit($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "_")
            }
    }

    /// Whether a bucket's name may stand as one label of a host name.
    static func isHostLabel(_ bucket: String) -> Bool {
        bucket.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x61...0x7A, 0x2D: true
            default: false
            }
        }
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: false
        }
    }
}
