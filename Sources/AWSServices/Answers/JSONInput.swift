internal import JSON

/// The members of a call's input; those that are set to nil are not sent.
struct JSONInput: ExpressibleByDictionaryLiteral {
    private var object = JSONObject()

    init(dictionaryLiteral elements: (String, JSONValue?)...) {
        for (name, value) in elements { self[name] = value }
    }

    var value: JSONValue { .object(object) }

    subscript(name: String) -> JSONValue? {
        get { object[name] }
        set { object[name] = newValue }
    }
}

extension JSONValue {
    /// A string, when there is one.
    static func optional(_ text: String?) -> JSONValue? {
        text.map(JSONValue.string)
    }

    /// A boolean, when there is one.
    static func optional(_ value: Bool?) -> JSONValue? {
        value.map(JSONValue.bool)
    }

    /// A list of strings, when there is one; an empty one is sent.
    static func optional(_ texts: [String]?) -> JSONValue? {
        texts.map { .array($0.map(JSONValue.string)) }
    }

    /// Whole seconds, when there is a duration.
    static func optional(_ duration: Duration?) -> JSONValue? {
        duration.map { .integer($0.components.seconds) }
    }

    /// Tags, sorted by key; none are not sent.
    static func tags(_ tags: [String: String]) -> JSONValue? {
        guard !tags.isEmpty else { return nil }
        return .array(tags.sorted { $0.key < $1.key }.map { ["Key": .string($0.key), "Value": .string($0.value)] })
    }
}
