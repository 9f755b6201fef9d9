/// What a GraphQL document is made of (GraphQL specification, October 2021, section 2.1), as far as its operations are
/// concerned: values are recognized, so that nothing in them is taken for something else, and not kept.
enum GraphQLToken: Equatable {
    /// `! $ & ( : = @ [ ] { | }`, or a point for the three of a spread.
    case punctuator(UInt8)
    case name(String)
    /// A string, a block string or a number.
    case value
}

/// Cuts a document into tokens, more strictly than MLflow does: a document on which two readers might differ has none.
struct GraphQLLexer {
    private let text: [UInt8]
    private var position = 0

    private init(_ text: [UInt8]) {
        self.text = text
    }

    /// The document's tokens; nil when it has a fault.
    static func tokens(_ text: String) -> [GraphQLToken]? {
        var lexer = GraphQLLexer(Array(text.utf8))
        var tokens: [GraphQLToken] = []
        while lexer.skipIgnored() {
            guard lexer.position < lexer.text.count else { return tokens }
            guard let token = lexer.token() else { return nil }
            tokens.append(token)
        }
        return nil
    }

    /// Skips space, commas, comments and byte order marks (sections 2.1.1 to 2.1.7). False at a fault.
    private mutating func skipIgnored() -> Bool {
        while let byte = peek() {
            switch byte {
            case 0x09, 0x0A, 0x0D, 0x20, UInt8(ascii: ","): position += 1
            case 0xEF where peek(1) == 0xBB && peek(2) == 0xBF: position += 3
            case UInt8(ascii: "#"): guard skipComment() else { return false }
            default: return true
            }
        }
        return true
    }

    /// A comment ends with its line. Where a line ends must be beyond doubt: NEL and the Unicode separators, which end
    /// one for some readers, are faults.
    private mutating func skipComment() -> Bool {
        while let byte = peek(), byte != 0x0A, byte != 0x0D {
            if byte < 0x20 && byte != 0x09 || byte == 0x7F { return false }
            if byte == 0xC2 && peek(1) == 0x85 { return false }
            if byte == 0xE2 && peek(1) == 0x80 && (peek(2) == 0xA8 || peek(2) == 0xA9) { return false }
            position += 1
        }
        return true
    }

    private mutating func token() -> GraphQLToken? {
        guard let byte = peek() else { return nil }
        switch byte {
        case UInt8(ascii: "\""):
            return (peek(1) == byte && peek(2) == byte ? skipBlockString() : skipString()) ? .value : nil
        case UInt8(ascii: "."):
            guard peek(1) == byte, peek(2) == byte, peek(3) != byte else { return nil }
            position += 3
            return .punctuator(byte)
        case UInt8(ascii: "-"), 0x30...0x39: return skipNumber() ? .value : nil
        case _ where Self.isNameStart(byte): return .name(name())
        case _ where "!$&():=@[]{|}".utf8.contains(byte):
            position += 1
            return .punctuator(byte)
        default: return nil
        }
    }

    private mutating func name() -> String {
        let start = position
        while let byte = peek(), Self.isNameStart(byte) || Self.isDigit(byte) { position += 1 }
        return String(decoding: text[start..<position], as: UTF8.self)
    }

    /// `"…"` on one line; a backslash stands before one of few characters (section 2.9.4).
    private mutating func skipString() -> Bool {
        position += 1
        while let byte = peek() {
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return true
            case UInt8(ascii: "\\"):
                guard let escaped = peek(), "\"\\/bfnrtu".utf8.contains(escaped) else { return false }
                position += 1
            case 0x00..<0x09, 0x0A..<0x20, 0x7F: return false
            default: break
            }
        }
        return false
    }

    /// `"""…"""`; within it, `\"""` alone is an escape.
    private mutating func skipBlockString() -> Bool {
        position += 3
        while let byte = peek() {
            let isTriple = peek(1) == UInt8(ascii: "\"") && peek(2) == UInt8(ascii: "\"")
            if byte == UInt8(ascii: "\""), isTriple {
                position += 3
                return true
            }
            if byte == UInt8(ascii: "\\"), isTriple, peek(3) == UInt8(ascii: "\"") {
                position += 4
            } else if byte < 0x20, ![0x09, 0x0A, 0x0D].contains(byte) {
                return false
            } else {
                position += 1
            }
        }
        return false
    }

    /// A number that a name or another number does not follow at once (sections 2.9.1 and 2.9.2).
    private mutating func skipNumber() -> Bool {
        if peek() == UInt8(ascii: "-") { position += 1 }
        if peek() == UInt8(ascii: "0") { position += 1 } else if !skipDigits() { return false }
        if peek() == UInt8(ascii: ".") {
            position += 1
            guard skipDigits() else { return false }
        }
        if let byte = peek(), byte | 0x20 == UInt8(ascii: "e") {
            position += 1
            if let sign = peek(), sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { position += 1 }
            guard skipDigits() else { return false }
        }
        guard let next = peek() else { return true }
        return !Self.isNameStart(next) && !Self.isDigit(next) && next != UInt8(ascii: ".")
    }

    private mutating func skipDigits() -> Bool {
        let start = position
        while let byte = peek(), Self.isDigit(byte) { position += 1 }
        return position > start
    }

    private func peek(_ offset: Int = 0) -> UInt8? {
        position + offset < text.count ? text[position + offset] : nil
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    private static func isNameStart(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "_"): true
        default: false
        }
    }
}
