internal import COpenSSL

/// SHA-256 (FIPS 180-4).
public enum SHA256 {
    /// The digest of the bytes, 32 bytes.
    public static func hash(_ bytes: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
        _ = COpenSSL.SHA256(bytes, bytes.count, &digest)
        return digest
    }

    /// The digest of a text's UTF-8.
    public static func hash(_ text: String) -> [UInt8] {
        hash(Array(text.utf8))
    }
}
