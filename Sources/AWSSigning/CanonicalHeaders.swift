internal import HTTP

/// The headers a signature covers, in canonical form: names in small letters and sorted, values trimmed, lines of the
/// same name joined with commas in the order sent.
struct CanonicalHeaders {
    private var fields: [(name: String, value: String)] = []

    init(_ request: HTTPRequest, settings: SigningSettings) {
        fields.reserveCapacity(request.headers.fields.count + 1)
        for field in request.headers {
            let name = HTTPToken.lowercased(field.name)
            if Self.isSigned(name, settings: settings) { fields.append((name, field.value)) }
        }
        if !fields.contains(where: { $0.name == "host" }) {
            fields.append(("host", request.hostHeader))
        }
        // Not a stable sort by itself: the position keeps lines of one name in the order sent.
        fields = fields.enumerated()
            .sorted { ($0.element.name, $0.offset) < ($1.element.name, $1.offset) }
            .map(\.element)
    }

    /// The names, sorted, joined with semicolons.
    var names: String {
        var names = ""
        var last: String?
        for field in fields where field.name != last {
            if last != nil { names += ";" }
            names += field.name
            last = field.name
        }
        return names
    }

    /// Appends `name:value` lines, each with its line end.
    func append(to output: inout [UInt8]) {
        var last: String?
        for field in fields {
            if field.name == last {
                output.append(UInt8(ascii: ","))
            } else {
                if last != nil { output.append(UInt8(ascii: "\n")) }
                output.append(contentsOf: field.name.utf8)
                output.append(UInt8(ascii: ":"))
                last = field.name
            }
            Self.appendTrimmed(field.value, to: &output)
        }
        output.append(UInt8(ascii: "\n"))
    }

    private static func isSigned(_ name: String, settings: SigningSettings) -> Bool {
        if name == "host" || AmazonHeader.made.contains(name) { return true }
        return switch settings.headers {
        case .allExcept(let names): !names.contains(name)
        case .only(let names): names.contains(name)
        }
    }

    /// Appends the value without white space at its ends and with a single space for every run inside.
    private static func appendTrimmed(_ value: String, to output: inout [UInt8]) {
        // Most values, long tokens among them, have nothing to trim.
        guard value.utf8.contains(where: isSpace) else { return output.append(contentsOf: value.utf8) }
        for (index, word) in value.utf8.split(whereSeparator: isSpace).enumerated() {
            if index > 0 { output.append(UInt8(ascii: " ")) }
            output.append(contentsOf: word)
        }
    }

    /// SP, and HTAB, LF, VT, FF, CR.
    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || (byte >= 0x09 && byte <= 0x0D)
    }
}

/// The headers that the signer makes.
enum AmazonHeader {
    static let date = "x-amz-date"
    static let contentHash = "x-amz-content-sha256"
    static let securityToken = "x-amz-security-token"
    static let made = [date, contentHash, securityToken]
}

extension HTTPRequest {
    /// The `Host` header a client sends for the authority: the scheme's default port is left out.
    var hostHeader: String {
        let defaultPort = scheme == "https" ? ":443" : ":80"
        return authority.hasSuffix(defaultPort) ? String(authority.dropLast(defaultPort.count)) : authority
    }
}
