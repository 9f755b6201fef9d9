import Encoding
import TestSupport
import Testing

@Suite struct Base64URLTests {
    /// RFC 4648, section 10, with padding and without.
    @Test(arguments: [
        ("", ""), ("Zg==", "f"), ("Zm8=", "fo"), ("Zm9v", "foo"), ("Zm9vYg==", "foob"), ("Zm9vYmE=", "fooba"),
        ("Zm9vYmFy", "foobar"), ("Zg", "f"), ("Zm8", "fo"), ("Zm9vYg", "foob"), ("Zm9vYmE", "fooba"),
    ])
    func publishedExamplesAreRead(text: String, bytes: String) {
        #expect(Base64URL.decode(text.utf8) == Array(bytes.utf8))
    }

    @Test func theAlphabetIsTheOneForURLs() {
        #expect(Base64URL.decode("-_-_".utf8) == [0xFB, 0xFF, 0xBF])
        #expect(Base64URL.decode("+/+/".utf8) == nil)
    }

    @Test(arguments: [
        "Z", "Zm9vY", "Zg=", "Zg===", "Zm8==", "Zm9v=", "Zm9v==", "Zm9v====", "=", "==", "Zg==Zg==", "Zm=8", "Zh==",
        "Zh", "Zm9=", " Zg==", "Zg==\n", "Zm 8", "Zm8\u{3D}\u{301}", "Ｚg", "Zg\u{0}", "Zm9v.", "Zm*v",
    ])
    func whatIsNotExactIsRefused(text: String) {
        #expect(Base64URL.decode(text.utf8) == nil)
    }

    @Test func everyLengthAndByteIsReadBack() {
        for count in 0..<260 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ count) }
            #expect(Base64URL.decode(Base64URLText.encode(bytes, padded: true).utf8) == bytes)
            #expect(Base64URL.decode(Base64URLText.encode(bytes, padded: false).utf8) == bytes)
        }
    }
}
