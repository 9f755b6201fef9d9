extension XMLElement {
    /// The deepest nesting read; deeper documents are refused, so that none exhausts the stack.
    public static let maximumDepth = 128

    /// Reads a document in UTF-8 (XML 1.0) and gives its root. There are no document type definitions: one is refused,
    /// and with it every entity but the five predefined ones.
    ///
    /// - Parameter maximumBytes: The largest document read.
    public init(parsing bytes: [UInt8], maximumBytes: Int = 16 << 20) throws(XMLError) {
        guard bytes.count <= maximumBytes else {
            throw XMLError(offset: maximumBytes, reason: "the document is larger than \(maximumBytes) bytes")
        }
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw XMLError(offset: 0, reason: "the document is not UTF-8")
        }
        var parser = XMLParser(bytes)
        self = try parser.document()
    }
}

/// Reads a document from front to back; the open elements are kept on a list, not on the call stack.
private struct XMLParser {
    private let bytes: [UInt8]
    private var position = 0
    private var open: [OpenElement] = []

    /// An element whose end tag has not come yet.
    private struct OpenElement {
        var qualifiedName: ArraySlice<UInt8>
        var text: [UInt8] = []
        var children: [XMLElement] = []

        var element: XMLElement {
            let local = qualifiedName.lastIndex(of: UInt8(ascii: ":")).map { qualifiedName[($0 + 1)...] }
            return XMLElement(
                name: String(decoding: local ?? qualifiedName, as: UTF8.self),
                text: String(decoding: text, as: UTF8.self), children: children)
        }
    }

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    mutating func document() throws(XMLError) -> XMLElement {
        var root: XMLElement?
        _ = skip("\u{FEFF}")
        while position < bytes.count {
            if let finished = try item() {
                guard root == nil else { throw error("there is a second root element") }
                root = finished
            } else if root != nil, !open.isEmpty {
                throw error("there is a second root element")
            }
        }
        guard open.isEmpty else { throw error("the text ends inside <\(text(open.last?.qualifiedName ?? []))>") }
        guard let root else { throw error("there is no element") }
        return root
    }

    /// Reads one piece of the document; gives the root when this piece was its end.
    private mutating func item() throws(XMLError) -> XMLElement? {
        guard bytes[position] == UInt8(ascii: "<") else {
            try characters()
            return nil
        }
        if skip("<!--") {
            try skip(past: "-->", of: "a comment")
        } else if skip("<![CDATA[") {
            let start = position
            try skip(past: "]]>", of: "a CDATA section")
            try append(bytes[start..<(position - 3)])
        } else if skip("<?") {
            try skip(past: "?>", of: "a processing instruction")
        } else if skip("<!") {
            throw error("a document type definition is not accepted")
        } else if skip("</") {
            return try endTag()
        } else {
            position += 1
            return try startTag()
        }
        return nil
    }

    private mutating func startTag() throws(XMLError) -> XMLElement? {
        let name = try name()
        guard open.count < XMLElement.maximumDepth else {
            throw error("the nesting is deeper than \(XMLElement.maximumDepth) levels")
        }
        while true {
            let spaces = skipSpace()
            if skip("/>") { return close(OpenElement(qualifiedName: name)) }
            if skip(">") {
                open.append(OpenElement(qualifiedName: name))
                return nil
            }
            guard spaces else { throw error("the start tag of <\(text(name))> is broken") }
            try attribute()
        }
    }

    private mutating func attribute() throws(XMLError) {
        _ = try name()
        skipSpace()
        guard skip("=") else { throw error("an attribute has no value") }
        skipSpace()
        guard let quote = peek(), quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else {
            throw error("an attribute's value is not in quotes")
        }
        position += 1
        while let byte = peek(), byte != quote {
            guard byte != UInt8(ascii: "<") else { throw error("a < stands in an attribute's value") }
            if byte == UInt8(ascii: "&") { _ = try reference() } else { position += 1 }
        }
        guard peek() == quote else { throw error("the text ends inside an attribute") }
        position += 1
    }

