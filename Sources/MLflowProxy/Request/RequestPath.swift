internal import HTTP

/// Decides whether a path may go upstream. It then goes byte for byte: what was checked is what is signed and sent.
///
/// A path is refused when any reader between here and MLflow's file store could take it for another one: dot segments
/// however they are written, a second slash or backslash in front, bytes that are no part of a path. Encoded slashes,
/// spaces and plus signs are ordinary in artifact paths and pass.
enum RequestPath {
    /// Throws the fault of a path that may not go upstream.
    static func validate(_ path: String) throws(ProxyError) {
        if let fault = fault(of: Array(path.utf8)) {
            throw .badRequest("The path of the request is refused: \(fault).")
        }
    }

    private static func fault(of path: [UInt8]) -> String? {
        guard path.first == UInt8(ascii: "/") else { return "it does not start with a slash" }
        guard path.allSatisfy(isPathByte) else { return "it holds a character that must be percent-encoded" }
        guard hasWholeEscapes(path) else { return "a percent sign is not followed by two hexadecimal digits" }
        // A server may decode more than once (MLflow decodes artifact paths twice): every reading is checked, until
        // decoding changes nothing more.
        var reading = path
        for round in 0..<maximumDecodings {
            if let fault = readingFault(of: reading) { return fault }
            let decoded = PercentEncoding.decode(String(decoding: reading, as: UTF8.self))
            if round == 0, (try? UTF8Span(validating: decoded.span)) == nil {
                return "its escapes are not UTF-8"
            }
            if decoded == reading { return nil }
            reading = decoded
        }
        return "it is percent-encoded more than \(maximumDecodings - 1) times"
    }

    private static let maximumDecodings = 5

    /// What is wrong with a path as one reader sees it.
    private static func readingFault(of path: [UInt8]) -> String? {
        if path.contains(where: { $0 < 0x20 || $0 == 0x7F }) { return "it holds a control character" }
        if path.contains(UInt8(ascii: "\\")) { return "it holds a backslash" }
        if path.count > 1, path[1] == UInt8(ascii: "/") { return "it starts with two slashes" }
        if path.split(separator: UInt8(ascii: "/")).contains(where: isDotSegment) {
            return "it holds a dot segment (. or ..)"
        }
        return nil
    }

    /// Whether the segment is `.` or `..`, parameters (`..;x`), which some servers cut off, left aside.
    private static func isDotSegment(_ segment: ArraySlice<UInt8>) -> Bool {
        let name = segment.prefix { $0 != UInt8(ascii: ";") }
        return (1...2).contains(name.count) && name.allSatisfy { $0 == UInt8(ascii: ".") }
    }

    /// The characters of RFC 3986's paths, and those which browsers send as they are all the same.
    private static func isPathByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x00...0x20, 0x7F...0xFF: false
        case UInt8(ascii: "\""), UInt8(ascii: "#"), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "?"),
            UInt8(ascii: "\\"), UInt8(ascii: "`"), UInt8(ascii: "{"), UInt8(ascii: "}"):
            false
        default: true
        }
    }

    private static func hasWholeEscapes(_ path: [UInt8]) -> Bool {
        path.indices.allSatisfy { index in
            path[index] != UInt8(ascii: "%")
                || (index + 2 < path.count && isHexDigit(path[index + 1]) && isHexDigit(path[index + 2]))
        }
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x46, 0x61...0x66: true
        default: false
        }
    }
}
