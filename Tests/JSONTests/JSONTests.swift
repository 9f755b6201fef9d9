import Foundation
import JSON
import TestSupport
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

    /// Random documents, damaged at random: nothing traps, and whatever we read Foundation reads alike. Not the other way
    /// round, since Foundation takes commas at the end of lists.
    @Test func agreesWithFoundationOnDamagedText() throws {
        var generator = SeededGenerator(seed: 1)
        let seed = Array(
            #"{"headers":{"a":["x\u00e9","\n"],"b":[]},"n":-12.5e3,"t":true,"z":null,"deep":[[[{"k":"v"}]]]}"#.utf8)
        let alphabet = Array(#"{}[]",:\ tfn0123456789.eE+-u"#.utf8)
        var readCount = 0
        for _ in 0..<20_000 {
            var text = seed
            for _ in 0..<Int.random(in: 0...3, using: &generator) {
                let index = Int.random(in: 0..<text.count, using: &generator)
                text[index] = alphabet[Int.random(in: 0..<alphabet.count, using: &generator)]
            }
            guard let ours = try? JSONValue(parsing: text) else { continue }
            readCount += 1
            let foundation = try? JSONDecoder().decode(FoundationValue.self, from: Data(text))
            #expect(foundation?.matches(ours) == true, "\(String(decoding: text, as: UTF8.self))")
        }
        #expect(readCount > 5_000)
    }
}

/// A value as Foundation reads it.
private enum FoundationValue: Decodable {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case array([FoundationValue])
    case object([String: FoundationValue])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([FoundationValue].self) {
            self = .array(value)
        } else {
            self = .object(try container.decode([String: FoundationValue].self))
        }
    }

    func matches(_ value: JSONValue) -> Bool {
        switch (self, value) {
        case (.null, .null): true
        case (.bool(let left), .bool(let right)): left == right
        case (.number(let left), .number): left == value.double
        case (.string(let left), .string(let right)): left == right
        case (.array(let left), .array(let right)):
            left.count == right.count && zip(left, right).allSatisfy { $0.matches($1) }
        case (.object(let left), .object(let right)):
            Set(right.map(\.name)) == Set(left.keys)
                // Of two members of one name Foundation takes the first, we the last; RFC 8259 leaves it open.
                && (left.count < right.members.count
                    || left.allSatisfy { name, member in right[name].map { member.matches($0) } ?? false })
        default: false
        }
    }
}
