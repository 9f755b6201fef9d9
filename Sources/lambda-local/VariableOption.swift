import ArgumentParser

/// One `--env NAME=VALUE`.
struct VariableOption: ExpressibleByArgument {
    let name: String
    let value: String

    init?(argument: String) {
        guard let equals = argument.firstIndex(of: "="), equals > argument.startIndex else { return nil }
        name = String(argument[..<equals])
        value = String(argument[argument.index(after: equals)...])
    }
}

extension [VariableOption] {
    /// The values by name; of a name that comes twice the last one counts.
    var byName: [String: String] {
        reduce(into: [:]) { $0[$1.name] = $1.value }
    }
}
