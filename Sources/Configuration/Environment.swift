import Glibc

/// The process environment, or a dictionary in its place.
public struct Environment: Sendable {
    private let values: [String: String]

    /// An environment of given variables.
    public init(_ values: [String: String]) {
        self.values = values
    }

    /// A copy of this process's environment, taken now.
    public static var process: Environment {
        var values: [String: String] = [:]
        var entry = environ
        while let text = entry.pointee {
            let line = String(cString: text)
            if let equals = line.firstIndex(of: "=") {
                values[String(line[..<equals])] = String(line[line.index(after: equals)...])
            }
            entry += 1
        }
        return Environment(values)
    }

    /// The variable's value; nil when it is not set or empty, which templates cannot tell apart.
    public subscript(name: String) -> String? {
        guard let value = values[name], !value.isEmpty else { return nil }
        return value
    }

    /// The names of the variables that have a value, sorted.
    public var names: [String] {
        values.filter { !$0.value.isEmpty }.keys.sorted()
    }
}
