/// Character classes of AWS's patterns, on UTF-8.
enum ASCII {
    static func isDigit(_ byte: UInt8) -> Bool {
        byte >= 0x30 && byte <= 0x39
    }

    static func isLetter(_ byte: UInt8) -> Bool {
        byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A
    }

    /// `\w`: letters, digits and the low line.
    static func isWord(_ byte: UInt8) -> Bool {
        isDigit(byte) || isLetter(byte) || byte == UInt8(ascii: "_")
    }

    /// Whether the text is made of word characters and the given ones.
    static func isWord(_ text: String, or others: StaticString) -> Bool {
        text.utf8.allSatisfy { byte in
            isWord(byte) || (0..<others.utf8CodeUnitCount).contains { others.utf8Start[$0] == byte }
        }
    }
}
