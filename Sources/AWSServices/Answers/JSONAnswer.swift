internal import HTTP
internal import JSON
internal import Timestamps

/// An object in an answer in JSON, read member by member; what is wrong with it names the call. Members that are absent
/// or null are nil; members of another type than the service documents are errors.
struct JSONAnswer {
    private let service: String
    private let operation: String
    private let object: JSONObject

    init(_ service: String, _ operation: String, _ response: HTTPResponse) throws(UnexpectedAnswer) {
        guard let object = (try? JSONValue(parsing: response.body))?.object else {
            throw UnexpectedAnswer(service: service, operation: operation, "the answer is not a JSON object")
        }
        self.init(service, operation, object)
    }

    init(_ service: String, _ operation: String, _ object: JSONObject = JSONObject()) {
        self.service = service
        self.operation = operation
        self.object = object
    }

    func optionalText(_ name: String) throws(UnexpectedAnswer) -> String? {
        try member(name, "a string", \.string)
    }

    func text(_ name: String) throws(UnexpectedAnswer) -> String {
        guard let text = try optionalText(name), !text.isEmpty else { throw unexpected("has no \(name)") }
        return text
    }

    func bool(_ name: String) throws(UnexpectedAnswer) -> Bool? {
        try member(name, "a boolean", \.bool)
    }

    func integer(_ name: String) throws(UnexpectedAnswer) -> Int64? {
        try member(name, "an integer", \.integer)
    }

    /// Seconds since the epoch, with a fraction.
    func time(_ name: String) throws(UnexpectedAnswer) -> Timestamp? {
        try member(name, "a time") { value in
            value.double.flatMap { Int64(exactly: ($0 * 1000).rounded()) }.map(Timestamp.init(millisecondsSinceEpoch:))
        }
    }

    func child(_ name: String) throws(UnexpectedAnswer) -> JSONAnswer? {
        try member(name, "an object", \.object).map { JSONAnswer(service, operation, $0) }
    }

    /// The strings of a list; none when it is absent.
    func texts(_ name: String) throws(UnexpectedAnswer) -> [String] {
        try member(name, "a list of strings") { value in
            guard let elements = value.array else { return nil }
            let texts = elements.compactMap(\.string)
            return texts.count == elements.count ? texts : nil
        } ?? []
    }

    /// The objects of a list; none when it is absent.
    func objects(_ name: String) throws(UnexpectedAnswer) -> [JSONAnswer] {
        try member(name, "a list of objects") { value in
            guard let elements = value.array else { return nil }
            let objects = elements.compactMap(\.object).map { JSONAnswer(service, operation, $0) }
            return objects.count == elements.count ? objects : nil
        } ?? []
    }

    /// A list of `{"Key": …, "Value": …}`.
    func tags(_ name: String) throws(UnexpectedAnswer) -> [String: String] {
        var tags: [String: String] = [:]
        for tag in try objects(name) { tags[try tag.text("Key")] = try tag.optionalText("Value") ?? "" }
        return tags
    }

    private func member<Value>(
        _ name: String, _ kind: String, _ read: (JSONValue) -> Value?
    ) throws(UnexpectedAnswer) -> Value? {
        guard let value = object[name], !value.isNull else { return nil }
        guard let result = read(value) else { throw unexpected("has a \(name) that is not \(kind)") }
        return result
    }

    private func unexpected(_ reason: String) -> UnexpectedAnswer {
        UnexpectedAnswer(service: service, operation: operation, "the answer \(reason)")
    }
}

extension Sequence {
    /// `map` for a closure with a typed error.
    func read<Value>(_ transform: (Element) throws(UnexpectedAnswer) -> Value) throws(UnexpectedAnswer) -> [Value] {
        var values: [Value] = []
        for element in self { values.append(try transform(element)) }
        return values
    }
}
