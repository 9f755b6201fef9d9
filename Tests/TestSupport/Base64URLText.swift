import Encoding

/// Writes Base 64 for URLs (RFC 4648, section 5), as tokens carry it.
public enum Base64URLText {
    /// The bytes as text, with its padding or without.
    public static func encode(_ bytes: [UInt8], padded: Bool) -> String {
        let digits: [UInt8] = Base64.encode(bytes).utf8.compactMap { digit in
            switch digit {
            case UInt8(ascii: "+"): UInt8(ascii: "-")
            case UInt8(ascii: "/"): UInt8(ascii: "_")
            case UInt8(ascii: "=") where !padded: nil
            default: digit
            }
        }
        return String(decoding: digits, as: UTF8.self)
    }
}
