internal import HTTP

/// A web origin (RFC 6454): scheme, host and port, compared as a whole.
public struct WebOrigin: Sendable, Hashable, CustomStringConvertible {
    let scheme: String
    let host: String
    let port: Int

    /// Reads `https://host` or `https://host:port`; nil for anything more or less, `null` included.
    public init?(_ text: String) {
        guard let parts = URLParts(text), parts.path.isEmpty, parts.query == nil else { return nil }
        self.init(scheme: parts.scheme, authority: parts.authority)
    }

    /// The origin of a scheme and the value of a `Host` header; nil when that is no host.
    init?(scheme: String, authority: String) {
        guard URLParts.isAuthority(authority) else { return nil }
        self.scheme = scheme
        let authority = HTTPToken.lowercased(authority)
        let colon = authority.lastIndex(of: ":").flatMap { authority.hasSuffix("]") ? nil : $0 }
        if let colon, let port = Int(authority[authority.index(after: colon)...]) {
            host = String(authority[..<colon])
            self.port = port
        } else {
            host = authority
            port = scheme == "https" ? 443 : 80
        }
    }

    /// As a browser writes it: the scheme's own port is left out.
    public var description: String {
        port == (scheme == "https" ? 443 : 80) ? "\(scheme)://\(host)" : "\(scheme)://\(host):\(port)"
    }
}
