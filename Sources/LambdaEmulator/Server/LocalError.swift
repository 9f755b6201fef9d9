/// Why something of the local stack cannot go on, as a sentence for the person who started it.
public struct LocalError: Error, Sendable, CustomStringConvertible {
    /// What failed, on what, why, and what to do.
    public var description: String

    /// Makes an error of its sentence.
    public init(_ description: String) {
        self.description = description
    }
}
