internal import HTTP
internal import XML

/// An element of an answer in XML, read child by child; what is wrong with it names the call. Children that are absent or
/// empty are nil.
struct XMLAnswer {
    private let service: String
    private let operation: String
    private let element: XMLElement

    /// Reads an answer whose root element is `OPERATIONResponse`.
    init(_ service: String, _ operation: String, _ response: HTTPResponse) throws(UnexpectedAnswer) {
        guard let root = try? XMLElement(parsing: response.body), root.name == "\(operation)Response" else {
            throw UnexpectedAnswer(
                service: service, operation: operation, "the answer is not a \(operation)Response in XML")
        }
        self.init(service, operation, root)
    }

    private init(_ service: String, _ operation: String, _ element: XMLElement) {
        self.service = service
        self.operation = operation
        self.element = element
    }

    /// The character data of this element.
    var text: String { element.text }

    func optionalText(_ name: String) -> String? {
        guard let text = element[name]?.text, !text.isEmpty else { return nil }
        return text
    }

    func text(_ name: String) throws(UnexpectedAnswer) -> String {
        guard let text = optionalText(name) else {
            throw UnexpectedAnswer(service: service, operation: operation, "the answer has no \(name)")
        }
        return text
    }

    func optionalBool(_ name: String) throws(UnexpectedAnswer) -> Bool? {
        switch optionalText(name) {
        case nil: return nil
        case "true"?: return true
        case "false"?: return false
        default:
            throw UnexpectedAnswer(
                service: service, operation: operation, "the answer has a \(name) that is neither true nor false")
        }
    }

    func bool(_ name: String) throws(UnexpectedAnswer) -> Bool {
        guard let value = try optionalBool(name) else {
            throw UnexpectedAnswer(service: service, operation: operation, "the answer has no \(name)")
        }
        return value
    }

    func integer(_ name: String) -> Int? {
        optionalText(name).flatMap { Int($0) }
    }

    func child(_ name: String) -> XMLAnswer? {
        element[name].map { XMLAnswer(service, operation, $0) }
    }

    /// The elements `item` of a list; none when it is absent.
    func items(_ name: String) -> [XMLAnswer] {
        element[name]?.children("item").map { XMLAnswer(service, operation, $0) } ?? []
    }

    /// The texts `item` of a list.
    func texts(_ name: String) -> [String] {
        items(name).map(\.text)
    }

    /// A `tagSet`.
    var tags: [String: String] {
        var tags: [String: String] = [:]
        for tag in items("tagSet") { tags[tag.optionalText("key") ?? ""] = tag.optionalText("value") ?? "" }
        return tags
    }
}
