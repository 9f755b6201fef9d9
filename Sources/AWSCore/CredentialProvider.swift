public import AWSSigning

/// A source of credentials.
public protocol CredentialProvider: Sendable {
    /// Credentials that are valid now.
    func credentials() async throws -> Credentials

    /// Says that a service refused these credentials, so that a source which keeps them fetches others next time.
    func discard(_ credentials: Credentials)
}

extension CredentialProvider {
    /// Does nothing: a source that keeps nothing has nothing to discard.
    public func discard(_ credentials: Credentials) {}
}
