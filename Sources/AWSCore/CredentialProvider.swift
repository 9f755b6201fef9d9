public import AWSSigning

/// A source of credentials.
public protocol CredentialProvider: Sendable {
    /// Credentials that are valid now.
    func credentials() async throws -> Credentials
}
