/// Why there are no credentials.
public struct CredentialError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What was looked for, why it failed, what to do; no secret is in it.
    public var description: String

    /// Makes an error of its sentence.
    public init(_ description: String) {
        self.description = description
    }
}
