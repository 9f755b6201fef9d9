internal import Encoding
internal import JSON

/// A part of a token: a JSON object in which every name stands once, so that no two readers see different values.
struct TokenClaims: Sendable {
    private let values: [[UInt8]: JSONValue]
    /// What the part is called in messages.
    private let part: String

    /// Reads a part as it stands in the token.
    init(_ encoded: ArraySlice<UInt8>, part: String) throws(IdentityError) {
        guard let bytes = Base64URL.decode(encoded) else { throw .refused("the token's \(part) is not Base64url") }
        guard let object = (try? JSONValue(parsing: bytes))?.object else {
            throw .refused("the token's \(part) is not a JSON object")
        }
        var values: [[UInt8]: JSONValue] = [:]
        for member in object {
            guard values.updateValue(member.value, forKey: Array(member.name.utf8)) == nil else {
                throw .refused("the token's \(part) has a name twice")
            }
        }
        self.values = values
        self.part = part
    }

    /// The value of a name, compared byte by byte: strings of Swift are equal where Unicode says that they look the same.
    subscript(name: String) -> JSONValue? { values[Array(name.utf8)] }

    /// The text of a name.
    func text(_ name: String) throws(IdentityError) -> String {
        guard let text = self[name]?.string, !text.isEmpty else { throw .refused("the token's \(part) has no \(name)") }
        return text
    }

    /// Makes sure that a name has exactly this text.
    func require(_ name: String, _ expected: String) throws(IdentityError) {
        guard try text(name).utf8.elementsEqual(expected.utf8) else {
            throw .refused("\(name) in the token's \(part) is not the one expected")
        }
    }

    /// Whole seconds since 1970, written as a number or as text, or nil when the name is missing. Eleven digits last until
    /// the year 5138: more are milliseconds or an attack.
    func seconds(_ name: String) throws(IdentityError) -> Int64? {
        let digits: String
        switch self[name] {
        case nil: return nil
        case .number(let text), .string(let text): digits = text
        default: throw .refused("\(name) in the token's \(part) is not a time")
        }
        guard (1...11).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let seconds = Int64(digits)
        else { throw .refused("\(name) in the token's \(part) is not a time") }
        return seconds
    }
}
