// Escapes in strings (RFC 8259, section 7).
extension JSONParser {
    /// Reads an escape, its backslash next, and writes its character: never more bytes than were read.
    @inline(__always)
    mutating func escape(into characters: inout JSONByteWriter) throws(JSONError) {
        position += 1
        guard position < bytes.count else { throw error("the text ends inside a string") }
        let letter = bytes[position]
        position += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): characters.append(letter)
        case UInt8(ascii: "b"): characters.append(0x08)
        case UInt8(ascii: "f"): characters.append(0x0C)
        case UInt8(ascii: "n"): characters.append(0x0A)
        case UInt8(ascii: "r"): characters.append(0x0D)
        case UInt8(ascii: "t"): characters.append(0x09)
        case UInt8(ascii: "u"):
            let scalar = try unicodeEscape()
            for byte in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter { characters.append(byte) }
        default:
            position -= 1
            throw error("there is no such escape")
        }
    }

    /// The scalar of `\uXXXX`, or of two of them that are a surrogate pair, the first digit next.
    private mutating func unicodeEscape() throws(JSONError) -> Unicode.Scalar {
        let unit = try fourHexDigits()
        if let scalar = Unicode.Scalar(unit) { return scalar }
        let high = UInt32(unit)
        guard high < 0xDC00, position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
            bytes[position + 1] == UInt8(ascii: "u")
        else { return "\u{FFFD}" }
        let before = position
        position += 2
        let low = UInt32(try fourHexDigits())
        guard (0xDC00...0xDFFF).contains(low) else {
            position = before
            return "\u{FFFD}"
        }
        return Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00)) ?? "\u{FFFD}"
    }

    private mutating func fourHexDigits() throws(JSONError) -> UInt16 {
        var value: UInt16 = 0
        for _ in 0..<4 {
            guard position < bytes.count else { throw error("the text ends inside a string") }
            switch bytes[position] {
            case let byte where byte >= 0x30 && byte <= 0x39: value = value << 4 | UInt16(byte - 0x30)
            case let byte where byte | 0x20 >= 0x61 && byte | 0x20 <= 0x66:
                value = value << 4 | UInt16((byte | 0x20) - 0x61 + 10)
            default: throw error("four hexadecimal digits are missing after \\u")
            }
            position += 1
        }
        return value
    }
}
