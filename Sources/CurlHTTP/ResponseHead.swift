internal import HTTP

/// The header lines of a response as they arrive. An interim response (1xx) is forgotten when the next status line
/// comes; trailers after the body are passed over.
struct ResponseHead {
    private(set) var headers = HTTPHeaders()
    /// The body's length, when the server says one.
    private(set) var contentLength: Int?
    /// Whether the empty line that ends the head has come.
    private(set) var isComplete = false

    /// Takes one line with its line end.
    ///
    /// - Returns: false when the line is none that HTTP/1.1 allows (RFC 9112, section 5).
    mutating func receive(_ line: UnsafeRawBufferPointer) -> Bool {
        var line = line.bindMemory(to: UInt8.self)[...]
        while let last = line.last, last == 0x0D || last == 0x0A { line.removeLast() }
        if Self.isStatusLine(line) {
            self = ResponseHead()
            headers.reserveCapacity(16)
            return true
        }
        if isComplete { return true }
        guard let first = line.first else {
            isComplete = true
            return true
        }
        // A line that starts with a blank continues the one before (obsolete folding), which invites smuggling.
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex, !Self.isBlank(first) else {
            return false
        }
        let name = Self.text(line[..<colon])
        let value = Self.text(Self.trimmed(line[(colon + 1)...]))
        if HTTPHeaders.sameName(name, "Content-Length") { contentLength = Int(value) }
        headers.append(name, value)
        return true
    }

    private typealias Bytes = Slice<UnsafeBufferPointer<UInt8>>

    private static func isStatusLine(_ line: Bytes) -> Bool {
        line.count > 4 && line[line.startIndex] == UInt8(ascii: "H") && line[line.startIndex + 1] == UInt8(ascii: "T")
            && line[line.startIndex + 4] == UInt8(ascii: "/")
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09
    }

    private static func trimmed(_ bytes: Bytes) -> Bytes {
        var bytes = bytes
        while let first = bytes.first, isBlank(first) { bytes.removeFirst() }
        while let last = bytes.last, isBlank(last) { bytes.removeLast() }
        return bytes
    }

    /// UTF-8, or else ISO 8859-1, the field value's historical encoding (RFC 9110, section 5.5), so that no byte is lost.
    private static func text(_ bytes: Bytes) -> String {
        let bytes = UnsafeBufferPointer(rebasing: bytes)
        // Nearly always; the loop has no way out in the middle, so that it looks at many bytes at a time.
        if bytes.reduce(0, |) < 0x80 { return String(decoding: bytes, as: UTF8.self) }
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        return String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
    }
}
