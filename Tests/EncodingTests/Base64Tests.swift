import Encoding
import Foundation
import TestSupport
import Testing

@Suite struct Base64Tests {
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ])
    func theVectorsOfTheRFCHold(text: String, encoded: String) {
        #expect(Base64.encode(Array(text.utf8)) == encoded)
        #expect(Base64.decode(encoded) == Array(text.utf8))
        #expect(Base64.encodedCount(of: text.utf8.count) == encoded.utf8.count)
    }

    @Test func agreesWithFoundationOnRandomBytes() {
        var random = SeededGenerator(seed: 7)
        for count in 0...600 {
            let bytes = (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &random) }
            let encoded = Base64.encode(bytes)
            #expect(encoded == Data(bytes).base64EncodedString())
            #expect(Base64.decode(encoded) == bytes)
        }
    }

    @Test(arguments: [
        "Z", "Zg", "Zg=", "Zm8", "Zg===", "=", "====", "Zg==Zg==", "Z===", "Zm9v\n", "Zm 9v", "Zm9-", "Zm9_", "Zm9é",
        "Zm9v====", "Zh==", "Zm9=", "=Zg=", "Zm=v", "\u{0}AAA", "AAA\u{FF}", "A\u{80}A", "AAAA*AAA", "AAAAA*AA",
        "AAAAAA*A", "*AAAAAAA", "A*AAAAAA", "AA*AAAAA", "AAA*AAAA", "AA=AAAAA", "A=AA", "A===",
    ])
    func whatIsNotStrictIsRefused(text: String) {
        #expect(Base64.decode(text) == nil)
    }

    @Test func everyByteOutsideTheAlphabetIsRefusedInEveryPlace() {
        let alphabet = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        for byte in UInt8(0)...127 where !alphabet.contains(byte) && byte != UInt8(ascii: "=") {
            for place in 0..<8 {
                var text = Array("QUJDREVG".utf8)
                text[place] = byte
                #expect(Base64.decode(String(decoding: text, as: UTF8.self)) == nil)
            }
        }
    }
}
