/// An absolute `http` or `https` URL cut into the parts a request is made of; nothing is decoded or normalised.
public struct URLParts: Sendable, Hashable {
    /// `http` or `https`, in small letters.
    public var scheme: String
    /// Host and optional port.
    public var authority: String
    /// The path with its leading slash, or the empty string.
    public var path: String
    /// What follows the first question mark, without it.
    public var query: String?

    /// Cuts a URL, or gives nil when it is not an absolute `http(s)` URL of visible ASCII with a plain host
    /// (no user name, no fragment).
    public init?(_ url: String) {
        guard let separator = url.range(ofFirst: "://"), HTTPToken.isVisible(url), !url.utf8.contains(UInt8(ascii: "#"))
        else { return nil }
        scheme = HTTPToken.lowercased(String(url[..<separator.lowerBound]))
        guard scheme == "http" || scheme == "https" else { return nil }
        let rest = url[separator.upperBound...]
        let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        authority = String(rest[..<end])
        guard Self.isAuthority(authority) else { return nil }
        let target = rest[end...]
        if let mark = target.firstIndex(of: "?") {
            path = String(target[..<mark])
            query = String(target[target.index(after: mark)...])
        } else {
            path = String(target)
            query = nil
        }
    }

    /// Whether the text is a host name, an IPv4 address or a bracketed IPv6 address, with an optional port.
    public static func isAuthority(_ text: String) -> Bool {
        text.withUTF8Bytes { bytes in
            if bytes.first == UInt8(ascii: "[") {
                guard let close = bytes.firstIndex(of: UInt8(ascii: "]")), close > 1,
                    bytes[1..<close].allSatisfy({ isHexDigit($0) || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".") }
                    )
                else { return false }
                return isOptionalPort(bytes[(close + 1)...])
            }
            let end = bytes.firstIndex(of: UInt8(ascii: ":")) ?? bytes.endIndex
            guard end > 0, bytes[..<end].allSatisfy({ PercentEncoding.isUnreserved($0) && $0 != UInt8(ascii: "~") })
            else {
                return false
            }
            return isOptionalPort(bytes[end...])
        }
    }

    /// Nothing, or a colon and a number from 1 to 65535.
    private static func isOptionalPort(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        guard let colon = bytes.first else { return true }
        let digits = bytes.dropFirst()
        guard colon == UInt8(ascii: ":"), (1...5).contains(digits.count),
            digits.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 })
        else { return false }
        return (1...65_535).contains(digits.reduce(0) { $0 * 10 + Int($1 - 0x30) })
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x46, 0x61...0x66: true
        default: false
        }
    }
}

extension String {
    fileprivate func range(ofFirst pattern: String) -> Range<String.Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(pattern) { return start..<index(start, offsetBy: pattern.count) }
            start = index(after: start)
        }
        return nil
    }
}
