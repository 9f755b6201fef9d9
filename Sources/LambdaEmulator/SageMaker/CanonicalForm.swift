import HTTP

/// The canonical request of Signature Version 4, made of what came off the wire. Written from the specification and on
/// purpose apart from the signer of the functions, which it judges.
enum CanonicalForm {
    /// The canonical request's text.
    static func request(
        _ head: ServerRequestHead, signedHeaders: [String], payloadHash: String
    ) -> String {
        let headers = signedHeaders.map { name in
            "\(name):\(head.headers.values(name).map(trimmed).joined(separator: ","))\n"
        }
        return [
            head.method.rawValue, path(head.path), query(head.query ?? ""), headers.joined(),
            signedHeaders.joined(separator: ";"), payloadHash,
        ].joined(separator: "\n")
    }

    /// The path without dot segments and repeated slashes, each segment encoded once more than on the wire: the rule of
    /// every service but S3.
    static func path(_ path: String) -> String {
        var kept: [Substring] = []
        for segment in path.split(separator: "/") {
            switch segment {
            case ".": break
            case "..": _ = kept.popLast()
            default: kept.append(segment)
            }
        }
        let isDirectory = path.hasSuffix("/") || path.hasSuffix("/.") || path.hasSuffix("/..")
        let joined = "/" + kept.joined(separator: "/") + (isDirectory && !kept.isEmpty ? "/" : "")
        return PercentEncoding.encode(joined, keepingSlash: true)
    }

    /// The pairs in the order of their bytes. They must be encoded strictly already, see ``strictQueryProblem(_:)``.
    static func query(_ query: String) -> String {
        query.split(separator: "&").map { pair -> (name: String, value: String) in
            guard let equals = pair.firstIndex(of: "=") else { return (String(pair), "") }
            return (String(pair[..<equals]), String(pair[pair.index(after: equals)...]))
        }
        .sorted { left, right in
            left.name == right.name
                ? left.value.utf8.lexicographicallyPrecedes(right.value.utf8)
                : left.name.utf8.lexicographicallyPrecedes(right.name.utf8)
        }
        .map { "\($0.name)=\($0.value)" }
        .joined(separator: "&")
    }

    /// What keeps a query from being in the one form that reads alike for everybody: only unreserved characters and
    /// `%XX` with capital digits for everything else, in names and values (RFC 3986, section 2). Nil when it is.
    static func strictQueryProblem(_ query: String) -> String? {
        let bytes = Array(query.utf8)
        var index = 0
        var hasEquals = false
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "&"): hasEquals = false
            case UInt8(ascii: "=") where !hasEquals: hasEquals = true
            case UInt8(ascii: "%"):
                let digits = bytes[(index + 1)...].prefix(2)
                guard digits.count == 2, digits.allSatisfy({ (0x30...0x39).contains($0) || (0x41...0x46).contains($0) })
                else { return "a '%' is not followed by two hexadecimal digits in capitals" }
                let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16) ?? 0
                guard !PercentEncoding.isUnreserved(value) else {
                    return "'%\(String(decoding: digits, as: UTF8.self))' encodes a character that needs no encoding"
                }
                index += 2
            case let byte:
                guard PercentEncoding.isUnreserved(byte) else {
                    return "'\(Character(Unicode.Scalar(byte)))' must be percent-encoded"
                }
            }
            index += 1
        }
        return nil
    }

    /// A value without the white space around it, runs of spaces within made one.
    private static func trimmed(_ value: String) -> String {
        value.split { $0 == " " || $0 == "\t" }.joined(separator: " ")
    }
}
