import Foundation
import JSON
import Testing

@Suite struct JSONTests {
    @Test(arguments: [
        "null", "true", "false", "0", "-0", "1.5e+10", "123456789012345678901234567890", "\"\"", "[]", "{}",
        "[1,[2,[3]]]", "{\"b\":1,\"a\":[null,{}]}", "\"é😀\"", "{\"a\":1,\"a\":2}",
    ])
    func canonicalTextSurvives(text: String) throws {
        #expect(try JSONValue(parsing: text).description == text)
    }

    @Test func escapesAreReadAndWritten() throws {
        let value = try JSONValue(parsing: #""\"\\\/\b\f\n\r\tA\u00e9\ud83d\ude00""#)
        #expect(value.string == "\"\\/\u{8}\u{c}\n\r\tAé😀")
        #expect(JSONValue.string("\u{1}\u{1f}\"\\\n").description == #""\u0001\u001f\"\\\n""#)
    }

    @Test(arguments: [#""\ud800""#, #""\udc00""#, #""\ud800A""#, #""\ud800\n""#])
    func aLoneSurrogateIsReplaced(text: String) throws {
        #expect(try JSONValue(parsing: text).string?.hasPrefix("\u{FFFD}") == true)
    }

    @Test(arguments: [
        ("", 0), ("  ", 2), ("{", 1), ("[1", 2), ("[1,]", 3), ("{\"a\"}", 4), ("{\"a\":1,}", 7), ("01", 1), ("1.", 2),
        ("\"a", 2), ("\"\n\"", 1), ("\"\\x\"", 2), ("nul", 0), ("1 2", 2), ("{a:1}", 1), ("\"\\u12g4\"", 5), ("-", 1),
    ])
    func aFaultIsNamedWithItsPlace(text: String, offset: Int) {
        let error = #expect(throws: JSONError.self) { try JSONValue(parsing: text) }
        #expect(error?.offset == offset)
    }

    @Test func bytesThatAreNotUTF8AreRefusedInStrings() {
        #expect(throws: JSONError.self) { try JSONValue(parsing: [0x22, 0xFF, 0x22]) }
        #expect(throws: JSONError.self) { try JSONValue(parsing: [0x22, 0x5C, 0x6E, 0xC3, 0x22]) }
    }

    @Test func deepNestingIsRefusedWithoutATrap() {
        let text = String(repeating: "[", count: 100_000)
        #expect(throws: JSONError.self) { try JSONValue(parsing: text) }
    }

    @Test func theLastOfTwoMembersCounts() throws {
        #expect(try JSONValue(parsing: #"{"a":1,"a":2}"#)["a"] == 2)
    }

    @Test func bytesOfAnyKindBecomeAValidString() throws {
        var output: [UInt8] = []
        JSONText.appendString(repairing: (UInt8.min...UInt8.max).map { $0 }, to: &output)
        #expect(try JSONValue(parsing: output).string?.hasPrefix("\0\u{1}") == true)
    }

    /// Random documents, damaged at random: whatever Foundation reads we read alike, and nothing traps.
    @Test func agreesWithFoundationOnDamagedText() throws {
        var random = SystemRandomNumberGenerator()
        let seed = Array(
            #"{"headers":{"a":["x\u00e9","\n"],"b":[]},"n":-12.5e3,"t":true,"z":null,"deep":[[[{"k":"v"}]]]}"#.utf8)
        let alphabet = Array(#"{}[]",:\ tfn0123456789.eE+-u"#.utf8)
        for _ in 0..<20_000 {
            var text = seed
            for _ in 0..<Int.random(in: 0...3, using: &random) {
                let index = Int.random(in: 0..<text.count, using: &random)
                text[index] = alphabet.randomElement(using: &random) ?? 0x20
            }
            let foundation = try? JSONSerialization.jsonObject(with: Data(text), options: [.fragmentsAllowed])
            let ours = try? JSONValue(parsing: text)
            if foundation == nil { continue }
            #expect(ours != nil, "\(String(decoding: text, as: UTF8.self))")
        }
    }
}
