import Cryptography
import Encoding
import TestSupport
import Testing

@Suite struct P256PublicKeyTests {
    private static let message = Array("header.payload".utf8)

    /// RFC 7515, appendix A.3.
    @Test func thePublishedTokenIsVerified() throws {
        let prefix: [UInt8] = [
            0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01, 0x06, 0x08, 0x2A, 0x86, 0x48,
            0xCE, 0x3D, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
        ]
        let x = try #require(Base64URL.decode("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU".utf8))
        let y = try #require(Base64URL.decode("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0".utf8))
        let key = try #require(P256PublicKey(pem: Self.pem(prefix + x + y)))
        let signed =
            "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290"
            + "Ijp0cnVlfQ"
        let signature = try #require(
            Base64URL.decode(
                "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q".utf8))
        #expect(key.verifies(signature, of: signed.utf8))
        #expect(!key.verifies(signature, of: (signed + "=").utf8))
        // A point that is not on the curve is no key.
        #expect(P256PublicKey(pem: Self.pem(prefix + x + x)) == nil)
    }

    @Test func signaturesWithShortNumbersAreVerified() throws {
        let pair = try #require(ECDSAKeyPair())
        let key = try #require(P256PublicKey(pem: Array(pair.publicPEM.utf8)))
        // One number in 256 starts with a zero byte and every other one with a high bit.
        for index in 0..<1_000 {
            let message = Array("message \(index)".utf8)
            #expect(key.verifies(pair.signature(of: message), of: message))
        }
    }

    @Test func anythingButTheSignatureIsRefused() throws {
        let pair = try #require(ECDSAKeyPair())
        let key = try #require(P256PublicKey(pem: Array(pair.publicPEM.utf8)))
        let other = try #require(ECDSAKeyPair())
        let signature = pair.signature(of: Self.message)
        #expect(key.verifies(signature, of: Self.message))
        for position in 0..<64 {
            var changed = signature
            changed[position] ^= 1
            #expect(!key.verifies(changed, of: Self.message))
        }
        let zeros = [UInt8](repeating: 0, count: 32)
        let ones = [UInt8](repeating: 0xFF, count: 32)
        let wrong = [
            [], zeros + zeros, ones + ones, zeros + signature[32...], signature[..<32] + zeros,
            Array(signature.dropLast()), signature + [0], [0] + signature, pair.derSignature(of: Self.message),
            other.signature(of: Self.message), Array(signature[32...] + signature[..<32]),
        ]
        for signature in wrong { #expect(!key.verifies(signature, of: Self.message)) }
    }

    @Test func onlyAKeyOfTheCurveIsTaken() throws {
        let pair = try #require(ECDSAKeyPair())
        let pem = pair.publicPEM
        let others = [
            try #require(ECDSAKeyPair(.p384)).publicPEM, try #require(ECDSAKeyPair(.secp256k1)).publicPEM,
            pair.privatePEM, Self.compressed, Self.explicit, Self.rsa, "", "<Error>AccessDenied</Error>",
            pem.replacing("PUBLIC KEY", with: "CERTIFICATE"), pem.replacing("MFkw", with: "MFkx"),
            String(pem.prefix(100)), pem.replacing("-----END PUBLIC KEY-----", with: ""),
            String(repeating: "\0", count: 1_000),
        ]
        for other in others { #expect(P256PublicKey(pem: Array(other.utf8)) == nil, "\(other)") }
        #expect(P256PublicKey(pem: Array(pem.replacing("\n", with: "\r\n").utf8)) != nil)
        #expect(P256PublicKey(pem: Array(pem.trimmingSuffix("\n").utf8)) != nil)
    }

    private static func pem(_ der: [UInt8]) -> [UInt8] {
        let text = Base64.encode(der)
        let lines = stride(from: 0, to: text.utf8.count, by: 64).map { text.dropFirst($0).prefix(64) }
        return Array("-----BEGIN PUBLIC KEY-----\n\(lines.joined(separator: "\n"))\n-----END PUBLIC KEY-----\n".utf8)
    }

    /// The point as x and one bit.
    private static let compressed = """
        -----BEGIN PUBLIC KEY-----
        MDkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDIgADY313Gm2i6gHelIS+moqAz2zBkkba
        BSFwLa7SMlBGORI=
        -----END PUBLIC KEY-----
        """

    /// The curve by its parameters instead of its name.
    private static let explicit = """
        -----BEGIN PUBLIC KEY-----
        MIIBSzCCAQMGByqGSM49AgEwgfcCAQEwLAYHKoZIzj0BAQIhAP////8AAAABAAAA
        AAAAAAAAAAAA////////////////MFsEIP////8AAAABAAAAAAAAAAAAAAAA////
        ///////////8BCBaxjXYqjqT57PrvVV2mIa8ZR0GsMxTsPY7zjw+J9JgSwMVAMSd
        NgiG5wSTamZ44ROdJreBn36QBEEEaxfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5
        RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9QIhAP////8AAAAA
        //////////+85vqtpxeehPO5ysL8YyVRAgEBA0IABGN9dxptouoB3pSEvpqKgM9s
        wZJG2gUhcC2u0jJQRjkSMsx5bnM16EOT+gHzqwMgz7/qIHqkj+Tlg38femgg3ik=
        -----END PUBLIC KEY-----
        """

    /// An RSA key.
    private static let rsa = """
        -----BEGIN PUBLIC KEY-----
        MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDWfwWNFEOC4bDa9i3z5pIp53LW
        GAZuOk5Z3DW9sL/QYPnc5o/3lR+Wlu/WXwN85BlVDVJTmZN4CL7qSwuqTnlAHpB3
        jjA2fDvdA3I5y6RTvkW89y5ApZuHD9E07mkMTnIxN8Gs/6T5v22V3il7F/cxc5lT
        L3F8LmN6HSOh2+s0LQIDAQAB
        -----END PUBLIC KEY-----
        """
}

extension String {
    fileprivate func trimmingSuffix(_ suffix: String) -> String {
        hasSuffix(suffix) ? String(dropLast(suffix.count)) : self
    }
}
