internal import HTTP

/// Where answers go that are too large for the load balancer (`PROXY_OVERFLOW_BUCKET`, `PROXY_OVERFLOW_PREFIX`).
public struct OverflowPlace: Sendable, Hashable {
    /// The bucket's name.
    public let bucket: String
    /// What every key starts with: empty, or a path that ends in a slash.
    public let prefix: String

    /// The prefix when none is set.
    public static let defaultPrefix = "mlflow-proxy/"

    /// Makes a place.
    ///
    /// - Parameters:
    ///   - bucket: The bucket's name.
    ///   - prefix: What keys start with; a slash at its end is added.
    /// - Throws: Which of the settings is wrong, as a sentence.
    public init(bucket: String, prefix: String = defaultPrefix) throws(OverflowPlaceError) {
        if let fault = Self.fault(ofBucket: bucket) {
            throw OverflowPlaceError("PROXY_OVERFLOW_BUCKET is no name of a bucket that can be used: \(fault).")
        }
        if let fault = Self.fault(ofPrefix: prefix) {
            throw OverflowPlaceError("PROXY_OVERFLOW_PREFIX cannot stand in front of keys: \(fault).")
        }
        self.bucket = bucket
        self.prefix = prefix.isEmpty || prefix.hasSuffix("/") ? prefix : prefix + "/"
    }

    /// The rules of S3 for general purpose buckets; dots, which those allow, would keep browsers from a TLS connection to
    /// the bucket's own host.
    private static func fault(ofBucket name: String) -> String? {
        let bytes = Array(name.utf8)
        guard (3...63).contains(bytes.count) else { return "it should have 3 to 63 characters" }
        guard !bytes.contains(UInt8(ascii: ".")) else {
            return "it has a dot, which no certificate of S3 covers; take a bucket without"
        }
        guard bytes.allSatisfy({ isSmallLetterOrDigit($0) || $0 == UInt8(ascii: "-") }),
            bytes.first != UInt8(ascii: "-"), bytes.last != UInt8(ascii: "-")
        else { return "it should be small letters, digits and hyphens, no hyphen first or last; an ARN is not one" }
        if let start = reservedStarts.first(where: name.hasPrefix) {
            return "names that start with \(start) are S3's own"
        }
        if let end = reservedEnds.first(where: name.hasSuffix) { return "names that end in \(end) are S3's own" }
        return nil
    }

    private static let reservedStarts = ["xn--", "sthree-", "amzn-s3-demo-"]
    private static let reservedEnds = ["-s3alias", "--ol-s3", "--x-s3", "--table-s3"]

    /// Characters that stand in a URL and in a policy as they are: `*`, `?` and `$` mean something else there.
    private static func fault(ofPrefix prefix: String) -> String? {
        guard prefix.utf8.count <= 512 else { return "it should have 512 characters at the most" }
        guard prefix.utf8.allSatisfy({ PercentEncoding.isUnreserved($0) || $0 == UInt8(ascii: "/") }) else {
            return "it should be letters, digits and the characters - _ . ~ and /"
        }
        guard !prefix.hasPrefix("/") else { return "it starts with a slash" }
        let segments = prefix.split(separator: "/", omittingEmptySubsequences: false)
        guard !segments.dropLast().contains("") else { return "it has two slashes in a row" }
        guard !segments.contains(where: { $0 == "." || $0 == ".." }) else { return "it has a dot segment (. or ..)" }
        return nil
    }

    private static func isSmallLetterOrDigit(_ byte: UInt8) -> Bool {
        (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte)
    }
}

/// What is wrong with a setting of ``OverflowPlace``.
public struct OverflowPlaceError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The sentence.
    public let description: String

    init(_ description: String) {
        self.description = description
    }
}
