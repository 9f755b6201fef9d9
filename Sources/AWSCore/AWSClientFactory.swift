public import AWSSigning
public import Configuration
public import HTTP
public import Logging
public import Timestamps

/// Makes the clients of one function: all with the same credentials, in the same region.
public struct AWSClientFactory: Sendable {
    /// The region of the calls.
    public let region: String
    private let environment: Environment
    private let credentials: any CredentialProvider
    private let transport: any HTTPTransport
    private let clock: any Clock<Duration>
    private let now: @Sendable () -> Timestamp
    private let retries: RetryPolicy

    /// Makes clients for an environment: its credentials (``CredentialChain``), its region, its endpoints.
    ///
    /// - Parameter retries: How failed calls are tried again.
    /// - Throws: `ConfigurationError` when there is no region.
    public init(
        environment: Environment, transport: any HTTPTransport, clock: any Clock<Duration>, logger: Logger,
        now: @escaping @Sendable () -> Timestamp = Timestamp.now, retries: RetryPolicy = RetryPolicy()
    ) throws(ConfigurationError) {
        guard let region = environment["AWS_REGION"] ?? environment["AWS_DEFAULT_REGION"] else {
            throw ConfigurationError(["AWS_REGION is not set: set it to the region of the calls, such as eu-central-1."]
            )
        }
        self.region = region
        self.environment = environment
        self.transport = transport
        self.clock = clock
        self.now = now
        self.retries = retries
        credentials = CachedCredentials(
            CredentialChain(environment: environment, transport: transport, clock: clock, now: now), logger: logger,
            now: now)
    }

    /// The client of a service.
    ///
    /// - Throws: `ConfigurationError` when the environment's endpoints make no sense.
    public func client(
        _ service: AWSService, errorForm: AWSClient.ErrorForm, signing: SigningSettings = .standard
    ) throws(ConfigurationError) -> AWSClient {
        AWSClient(
            endpoint: try ServiceEndpoint.resolve(service: service, region: region, environment: environment),
            errorForm: errorForm, signing: signing, credentials: credentials, transport: transport, clock: clock,
            now: now, retries: retries)
    }
}
