/// Everything that is wrong with a function's configuration, at once, so that it is mended at once.
public struct ConfigurationError: Error, Sendable, Equatable, CustomStringConvertible {
    /// One sentence a problem: which variable, what is wrong with it, what it should be.
    public var problems: [String]

    /// Makes an error of one or more problems.
    public init(_ problems: [String]) {
        self.problems = problems
    }

    /// The sentences, one after the other.
    public var description: String {
        problems.joined(separator: " ")
    }
}
