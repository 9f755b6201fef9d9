import Cryptography
import Testing

@Suite struct CryptographyTests {
    /// FIPS 180-4 examples.
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    ])
    func sha256(text: String, digest: String) {
        #expect(Hex.encode(SHA256.hash(text)) == digest)
    }

    /// RFC 4231, test cases 2 and 6 (a key longer than a block).
    @Test(arguments: [
        (
            Array("Jefe".utf8), "what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        ),
        (
            [UInt8](repeating: 0xAA, count: 131), "Test Using Larger Than Block-Size Key - Hash Key First",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        ),
    ])
    func hmac(key: [UInt8], message: String, code: String) {
        #expect(Hex.encode(HMAC.sha256(key: key, message: message)) == code)
    }

    @Test func hmacTakesAnEmptyKey() {
        #expect(
            Hex.encode(HMAC.sha256(key: [], message: ""))
                == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad")
    }
}