    private mutating func endTag() throws(XMLError) -> XMLElement? {
        let start = position
        let name = try name()
        skipSpace()
        guard skip(">") else { throw error("the end tag </\(text(name))> is broken") }
        guard let element = open.popLast() else {
            throw XMLError(offset: start, reason: "the end tag </\(text(name))> closes nothing")
        }
        guard element.qualifiedName == name else {
            throw XMLError(
                offset: start,
                reason: "the end tag </\(text(name))> does not close <\(text(element.qualifiedName))>")
        }
        return close(element)
    }

    /// Puts a finished element into its parent, or gives it back when it has none.
    private mutating func close(_ element: OpenElement) -> XMLElement? {
        guard !open.isEmpty else { return element.element }
        open[open.count - 1].children.append(element.element)
        return nil
    }

    private mutating func characters() throws(XMLError) {
        while let byte = peek(), byte != UInt8(ascii: "<") {
            if byte == UInt8(ascii: "&") {
                try append(Array(String(try reference()).utf8)[...])
            } else {
                let start = position
                while let byte = peek(), byte != UInt8(ascii: "<"), byte != UInt8(ascii: "&") { position += 1 }
                try append(bytes[start..<position])
            }
        }
    }

    private mutating func append(_ characters: ArraySlice<UInt8>) throws(XMLError) {
        guard !open.isEmpty else {
            guard characters.allSatisfy(Self.isSpace) else { throw error("there is text outside the root element") }
            return
        }
        open[open.count - 1].text.append(contentsOf: characters)
    }

    /// `&amp;` and its like, or `&#65;` and `&#x41;`.
    private mutating func reference() throws(XMLError) -> Unicode.Scalar {
        let start = position
        // The longest there is is `&#x10FFFF;`; leading zeros are allowed some room.
        guard let end = bytes[start...].prefix(16).firstIndex(of: UInt8(ascii: ";")) else {
            throw error("a & does not start an entity")
        }
        let name = text(bytes[(start + 1)..<end])
        position = end + 1
        switch name {
        case "lt": return "<"
        case "gt": return ">"
        case "amp": return "&"
        case "quot": return "\""
        case "apos": return "'"
        default: break
        }
        let digits = name.hasPrefix("#x") ? name.dropFirst(2) : name.dropFirst()
        guard name.hasPrefix("#"), digits.first?.isHexDigit == true,
            let value = UInt32(digits, radix: name.hasPrefix("#x") ? 16 : 10), let scalar = Unicode.Scalar(value),
            value >= 0x20 || value == 0x09 || value == 0x0A || value == 0x0D
        else { throw XMLError(offset: start, reason: "there is no entity &\(name);") }
        return scalar
    }

    private mutating func name() throws(XMLError) -> ArraySlice<UInt8> {
        let start = position
        while let byte = peek(), Self.isNameByte(byte) { position += 1 }
        guard let first = bytes[start..<position].first, first > UInt8(ascii: "9") else {
            throw error("a name is missing")
        }
        return bytes[start..<position]
    }

    private mutating func skip(past end: StaticString, of what: String) throws(XMLError) {
        while position < bytes.count {
            if skip(end) { return }
            position += 1
        }
        throw error("the text ends inside \(what)")
    }

    private mutating func skip(_ text: StaticString) -> Bool {
        guard bytes.count - position >= text.utf8CodeUnitCount else { return false }
        for index in 0..<text.utf8CodeUnitCount where bytes[position + index] != text.utf8Start[index] { return false }
        position += text.utf8CodeUnitCount
        return true
    }

    @discardableResult
    private mutating func skipSpace() -> Bool {
        let start = position
        while let byte = peek(), Self.isSpace(byte) { position += 1 }
        return position > start
    }

    private func peek() -> UInt8? {
        position < bytes.count ? bytes[position] : nil
    }

    private func text(_ bytes: ArraySlice<UInt8>) -> String {
        String(decoding: bytes, as: UTF8.self)
    }

    private func error(_ reason: String) -> XMLError {
        XMLError(offset: position, reason: reason)
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
    }

    /// Letters, digits, `-._:` and every byte of a non-ASCII character.
    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x2D, 0x2E, 0x30...0x3A, 0x41...0x5A, 0x5F, 0x61...0x7A, 0x80...: true
        default: false
        }
    }
}
