import JSON

/// Reads a text that is one JSON string and spaces, byte by byte: what the parser has to read of it, or where it has to
/// refuse it and why.
struct JSONStringReference {
    private let text: [UInt8]
    private var position = 0

    static func read(_ text: [UInt8]) -> Result<String, JSONError> {
        var reference = JSONStringReference(text: text)
        return Result { () throws(JSONError) in try reference.document() }
    }

    private init(text: [UInt8]) {
        self.text = text
    }

    private mutating func document() throws(JSONError) -> String {
        guard !text.isEmpty else { throw error("the text is empty") }
        position = 1
        var units: [UInt8] = []
        while let byte = next(), byte != UInt8(ascii: "\"") {
            guard byte >= 0x20 else { throw error("a control character stands unescaped in a string") }
            position += 1
            if byte == UInt8(ascii: "\\") {
                units += try escaped()
            } else {
                units.append(byte)
            }
        }
        guard position < text.count else { throw error("the text ends inside a string") }
        guard let string = String(validating: units, as: UTF8.self) else {
            throw JSONError(offset: 1, reason: "the string that starts here is not UTF-8")
        }
        position += 1
        while next() == 0x20 { position += 1 }
        guard position == text.count else { throw error("there is more after the end of the value") }
        return string
    }

    private mutating func escaped() throws(JSONError) -> [UInt8] {
        guard let letter = next() else { throw error("the text ends inside a string") }
        let letters: [Character: Character] = [
            "\"": "\"", "\\": "\\", "/": "/", "b": "\u{8}", "f": "\u{C}", "n": "\n", "r": "\r", "t": "\t",
        ]
        if let character = letters[Character(Unicode.Scalar(letter))] {
            position += 1
            return Array(character.utf8)
        }
        guard letter == UInt8(ascii: "u") else { throw error("there is no such escape") }
        position += 1
        let first = try digits()
        if let scalar = Unicode.Scalar(first) { return Array(String(scalar).utf8) }
        let afterFirst = position
        if first < 0xDC00, Array(text[position...].prefix(2)) == Array(#"\u"#.utf8) {
            position += 2
            let second = try digits()
            if (0xDC00..<0xE000).contains(second) {
                return Array(String(decoding: [UInt16(first), UInt16(second)], as: UTF16.self).utf8)
            }
            position = afterFirst
        }
        return Array("\u{FFFD}".utf8)
    }

    private mutating func digits() throws(JSONError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = next() else { throw error("the text ends inside a string") }
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80 else {
                throw error("four hexadecimal digits are missing after \\u")
            }
            value = value * 16 + UInt32(digit)
            position += 1
        }
        return value
    }

    private func next() -> UInt8? {
        position < text.count ? text[position] : nil
    }

    private func error(_ reason: String) -> JSONError {
        JSONError(offset: position, reason: reason)
    }
}
