public import AWSSigning
public import Configuration

/// The credentials in `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`, which Lambda sets.
public struct EnvironmentCredentials: CredentialProvider {
    private let environment: Environment

    /// Takes the credentials out of an environment.
    public init(environment: Environment) {
        self.environment = environment
    }

    /// Whether either key is set.
    var isConfigured: Bool {
        environment["AWS_ACCESS_KEY_ID"] != nil || environment["AWS_SECRET_ACCESS_KEY"] != nil
    }

    /// The credentials.
    ///
    /// - Throws: ``CredentialError`` when one of the keys is not set.
    public func credentials() async throws -> Credentials {
        guard let id = environment["AWS_ACCESS_KEY_ID"] else {
            throw CredentialError("AWS_ACCESS_KEY_ID is not set; set it beside AWS_SECRET_ACCESS_KEY.")
        }
        guard let secret = environment["AWS_SECRET_ACCESS_KEY"] else {
            throw CredentialError("AWS_SECRET_ACCESS_KEY is not set; set it beside AWS_ACCESS_KEY_ID.")
        }
        return Credentials(
            accessKeyID: id, secretAccessKey: secret, sessionToken: environment["AWS_SESSION_TOKEN"])
    }
}
