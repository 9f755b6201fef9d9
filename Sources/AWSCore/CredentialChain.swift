public import AWSSigning
public import Configuration
public import HTTP
public import Timestamps

/// The first credentials there are, in this order: environment, web identity, container, profile.
///
/// A place that is set up but fails is an error: going on would sign as somebody else. Put ``CachedCredentials`` before
/// the chain, since every call asks anew.
public struct CredentialChain: CredentialProvider {
    private let context: CredentialContext

    /// Makes a chain that looks where an environment says.
    ///
    /// - Parameters:
    ///   - environment: The variables that are looked at.
    ///   - transport: How STS and a container's endpoint are reached.
    ///   - clock: Waits between tries.
    ///   - now: The time of signing.
    public init(
        environment: Environment, transport: any HTTPTransport, clock: any Clock<Duration>,
        now: @escaping @Sendable () -> Timestamp = Timestamp.now
    ) {
        context = CredentialContext(environment: environment, transport: transport, clock: clock, now: now)
    }

    /// The credentials.
    ///
    /// - Throws: The error of the place that is set up but fails; ``CredentialError``, which names all the places that
    ///   were looked at, when none is.
    public func credentials() async throws -> Credentials {
        let environment = EnvironmentCredentials(environment: context.environment)
        if environment.isConfigured { return try await environment.credentials() }
        if let webIdentity = try webIdentity() { return try await webIdentity.credentials() }
        let container = ContainerCredentials(
            environment: context.environment, transport: context.transport, clock: context.clock)
        if container.isConfigured { return try await container.credentials() }
        let profile = ProfileCredentials(context)
        if let credentials = try await profile.credentialsIfAny() { return credentials }
        throw CredentialError(
            "No AWS credentials found: looked at AWS_ACCESS_KEY_ID (not set), AWS_WEB_IDENTITY_TOKEN_FILE (not set), "
                + "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and AWS_CONTAINER_CREDENTIALS_FULL_URI (not set), and "
                + "\(profile.place) (no credentials there); set one of them up.")
    }

    private func webIdentity() throws -> WebIdentityCredentials? {
        guard let file = context.environment["AWS_WEB_IDENTITY_TOKEN_FILE"] else { return nil }
        guard let role = context.environment["AWS_ROLE_ARN"] else {
            throw CredentialError(
                "AWS_WEB_IDENTITY_TOKEN_FILE is set, but AWS_ROLE_ARN is not; set it to the role's ARN.")
        }
        return WebIdentityCredentials(
            roleARN: role, sessionName: context.sessionName(context.environment["AWS_ROLE_SESSION_NAME"]),
            tokenFile: file, sts: try context.sts(region: nil, for: "AWS_WEB_IDENTITY_TOKEN_FILE"))
    }
}
