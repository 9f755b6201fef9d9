internal import COpenSSL

/// A public key on the curve P-256 (FIPS 186-5), which checks signatures of ES256: ECDSA with SHA-256 (RFC 7518,
/// section 3.4).
public final class P256PublicKey: Sendable {
    /// Made once and only read after that, which OpenSSL allows on any thread.
    private nonisolated(unsafe) let key: OpaquePointer

    /// Reads a key in PEM (RFC 7468, section 13: `PUBLIC KEY`); nil for anything but an uncompressed point of P-256,
    /// other curves, compressed points and curves given by their parameters included.
    public init?(pem: [UInt8]) {
        defer { ERR_clear_error() }
        guard let der = Self.der(ofPEM: pem), der.count == Self.prefix.count + 64, der.starts(with: Self.prefix)
        else { return nil }
        // OpenSSL makes sure that the point lies on the curve.
        let key = der.withUnsafeBufferPointer { der in
            var start = der.baseAddress
            return d2i_PUBKEY(nil, &start, der.count)
        }
        guard let key else { return nil }
        self.key = key
    }

    deinit {
        EVP_PKEY_free(key)
    }

    /// Whether the signature, r and s of 32 bytes each, is this key's of the message.
    public func verifies(_ signature: [UInt8], of message: some Sequence<UInt8>) -> Bool {
        guard signature.count == 64, let context = EVP_MD_CTX_new() else { return false }
        defer {
            EVP_MD_CTX_free(context)
            // Whatever was wrong here is no error of the next caller on this thread.
            ERR_clear_error()
        }
        let der = Self.der(ofSignature: signature)
        let message = Array(message)
        return EVP_DigestVerifyInit(context, nil, EVP_sha256(), nil, key) == 1
            && EVP_DigestVerify(context, der, der.count, message, message.count) == 1
    }

    /// SubjectPublicKeyInfo of an uncompressed point on P-256 (RFC 5480), up to the point's coordinates.
    private static let prefix: [UInt8] = [
        0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01, 0x06, 0x08, 0x2A, 0x86, 0x48,
        0xCE, 0x3D, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
    ]

    /// The content of the first block, which must be a public key.
    private static func der(ofPEM pem: [UInt8]) -> [UInt8]? {
        guard let bio = BIO_new_mem_buf(pem, Int32(clamping: pem.count)) else { return nil }
        defer { BIO_free(bio) }
        var name: UnsafeMutablePointer<CChar>?
        var header: UnsafeMutablePointer<CChar>?
        var content: UnsafeMutablePointer<UInt8>?
        var count = 0
        guard PEM_read_bio(bio, &name, &header, &content, &count) == 1 else { return nil }
        defer {
            CRYPTO_free(name, #file, #line)
            CRYPTO_free(header, #file, #line)
            CRYPTO_free(content, #file, #line)
        }
        guard let name, let header, let content, String(cString: name) == "PUBLIC KEY", header.pointee == 0
        else { return nil }
        return Array(UnsafeBufferPointer(start: content, count: count))
    }

    /// r and s as OpenSSL takes them: a sequence of two integers (RFC 3279, section 2.2.3).
    private static func der(ofSignature signature: [UInt8]) -> [UInt8] {
        let integers = integer(signature[..<32]) + integer(signature[32...])
        return [0x30, UInt8(integers.count)] + integers
    }

    /// An unsigned number as an integer in DER: no zeros before it, but one where it would pass for negative.
    private static func integer(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var digits = Array(bytes.drop { $0 == 0 })
        if digits.first.map({ $0 >= 0x80 }) ?? true { digits.insert(0, at: 0) }
        return [0x02, UInt8(digits.count)] + digits
    }
}
