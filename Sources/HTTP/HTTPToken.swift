/// The character classes of HTTP's grammar (RFC 9110, section 5.6).
public enum HTTPToken {
    /// Whether the text is a token: one or more of letters, digits and ``!#$%&'*+-.^_`|~``.
    public static func isToken(_ text: String) -> Bool {
        !text.isEmpty && text.withUTF8Bytes { $0.allSatisfy(isTokenByte) }
    }

    /// Whether the text may stand as a field value: no control character but a tab.
    public static func isFieldValue(_ text: String) -> Bool {
        text.withUTF8Bytes { bytes in
            none(bytes) { flag($0 < 0x20) & flag($0 != 0x09) | flag($0 == 0x7F) }
        }
    }

    /// Whether the text is visible ASCII, so that nothing in it can end a request line early.
    public static func isVisible(_ text: String) -> Bool {
        text.withUTF8Bytes { bytes in none(bytes) { isInvisible($0) } }
    }

    /// Whether the text may stand as a path on a request line: a slash, then visible ASCII without `?` and `#`.
    public static func isPath(_ text: String) -> Bool {
        text.withUTF8Bytes { bytes in
            bytes.first == UInt8(ascii: "/")
                && none(bytes) {
                    isInvisible($0) | flag($0 == UInt8(ascii: "?")) | flag($0 == UInt8(ascii: "#"))
                }
        }
    }

    /// Whether the text may stand as a query on a request line: visible ASCII without `#`.
    public static func isQuery(_ text: String) -> Bool {
        text.withUTF8Bytes { bytes in none(bytes) { isInvisible($0) | flag($0 == UInt8(ascii: "#")) } }
    }

    /// The byte with an ASCII capital made small.
    @inlinable
    public static func lowercased(_ byte: UInt8) -> UInt8 {
        byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte
    }

    /// The text with ASCII capitals made small; other characters are left alone.
    public static func lowercased(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 >= 0x41 && $0 <= 0x5A }) else { return text }
        return String(decoding: text.utf8.map(lowercased), as: UTF8.self)
    }

    /// Whether no byte is flagged. Without branches and without a way out in the middle the compiler looks at many bytes
    /// at a time, and all the path and header bytes of all requests come by here.
    @inline(__always)
    private static func none(_ bytes: UnsafeBufferPointer<UInt8>, _ flags: (UInt8) -> UInt8) -> Bool {
        var all: UInt8 = 0
        for byte in bytes { all |= flags(byte) }
        return all == 0
    }

    @inline(__always)
    private static func flag(_ condition: Bool) -> UInt8 {
        condition ? 1 : 0
    }

    /// Flags all but 0x21 to 0x7E.
    @inline(__always)
    private static func isInvisible(_ byte: UInt8) -> UInt8 {
        flag(byte &- 0x21 > 0x5D)
    }

    @inline(__always)
    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "%"), UInt8(ascii: "&"),
            UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "^"), UInt8(ascii: "_"), UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "~"):
            true
        default: false
        }
    }
}

extension String {
    /// The text's UTF-8 in one piece. A string made by Swift is; a bridged one is copied first.
    @inline(__always)
    func withUTF8Bytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        if let result = utf8.withContiguousStorageIfAvailable(body) { return result }
        return Array(utf8).withUnsafeBufferPointer(body)
    }
}
