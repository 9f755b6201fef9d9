internal import COpenSSL

/// HMAC with SHA-256 (RFC 2104).
public enum HMAC {
    /// The code of the message under the key, 32 bytes.
    public static func sha256(key: [UInt8], message: [UInt8]) -> [UInt8] {
        var code = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
        var length: UInt32 = 0
        _ = COpenSSL.HMAC(EVP_sha256(), key, Int32(clamping: key.count), message, message.count, &code, &length)
        return code
    }

    /// The code of a text's UTF-8 under the key.
    public static func sha256(key: [UInt8], message: String) -> [UInt8] {
        sha256(key: key, message: Array(message.utf8))
    }
}
