import HTTP
import LambdaEmulator

/// A request in a file: `METHOD /path?query`, header lines, an empty line, the body.
struct RequestFile {
    let request: HTTPRequest

    init(parsing bytes: [UInt8]) throws(LocalError) {
        let (lines, body) = Self.split(bytes)
        let first = (lines.first ?? "").split(separator: " ")
        guard first.count == 2 || (first.count == 3 && first[2].hasPrefix("HTTP/")), first[1].hasPrefix("/"),
            HTTPToken.isToken(String(first[0])), HTTPToken.isVisible(String(first[1]))
        else {
            throw LocalError(
                "The first line must be METHOD /path?query, percent-encoded; it is '\(lines.first ?? "")'.")
        }
        let target = first[1].split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        var headers = try Self.headers(lines.dropFirst())
        guard let host = headers["host"], URLParts.isAuthority(host) else {
            throw LocalError("A header line Host: name is missing, since it is always signed.")
        }
        headers.remove("host")
        request = HTTPRequest(
            HTTPMethod(rawValue: String(first[0])), authority: host, path: String(target[0]),
            query: target.count > 1 ? String(target[1]) : nil, headers: headers, body: .bytes(body))
    }

    /// The lines of the head, and what follows the first empty line.
    private static func split(_ bytes: [UInt8]) -> (lines: [String], body: [UInt8]) {
        var lines: [String] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let end = rest.firstIndex(of: UInt8(ascii: "\n")) ?? rest.endIndex
            var line = rest[..<end]
            rest = rest[min(end + 1, rest.endIndex)...]
            if line.last == UInt8(ascii: "\r") { line = line.dropLast() }
            if line.isEmpty { break }
            lines.append(String(decoding: line, as: UTF8.self))
        }
        return (lines, Array(rest))
    }

    private static func headers(_ lines: some Sequence<String>) throws(LocalError) -> HTTPHeaders {
        var headers: HTTPHeaders = [:]
        for line in lines {
            guard let colon = line.firstIndex(of: ":") else {
                throw LocalError("The header line '\(line)' has no colon.")
            }
            let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            let field = HTTPHeaders.Field(name: String(line[..<colon]), value: String(value))
            guard field.isValid else { throw LocalError("The header line '\(line)' cannot go on the wire.") }
            headers.append(field.name, field.value)
        }
        return headers
    }
}
