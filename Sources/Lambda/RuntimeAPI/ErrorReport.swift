import Glibc
import JSON

/// An error as Lambda is told of it (Lambda Runtime API, "Invocation error").
public struct ErrorReport: Sendable, Hashable {
    /// Who failed, the first part of ``type``.
    public enum Origin: String, Sendable {
        /// The handler.
        case function = "Function"
        /// The runtime, or the function before it could take an event.
        case runtime = "Runtime"
    }

    /// `Function.X` or `Runtime.X`, X of letters only with a capital first: Lambda takes anything else for unknown.
    public var type: String
    /// What failed, for a person.
    public var message: String
    /// Where the error was thrown, innermost call first; empty when that is not known.
    public var stack: [StackFrame]

    /// The longest message reported, in bytes; what is beyond it is cut off.
    public static let maximumMessageBytes = 256 << 10
    /// The longest message put into the X-Ray header, which may have less than 1 MiB in all.
    static let maximumHeaderMessageBytes = 8 << 10

    /// Makes a report of its parts; the type's name is made to match Lambda's rule.
    public init(_ origin: Origin, type: String, message: String, stack: [StackFrame] = []) {
        self.type = "\(origin.rawValue).\(Self.typeName(type))"
        self.message = Self.cut(message, to: Self.maximumMessageBytes)
        self.stack = stack
    }

    /// Makes a report of an error.
    public init(_ origin: Origin, _ error: any Error, stack: [StackFrame] = []) {
        if let fault = error as? any LambdaFault {
            self.init(origin, type: fault.faultType, message: fault.faultMessage, stack: stack)
        } else {
            self.init(origin, type: "\(Swift.type(of: error))", message: "\(error)", stack: stack)
        }
    }

    /// The body of the report, JSON: `errorMessage`, `errorType`, `stackTrace`.
    public var body: [UInt8] {
        let value: JSONValue = [
            "errorMessage": .string(message), "errorType": .string(type),
            "stackTrace": .array(stack.map { .string($0.description) }),
        ]
        return value.encoded
    }

    /// The cause for X-Ray, JSON on one line of ASCII, as a header field must be.
    public var xrayErrorCause: String {
        let exception: JSONValue = [
            "type": .string(type), "message": .string(Self.cut(message, to: Self.maximumHeaderMessageBytes)),
            "stack": .array(
                stack.map { ["label": .string($0.label), "path": .string($0.path), "line": .integer($0.line)] }),
        ]
        let cause: JSONValue = [
            "working_directory": .string(Self.workingDirectory), "exceptions": [exception],
            "paths": .array(Array(Set(stack.map(\.path))).sorted().map(JSONValue.string)),
        ]
        return ASCIIJSON.escaped(cause.encoded)
    }

    /// A name that matches `[A-Z][A-Za-z]+`: the letters of the given one, up to the arguments of a generic type.
    static func typeName(_ name: String) -> String {
        var letters = name.utf8.prefix { $0 != UInt8(ascii: "<") && $0 != UInt8(ascii: "(") }
            .filter { (0x61...0x7A).contains($0 | 0x20) }
        guard letters.count > 1, let first = letters.first else { return "UnknownError" }
        letters[0] = first & ~0x20
        return String(decoding: letters.prefix(200), as: UTF8.self)
    }

    /// The text's first bytes, whole characters only.
    private static func cut(_ text: String, to limit: Int) -> String {
        guard text.utf8.count > limit else { return text }
        var index = text.utf8.index(text.startIndex, offsetBy: limit)
        while index > text.startIndex, index.samePosition(in: text.unicodeScalars) == nil {
            index = text.utf8.index(before: index)
        }
        return String(text[..<index]) + "…"
    }

    private static let workingDirectory: String = {
        guard let path = getcwd(nil, 0) else { return "/" }
        defer { free(path) }
        return String(cString: path)
    }()
}
