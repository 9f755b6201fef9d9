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
        guard let separator = url.range(ofFirst: "://"), HTTPToken.isTarget(url), !url.utf8.contains(UInt8(ascii: "#"))
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
        var host = Substring(text)
        var port: Substring?
        if host.first == "[" {
            guard let close = host.firstIndex(of: "]") else { return false }
            let address = host[host.index(after: host.startIndex)..<close]
            guard !address.isEmpty, address.allSatisfy({ $0.isHexDigit || $0 == ":" || $0 == "." }) else {
                return false
            }
            let after = host[host.index(after: close)...]
            guard after.isEmpty || after.first == ":" else { return false }
            return after.isEmpty || isPort(after.dropFirst())
        }
        if let colon = host.firstIndex(of: ":") {
            port = host[host.index(after: colon)...]
            host = host[..<colon]
        }
        guard !host.isEmpty, host.utf8.allSatisfy({ PercentEncoding.isUnreserved($0) && $0 != UInt8(ascii: "~") })
        else {
            return false
        }
        return port.map(isPort) ?? true
    }

    private static func isPort(_ text: Substring) -> Bool {
        guard text.utf8.count <= 5, text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let port = Int(text) else {
            return false
        }
        return (1...65_535).contains(port)
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
