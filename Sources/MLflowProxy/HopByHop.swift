internal import HTTP

/// The fields that concern one connection alone and are never forwarded (RFC 9110, section 7.6.1).
struct HopByHop {
    private let nominated: Set<String>

    /// Reads which further fields the message's `Connection` fields name. Names stand between commas; where blanks stand
    /// in one, each of its words counts, as for the loosest reader on the way.
    init(_ headers: HTTPHeaders) {
        let names = headers.values("connection").flatMap { FieldValue.list($0) }.flatMap(FieldValue.words)
        nominated = Set(names.map(FieldName.asRead))
    }

    /// Whether the field stays on its connection.
    func contains(_ name: String) -> Bool {
        let name = FieldName.asRead(name)
        return Self.names.contains(name) || nominated.contains(name)
    }

    private static let names: Set<String> = [
        "connection", "http2-settings", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection",
        "te", "trailer", "transfer-encoding", "upgrade",
    ]
}

/// A header name as the loosest of its readers takes it.
enum FieldName {
    /// The name in small letters and with hyphens: servers of the CGI family read `_` as `-`, so that `x_forwarded_for`
    /// would be `x-forwarded-for` again.
    static func asRead(_ name: String) -> String {
        let name = HTTPToken.lowercased(name)
        guard name.utf8.contains(UInt8(ascii: "_")) else { return name }
        return String(decoding: name.utf8.map { $0 == UInt8(ascii: "_") ? UInt8(ascii: "-") : $0 }, as: UTF8.self)
    }
}

/// Small readers of header values. What separates is a byte, as it is to whoever reads the value next: to Swift, a semicolon
/// and a mark beside it are one character, which is no semicolon.
enum FieldValue {
    /// The text without spaces and tabs at its ends.
    static func trimmed(_ text: Substring) -> String {
        let isSpace = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
        let bytes = text.utf8.drop(while: isSpace)
        let end = bytes.lastIndex { !isSpace($0) }.map { bytes.index(after: $0) } ?? bytes.startIndex
        return String(Substring(bytes[..<end]))
    }

    /// The elements of a list separated by a character, trimmed, empty ones left out.
    static func list(_ text: String, separator: Unicode.Scalar = ",") -> [String] {
        text.utf8.split(separator: UInt8(ascii: separator)).map { trimmed(Substring($0)) }.filter { !$0.isEmpty }
    }

    /// What stands before the first separator, trimmed; the whole text when there is none.
    static func head(_ text: String, separator: Unicode.Scalar) -> String {
        trimmed(Substring(text.utf8.prefix { $0 != UInt8(ascii: separator) }))
    }

    /// What spaces and tabs separate.
    static func words(_ text: String) -> [String] {
        text.utf8.split { $0 == 0x20 || $0 == 0x09 }.map { String(Substring($0)) }
    }
}
