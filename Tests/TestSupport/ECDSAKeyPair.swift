import COpenSSL

/// A new key pair on an elliptic curve, for tests that sign.
public final class ECDSAKeyPair: Sendable {
    /// The curves there are tests with.
    public enum Curve: Sendable {
        /// The curve of ES256.
        case p256
        /// The curve of ES384.
        case p384
        /// A curve with numbers as long as those of P-256.
        case secp256k1
    }

    private nonisolated(unsafe) let key: OpaquePointer
    private let coordinateBytes: Int

    /// Makes a key pair; nil when OpenSSL cannot.
    public init?(_ curve: Curve = .p256) {
        let (id, bytes) =
            switch curve {
            case .p256: (NID_X9_62_prime256v1, 32)
            case .p384: (NID_secp384r1, 48)
            case .secp256k1: (NID_secp256k1, 32)
            }
        guard let context = EVP_PKEY_CTX_new_id(EVP_PKEY_EC, nil) else { return nil }
        defer { EVP_PKEY_CTX_free(context) }
        var key: OpaquePointer?
        guard EVP_PKEY_keygen_init(context) == 1, EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context, id) == 1,
            EVP_PKEY_keygen(context, &key) == 1, let key
        else { return nil }
        self.key = key
        coordinateBytes = bytes
    }

    deinit {
        EVP_PKEY_free(key)
    }

    /// The public key in PEM.
    public var publicPEM: String {
        guard let bio = BIO_new(BIO_s_mem()) else { return "" }
        defer { BIO_free(bio) }
        guard PEM_write_bio_PUBKEY(bio, key) == 1 else { return "" }
        return Self.text(in: bio)
    }

    /// The private key in PEM.
    public var privatePEM: String {
        guard let bio = BIO_new(BIO_s_mem()) else { return "" }
        defer { BIO_free(bio) }
        guard PEM_write_bio_PrivateKey(bio, key, nil, nil, 0, nil, nil) == 1 else { return "" }
        return Self.text(in: bio)
    }

    /// The signature with SHA-256, in DER.
    public func derSignature(of message: [UInt8]) -> [UInt8] {
        guard let context = EVP_MD_CTX_new() else { return [] }
        defer { EVP_MD_CTX_free(context) }
        var signature = [UInt8](repeating: 0, count: 256)
        var count = signature.count
        guard EVP_DigestSignInit(context, nil, EVP_sha256(), nil, key) == 1,
            EVP_DigestSign(context, &signature, &count, message, message.count) == 1
        else { return [] }
        return Array(signature[..<count])
    }

    /// The signature with SHA-256, r and s one after the other.
    public func signature(of message: [UInt8]) -> [UInt8] {
        // A sequence and its length, of one byte on these curves; then the two integers.
        var rest = derSignature(of: message).dropFirst(2)
        var numbers: [UInt8] = []
        for _ in 0..<2 where rest.count > 2 {
            let count = Int(rest[rest.startIndex + 1])
            let digits = rest.dropFirst(2).prefix(count).drop { $0 == 0 }
            numbers += [UInt8](repeating: 0, count: max(0, coordinateBytes - digits.count)) + digits
            rest = rest.dropFirst(2 + count)
        }
        return numbers
    }

    private static func text(in bio: OpaquePointer) -> String {
        var buffer = [UInt8](repeating: 0, count: 4_096)
        let count = BIO_read(bio, &buffer, Int32(buffer.count))
        return String(decoding: buffer.prefix(max(0, Int(count))), as: UTF8.self)
    }
}
