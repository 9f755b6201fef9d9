internal import AWSServices
internal import HTTP

/// Where an artifact is in S3: the owner's `artifact_uri` and the artifact's path below it.
enum ArtifactPlace {
    /// Reads an `s3://` URI as MLflow's own client does, without a slash at its end; nil for what is none, or has parts
    /// that the client would cut off or read otherwise.
    static func location(of uri: String) -> S3Location? {
        guard uri.hasPrefix("s3://"), uri.utf8.count <= 1_024 + 70,
            !uri.utf8.contains(where: { "?#\\".utf8.contains($0) })
        else { return nil }
        let rest = uri.dropFirst(5)
        let bucket = rest.prefix { $0 != "/" }
        guard isBucketName(bucket) else { return nil }
        var key = rest.dropFirst(bucket.count + 1)
        while key.hasSuffix("/") { key = key.dropLast() }
        guard key.isEmpty || fault(of: String(key)) == nil else { return nil }
        return S3Location(bucket: String(bucket), key: String(key))
    }

    /// The artifact's place below its owner's.
    ///
    /// - Throws: ``ProxyError`` for a path that leaves the owner's artifacts, or that no key of S3 can be.
    static func location(of path: String, below owner: S3Location) throws(ProxyError) -> S3Location {
        if let fault = fault(of: path) { throw .invalidParameter("path cannot be an artifact's: \(fault).") }
        let key = owner.key.isEmpty ? path : "\(owner.key)/\(path)"
        guard key.utf8.count <= 1_024 else {
            throw .invalidParameter("path is too long: with the run's own path it has more than 1024 bytes.")
        }
        return S3Location(bucket: owner.bucket, key: key)
    }

    /// What is wrong with a path, as S3 takes it and as readers that decode it once or twice would.
    private static func fault(of path: String) -> String? {
        guard !path.isEmpty else { return "it is empty" }
        var reading = Array(path.utf8)
        for _ in 0..<3 {
            if reading.contains(where: { $0 < 0x20 || $0 == 0x7F || $0 == UInt8(ascii: "\\") }) {
                return "it holds a control character or a backslash"
            }
            let segments = reading.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            if segments.contains(where: \.isEmpty) {
                return "it starts or ends with a slash, or has two in a row"
            }
            if segments.contains(where: { $0.count <= 2 && $0.allSatisfy { $0 == UInt8(ascii: ".") } }) {
                return "it holds a dot segment (. or ..)"
            }
            reading = PercentEncoding.decode(String(decoding: reading, as: UTF8.self))
        }
        return nil
    }

    private static func isBucketName(_ name: Substring) -> Bool {
        (3...63).contains(name.utf8.count) && name.first != "-" && name.first != "."
            && name.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "."): true
                default: false
                }
            }
    }
}
