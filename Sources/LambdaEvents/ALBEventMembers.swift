internal import Encoding
internal import JSON

/// Reads the members of an ALB event by name; a fault names the member.
struct ALBEventMembers {
    private let event: JSONObject

    init(_ event: JSONObject) {
        self.event = event
    }

    /// Whether the member is there and not `null`.
    func has(_ name: String) -> Bool {
        value(name) != nil
    }

    func requiredString(_ name: String) throws(ALBEventError) -> String {
        guard let value = value(name) else { throw .missing(name) }
        return try string(value, name)
    }

    /// A map of strings as pairs in order.
    func strings(_ name: String) throws(ALBEventError) -> [(String, String)] {
        var pairs: [(String, String)] = []
        for member in try object(name) {
            pairs.append((member.name, try string(member.value, "\(name).\(member.name)")))
        }
        return pairs
    }

    /// A map of lists of strings as pairs in order, one for each string.
    func lists(_ name: String) throws(ALBEventError) -> [(String, String)] {
        var pairs: [(String, String)] = []
        for member in try object(name) {
            guard let elements = member.value.array else {
                throw .wrongType(
                    "\(name).\(member.name)", expected: "an array of strings", found: member.value.kind)
            }
            for element in elements {
                pairs.append((member.name, try string(element, "an element of \(name).\(member.name)")))
            }
        }
        return pairs
    }

    func body() throws(ALBEventError) -> [UInt8] {
        guard let value = value("body") else { return [] }
        let text = try string(value, "body")
        guard try isBase64Encoded() else { return Array(text.utf8) }
        guard let bytes = Base64.decode(text) else {
            throw ALBEventError(
                "The ALB target event cannot be read: isBase64Encoded is true and body is not strict Base 64.")
        }
        return bytes
    }

    private func isBase64Encoded() throws(ALBEventError) -> Bool {
        guard let value = value("isBase64Encoded") else { return false }
        guard let flag = value.bool else {
            throw .wrongType("isBase64Encoded", expected: "a boolean", found: value.kind)
        }
        return flag
    }

    private func object(_ name: String) throws(ALBEventError) -> JSONObject {
        guard let value = value(name) else { return JSONObject() }
        guard let object = value.object else {
            throw .wrongType(name, expected: "an object", found: value.kind)
        }
        return object
    }

    private func string(_ value: JSONValue, _ name: String) throws(ALBEventError) -> String {
        guard let text = value.string else {
            throw .wrongType(name, expected: "a string", found: value.kind)
        }
        return text
    }

    /// The member's value; nil when it is missing or `null`.
    private func value(_ name: String) -> JSONValue? {
        guard let value = event[name], !value.isNull else { return nil }
        return value
    }
}
