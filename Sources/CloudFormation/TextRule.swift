/// What a text property must look like.
public struct TextRule: Sendable {
    /// The rule for a person, as the end of `… must be`: `1 to 63 letters, digits or one of "-"`.
    public let expectation: String
    /// Whether a text keeps the rule.
    public let accepts: @Sendable (String) -> Bool

    /// Makes a rule of its own.
    public init(_ expectation: String, accepts: @escaping @Sendable (String) -> Bool) {
        self.expectation = expectation
        self.accepts = accepts
    }

    /// ASCII letters, digits and some more characters, a number of them; with a letter or digit first and last when
    /// `framed`.
    public static func word(_ lengths: ClosedRange<Int>, or more: String = "", framed: Bool = false) -> TextRule {
        var expectation = "\(lengths.lowerBound) to \(lengths.upperBound) letters or digits"
        if !more.isEmpty { expectation += " or \(more.debugDescription)" }
        if framed { expectation += ", with a letter or digit first and last" }
        return TextRule(expectation) { text in
            let bytes = Array(text.utf8)
            guard lengths.contains(bytes.count), bytes.allSatisfy({ isWord($0) || more.utf8.contains($0) }) else {
                return false
            }
            guard framed, let first = bytes.first, let last = bytes.last else { return true }
            return isWord(first) && isWord(last)
        }
    }

    /// An id of AWS: a prefix, then hexadecimal digits, 8 or 17 of them.
    public static func id(prefix: String) -> TextRule {
        TextRule("an id such as \(prefix)0123456789abcdef0") { text in
            let digits = text.utf8.dropFirst(prefix.utf8.count)
            return text.hasPrefix(prefix) && (digits.count == 8 || digits.count == 17)
                && digits.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
        }
    }

    /// Any text of a number of bytes that begins with a prefix.
    public static func beginning(with prefix: String, _ lengths: ClosedRange<Int> = 1...2_048) -> TextRule {
        TextRule("\(lengths.lowerBound) to \(lengths.upperBound) bytes that begin with \(prefix.debugDescription)") {
            $0.hasPrefix(prefix) && lengths.contains($0.utf8.count)
        }
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20)
    }
}
