// Strings (RFC 8259, section 7).
extension JSONParser {
    /// Reads a string, its opening quote next.
    mutating func string() throws(JSONError) -> String {
        position += 1
        let start = position
        try skipPlainCharacters()
        let characters =
            bytes[position] == UInt8(ascii: "\"")
            ? UnsafeBufferPointer(rebasing: bytes[start..<position]) : try decodedCharacters(from: start)
        guard let text = String(validating: characters, as: UTF8.self) else {
            throw JSONError(offset: start, reason: "the string that starts here is not UTF-8")
        }
        position += 1
        return text
    }

    /// Moves to the next quote or backslash.
    private mutating func skipPlainCharacters() throws(JSONError) {
        position = JSONStringMarks.next(in: bytes, from: position)
        guard position < bytes.count else { throw error("the text ends inside a string") }
        guard bytes[position] >= 0x20 else { throw error("a control character stands unescaped in a string") }
    }

    /// The characters of a string that has escapes, the first of them next; moves to the closing quote.
    ///
    /// They lie in the parser's own room until the next string with escapes is read, and never take more of it than was
    /// read: each escape is longer than its character in UTF-8.
    private mutating func decodedCharacters(from start: Int) throws(JSONError) -> UnsafeBufferPointer<UInt8> {
        var characters = JSONByteWriter(decodingRoom(from: start))
        characters.append(start..<position, of: bytes)
        while bytes[position] == UInt8(ascii: "\\") {
            try escape(into: &characters)
            let plain = position
            try skipPlainCharacters()
            characters.append(plain..<position, of: bytes)
        }
        return characters.written
    }
}
