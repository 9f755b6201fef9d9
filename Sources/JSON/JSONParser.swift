extension JSONValue {
    /// The deepest nesting read; deeper texts are refused, so that no text exhausts the stack.
    public static let maximumDepth = 512

    /// Reads one JSON text: strict RFC 8259 in UTF-8, nothing after it but white space. A lone surrogate escape
    /// becomes U+FFFD, since a Swift string cannot hold it.
    public init(parsing bytes: [UInt8]) throws(JSONError) {
        self = try Self.parse(bytes)
    }

    /// Reads one JSON text.
    public init(parsing text: String) throws(JSONError) {
        self = try Self.parse(Array(text.utf8))
    }

    private static func parse(_ bytes: [UInt8]) throws(JSONError) -> JSONValue {
        // Carried out as a value, because a typed error cannot pass through the closure.
        let result = bytes.withUnsafeBufferPointer { buffer -> Result<JSONValue, JSONError> in
            var parser = JSONParser(buffer)
            do throws(JSONError) {
                return .success(try parser.document())
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }
}

/// A recursive-descent reader over the bytes of one text.
struct JSONParser: ~Copyable {
    let bytes: UnsafeBufferPointer<UInt8>
    /// Where the next byte is that was not read yet.
    var position = 0
    private var depth = 0
    private var decodingRoom: UnsafeMutableBufferPointer<UInt8>?

    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
    }

    deinit {
        decodingRoom?.deallocate()
    }

    /// Where strings with escapes are decoded, one after the other: room for as many bytes as the text has from the first
    /// such string to its end. No string needs more, and memory that is not written to costs next to nothing.
    mutating func decodingRoom(from start: Int) -> UnsafeMutableBufferPointer<UInt8> {
        if let decodingRoom { return decodingRoom }
        let room = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: bytes.count - start)
        decodingRoom = room
        return room
    }

    mutating func document() throws(JSONError) -> JSONValue {
        skipSpace()
        guard position < bytes.count else { throw error("the text is empty") }
        let value = try value()
        skipSpace()
        guard position == bytes.count else { throw error("there is more after the end of the value") }
        return value
    }

    private mutating func value() throws(JSONError) -> JSONValue {
        guard let byte = peek() else { throw error("the text ends where a value should be") }
        switch byte {
        case UInt8(ascii: "{"): return try object()
        case UInt8(ascii: "["): return try array()
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        case UInt8(ascii: "-"), 0x30...0x39: return .number(try number())
        default: throw error("a value cannot start here")
        }
    }

    private mutating func object() throws(JSONError) -> JSONValue {
        try enter()
        var members: [JSONObject.Member] = []
        if skip(UInt8(ascii: "}")) { return leave(.object(JSONObject(members))) }
        while true {
            guard peek() == UInt8(ascii: "\"") else { throw error("a member's name in quotes is missing") }
            let name = try string()
            skipSpace()
            guard skip(UInt8(ascii: ":")) else { throw error("a colon is missing") }
            members.append(JSONObject.Member(name: name, value: try value()))
            skipSpace()
            if skip(UInt8(ascii: ",")) { continue }
            guard position < bytes.count, bytes[position] == UInt8(ascii: "}") else {
                throw error("a comma or } is missing")
            }
            position += 1
            return leave(.object(JSONObject(members)))
        }
    }

    private mutating func array() throws(JSONError) -> JSONValue {
        try enter()
        var elements: [JSONValue] = []
        if skip(UInt8(ascii: "]")) { return leave(.array(elements)) }
        while true {
            elements.append(try value())
            skipSpace()
            if skip(UInt8(ascii: ",")) { continue }
            guard position < bytes.count, bytes[position] == UInt8(ascii: "]") else {
                throw error("a comma or ] is missing")
            }
            position += 1
            return leave(.array(elements))
        }
    }

    private mutating func enter() throws(JSONError) {
        depth += 1
        guard depth <= JSONValue.maximumDepth else {
            throw error("the nesting is deeper than \(JSONValue.maximumDepth) levels")
        }
        position += 1
        skipSpace()
    }

    private mutating func leave(_ value: JSONValue) -> JSONValue {
        depth -= 1
        return value
    }

    private mutating func literal(_ text: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
        for index in 0..<text.utf8CodeUnitCount {
            guard position + index < bytes.count, bytes[position + index] == text.utf8Start[index] else {
                throw error("a value cannot start here")
            }
        }
        position += text.utf8CodeUnitCount
        return value
    }

    private mutating func number() throws(JSONError) -> String {
        let start = position
        if bytes[position] == UInt8(ascii: "-") { position += 1 }
        if position < bytes.count, bytes[position] == UInt8(ascii: "0") {
            position += 1
        } else {
            try digits()
        }
        if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
            position += 1
            try digits()
        }
        if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
            position += 1
            if position < bytes.count, bytes[position] == UInt8(ascii: "+") || bytes[position] == UInt8(ascii: "-") {
                position += 1
            }
            try digits()
        }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private mutating func digits() throws(JSONError) {
        let start = position
        while position < bytes.count, bytes[position] >= 0x30, bytes[position] <= 0x39 { position += 1 }
        guard position > start else { throw error("a digit is missing") }
    }

    private mutating func skip(_ byte: UInt8) -> Bool {
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        skipSpace()
        return true
    }

    private mutating func skipSpace() {
        while position < bytes.count, Self.isSpace(bytes[position]) { position += 1 }
    }

    private func peek() -> UInt8? {
        position < bytes.count ? bytes[position] : nil
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
    }

    /// What is wrong where the reader is.
    func error(_ reason: String) -> JSONError {
        JSONError(offset: position, reason: reason)
    }
}
