/// Why an event is no request of CloudFormation that can be carried out.
public struct MalformedEvent: Error, Sendable, Equatable, CustomStringConvertible {
    /// One sentence a problem.
    public var problems: [String]

    /// Makes an error of one or more problems.
    public init(_ problems: [String]) {
        self.problems = problems
    }

    /// The sentences, one after the other.
    public var description: String { problems.joined(separator: " ") }
}
