// Strings and their escapes (RFC 8259, section 7).
extension JSONParser {
    /// Reads a string, its opening quote next.
    mutating func string() throws(JSONError) -> String {
        position += 1
        let start = position
        try skipPlainCharacters()
        if position < bytes.count, bytes[position] == UInt8(ascii: "\"") {
            let text = try utf8(bytes[start..<position], at: start)
            position += 1
            return text
        }
        var decoded = Array(bytes[start..<position])
        while true {
            guard position < bytes.count else { throw error("the text ends inside a string") }
            if bytes[position] == UInt8(ascii: "\"") { break }
            try escape(into: &decoded)
            let plain = position
            try skipPlainCharacters()
            decoded.append(contentsOf: bytes[plain..<position])
        }
        position += 1
        return try decoded.withUnsafeBufferPointerResult { buffer throws(JSONError) in
            try utf8(buffer[...], at: start)
        }
    }

    /// Moves to the next quote, backslash or end.
    private mutating func skipPlainCharacters() throws(JSONError) {
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { return }
            guard byte >= 0x20 else { throw error("a control character stands unescaped in a string") }
            position += 1
        }
        throw error("the text ends inside a string")
    }

    private mutating func escape(into output: inout [UInt8]) throws(JSONError) {
        position += 1
        guard position < bytes.count else { throw error("the text ends inside a string") }
        let letter = bytes[position]
        position += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): output.append(letter)
        case UInt8(ascii: "b"): output.append(0x08)
        case UInt8(ascii: "f"): output.append(0x0C)
        case UInt8(ascii: "n"): output.append(0x0A)
        case UInt8(ascii: "r"): output.append(0x0D)
        case UInt8(ascii: "t"): output.append(0x09)
        case UInt8(ascii: "u"): output.append(contentsOf: Array(String(try unicodeEscape()).utf8))
        default:
            position -= 1
            throw error("there is no such escape")
        }
    }

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

    private func utf8(_ slice: Slice<UnsafeBufferPointer<UInt8>>, at start: Int) throws(JSONError) -> String {
        guard let text = String(validating: slice, as: UTF8.self) else {
            throw JSONError(offset: start, reason: "the string that starts here is not UTF-8")
        }
        return text
    }
}

extension Array<UInt8> {
    /// `withUnsafeBufferPointer` for a closure with a typed error.
    fileprivate func withUnsafeBufferPointerResult<Value>(
        _ body: (UnsafeBufferPointer<UInt8>) throws(JSONError) -> Value
    ) throws(JSONError) -> Value {
        let result = withUnsafeBufferPointer { buffer -> Result<Value, JSONError> in
            do throws(JSONError) {
                return .success(try body(buffer))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }
}
