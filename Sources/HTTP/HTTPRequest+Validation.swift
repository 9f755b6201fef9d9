extension HTTPRequest {
    /// Refuses what must not go on the wire. A client writes header lines and the URL as they are, so that a line break in
    /// one of them would be a second header, or a second request.
    ///
    /// - Throws: ``TransportError`` of the kind `invalidRequest`, whose text holds none of the refused bytes.
    public func validate() throws(TransportError) {
        guard HTTPToken.isToken(method.rawValue) else { throw refused("the method is not a token") }
        guard scheme == "https" || scheme == "http" else { throw refused("the scheme is neither https nor http") }
        guard URLParts.isAuthority(authority) else {
            throw refused("the host is not a host name or address with an optional port")
        }
        guard HTTPToken.isPath(path) else {
            throw refused("the path must start with / and be visible ASCII without ? and #")
        }
        if let query, !HTTPToken.isQuery(query) { throw refused("the query must be visible ASCII without #") }
        for field in headers where !field.isValid {
            let name = HTTPToken.isToken(field.name) ? "the header \(field.name)" : "a header's name"
            throw refused("\(name) has a character that is not allowed there")
        }
        switch body {
        case .bytes(let bytes):
            if method == .head, !bytes.isEmpty { throw refused("a HEAD request has no body") }
        case .stream(let stream):
            if method == .head { throw refused("a HEAD request has no body") }
            if let length = stream.contentLength, length < 0 { throw refused("the body's length is negative") }
        }
    }

    private func refused(_ reason: String) -> TransportError {
        var safe = self
        if !HTTPToken.isToken(method.rawValue) { safe.method = HTTPMethod(rawValue: "(method)") }
        if scheme != "https" && scheme != "http" { safe.scheme = "(scheme)" }
        if !URLParts.isAuthority(authority) { safe.authority = "(host)" }
        if !HTTPToken.isPath(path) { safe.path = "/(path)" }
        return TransportError(.invalidRequest, "the request was not sent: \(reason)", request: safe)
    }
}
