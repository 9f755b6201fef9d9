public import AWSSigning

/// The credentials of a role, assumed with other credentials: every call assumes it anew, so put
/// ``CachedCredentials`` before it.
public struct AssumeRoleCredentials: CredentialProvider {
    private let request: AssumeRoleRequest
    private let source: any CredentialProvider
    private let sts: STSClient

    /// Makes a provider of the role's credentials.
    ///
    /// - Parameters:
    ///   - request: The role and its session.
    ///   - source: The credentials it is assumed with.
    ///   - sts: The service, in the region of the caller's choice.
    public init(_ request: AssumeRoleRequest, source: any CredentialProvider, sts: STSClient) {
        self.request = request
        self.source = source
        self.sts = sts
    }

    /// Assumes the role.
    public func credentials() async throws -> Credentials {
        try await sts.assumeRole(request, with: source.credentials())
    }
}
