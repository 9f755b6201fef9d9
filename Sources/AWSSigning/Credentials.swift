public import Timestamps

/// AWS credentials. Printing them shows the access key id alone.
public struct Credentials: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible {
    /// The access key id; not a secret.
    public var accessKeyID: String
    /// The secret access key.
    public var secretAccessKey: String
    /// The session token of temporary credentials.
    public var sessionToken: String?
    /// When temporary credentials end.
    public var expiration: Timestamp?

    /// Makes credentials of their parts.
    public init(
        accessKeyID: String, secretAccessKey: String, sessionToken: String? = nil, expiration: Timestamp? = nil
    ) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
        self.expiration = expiration
    }

    /// The access key id; the secrets are left out.
    public var description: String { "credentials \(accessKeyID)" }
    /// The access key id; the secrets are left out.
    public var debugDescription: String { description }
}
