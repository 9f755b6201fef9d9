import JSON
import TestSupport
import Testing

/// Strings are read many bytes at a time; whatever their length and wherever their escapes are, the outcome is that of
/// reading them byte by byte.
@Suite struct JSONStringTests {
    private static func read(_ text: [UInt8]) -> Result<String, JSONError> {
        Result { () throws(JSONError) in try JSONValue(parsing: text) }.map { $0.string ?? "no string" }
    }

    private static func quoted(_ characters: [UInt8], spaces: Int = 0) -> [UInt8] {
        [UInt8(ascii: "\"")] + characters + [UInt8(ascii: "\"")] + [UInt8](repeating: 0x20, count: spaces)
    }

    private static let escapes = [
        #"\""#, #"\\"#, #"\/"#, #"\b"#, #"\f"#, #"\n"#, #"\r"#, #"\t"#, #"\u0041"#, #"\u0000"#, #"\u00e9"#, #"\u20AC"#,
        #"\ud83d\ude00"#, #"\ud800"#, #"\udc00"#, #"\ud800\u0041"#, #"\ud800\n"#, #"\uD800\uD800"#,
    ].map { Array($0.utf8) }
    private static let characters = ["é", "€", "😀", "\u{7F}", "\u{80}", " ", "!", "#", "[", "]"].map { Array($0.utf8) }
    private static let faults: [[UInt8]] =
        [#"\x"#, #"\u12g4"#, #"\ud800\uZ"#, "\"", "\n", "\0", "\u{1F}"].map { Array($0.utf8) }
        + [[0xFF], [0xC3], [0xA9], [0xED, 0xA0, 0x80]]

    /// So many bytes or a few more; with a share of escapes, and a fault in some of the strings.
    private static func characters(
        _ count: Int, faulty: Bool = false, using random: inout SeededGenerator
    ) -> [UInt8] {
        let plainShare = Int.random(in: 0...30, using: &random)
        let faultPlace = faulty ? Int.random(in: 0...count, using: &random) : Int.max
        var output: [UInt8] = []
        var hasFault = false
        while output.count < count {
            if output.count >= faultPlace, !hasFault {
                output += faults.randomElement(using: &random) ?? []
                hasFault = true
            } else if Int.random(in: 0...plainShare, using: &random) > 1 {
                output.append(UInt8.random(in: 0x5D...0x7E, using: &random))
            } else {
                output += (Bool.random(using: &random) ? escapes : characters).randomElement(using: &random) ?? []
            }
        }
        return output
    }

    @Test func stringsOfEveryLengthAreReadAsByteByByte() {
        var random = SeededGenerator(seed: 7)
        var readCount = 0
        var refusedCount = 0
        for count in 0...300 {
            for round in 0..<12 {
                let text = Self.quoted(
                    Self.characters(count, faulty: round % 3 == 0, using: &random),
                    spaces: round % 2 == 0 ? 0 : Int.random(in: 0...70, using: &random))
                let expected = JSONStringReference.read(text)
                #expect(Self.read(text) == expected, "\(text)")
                if case .success = expected { readCount += 1 } else { refusedCount += 1 }
            }
        }
        #expect(readCount > 2_000 && refusedCount > 800)
    }

    @Test func aStringCutOffAnywhereIsRefusedAtItsPlace() {
        var random = SeededGenerator(seed: 8)
        for count in stride(from: 0, through: 300, by: 12) {
            let text = Self.quoted(Self.characters(count, using: &random))
            for end in 1..<text.count {
                let cut = Array(text[..<end])
                let outcome = Self.read(cut)
                #expect(outcome == JSONStringReference.read(cut), "\(cut)")
                #expect(outcome == .failure(JSONError(offset: end, reason: "the text ends inside a string")))
            }
        }
    }

    @Test func everyByteIsReadAlikeInEveryPlace() {
        for byte in UInt8.min...UInt8.max {
            for place in 0..<20 {
                for prefix in ["", #"\n"#] {
                    var characters = [UInt8](repeating: UInt8(ascii: "a"), count: 20)
                    characters[place] = byte
                    let text = Self.quoted(Array(prefix.utf8) + characters)
                    #expect(Self.read(text) == JSONStringReference.read(text), "\(text)")
                }
            }
        }
    }

    /// Strings with escapes are decoded one after the other in the same memory.
    @Test func stringsOfOneTextDoNotMix() throws {
        var random = SeededGenerator(seed: 9)
        for _ in 0..<100 {
            let strings = (0..<12).map { _ in
                Self.quoted(Self.characters(Int.random(in: 0...120, using: &random), using: &random))
            }
            let text = Array("[".utf8) + strings.joined(separator: Array(",".utf8)) + Array("]".utf8)
            let elements = try #require(try JSONValue(parsing: text).array)
            #expect(elements.map(\.string) == strings.map { try? JSONStringReference.read($0).get() })
        }
    }
}
