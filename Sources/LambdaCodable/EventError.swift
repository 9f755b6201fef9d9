public import Lambda

/// An event that is not what the function takes.
public struct EventError: LambdaFault, CustomStringConvertible {
    /// One sentence: where in the event, what is wrong there.
    public var description: String
    /// `InvalidEvent`
    public var faultType: String { "InvalidEvent" }
    /// The sentence.
    public var faultMessage: String { description }

    /// Says what a decoder found.
    public init(_ error: DecodingError) {
        description =
            switch error {
            case .typeMismatch(let type, let context):
                "\(Path.sentence(context.codingPath)) is not \(Self.name(of: type))."
            case .valueNotFound(let type, let context):
                "\(Path.sentence(context.codingPath)) is null or missing; it must be \(Self.name(of: type))."
            case .keyNotFound(let key, let context):
                "\(Path.sentence(context.codingPath + [key])) is missing."
            case .dataCorrupted(let context) where context.codingPath.isEmpty:
                "The event is not valid JSON."
            case .dataCorrupted(let context):
                "\(Path.sentence(context.codingPath)) cannot be read: \(context.debugDescription)"
            @unknown default:
                "The event cannot be read."
            }
    }

    /// A type in the words of JSON, where it has one.
    private static func name(of type: any Any.Type) -> String {
        switch type {
        case is String.Type: "a string"
        case is Bool.Type: "true or false"
        case is any BinaryInteger.Type: "a whole number that fits"
        case is any BinaryFloatingPoint.Type: "a number"
        case is [String: Any].Type: "an object"
        case is [Any].Type: "an array"
        default: "what \(type) is read from"
        }
    }
}

/// An answer that cannot be written as JSON.
public struct OutputError: LambdaFault, CustomStringConvertible {
    /// One sentence: where in the answer, what is wrong there.
    public var description: String
    /// `InvalidOutput`
    public var faultType: String { "InvalidOutput" }
    /// The sentence.
    public var faultMessage: String { description }

    /// Says what an encoder found.
    public init(_ error: EncodingError) {
        description =
            switch error {
            case .invalidValue(_, let context):
                "The answer's `\(Path.text(context.codingPath))` cannot be written as JSON: \(context.debugDescription)"
            @unknown default: "The answer cannot be written as JSON."
            }
    }
}

/// The way to a value: `items[2].count`.
enum Path {
    static func text(_ path: [any CodingKey]) -> String {
        path.reduce(into: "") { text, key in
            if let index = key.intValue {
                text += "[\(index)]"
            } else {
                text += (text.isEmpty ? "" : ".") + key.stringValue
            }
        }
    }

    static func sentence(_ path: [any CodingKey]) -> String {
        path.isEmpty ? "The event" : "The event's `\(text(path))`"
    }
}
