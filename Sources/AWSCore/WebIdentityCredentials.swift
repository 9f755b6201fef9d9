public import AWSSigning

/// The credentials of a role that is assumed with an identity provider's token in a file, as in EKS and many CI systems.
public struct WebIdentityCredentials: CredentialProvider {
    private let roleARN: String
    private let sessionName: String
    private let tokenFile: String
    private let sts: STSClient

    /// Makes a provider of the role's credentials.
    ///
    /// - Parameters:
    ///   - roleARN: The role.
    ///   - sessionName: The session's name.
    ///   - tokenFile: The path of the token, which is read anew every time because its issuer replaces it.
    ///   - sts: The service, in the region of the caller's choice.
    public init(roleARN: String, sessionName: String, tokenFile: String, sts: STSClient) {
        self.roleARN = roleARN
        self.sessionName = sessionName
        self.tokenFile = tokenFile
        self.sts = sts
    }

    /// Assumes the role.
    public func credentials() async throws -> Credentials {
        let text = try SmallFile.text(tokenFile, for: "the web identity token")
        guard let token = text?.trimmed, !token.isEmpty else {
            throw CredentialError("The file \(tokenFile) (the web identity token) does not exist or is empty.")
        }
        return try await sts.assumeRoleWithWebIdentity(roleARN: roleARN, sessionName: sessionName, token: token)
    }
}
