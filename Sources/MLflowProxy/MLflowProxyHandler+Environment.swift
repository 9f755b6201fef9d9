internal import AWSCore
internal import AWSSigning
public import Configuration
public import HTTP
public import Logging
public import Timestamps

extension MLflowProxyHandler {
    /// Makes the handler that an environment describes, with credentials that are renewed before they end.
    ///
    /// Requests are signed with the credentials of the environment (``CredentialChain``), or where
    /// `SAGEMAKER_MLFLOW_ASSUME_ROLE_ARN` is set with those of that role, with `PROXY_SOURCE_IDENTITY` in each caller's
    /// name.
    ///
    /// - Throws: Everything that is wrong with the environment, at once.
    public init(
        environment: Environment, transport: any HTTPTransport, clock: any Clock<Duration>, logger: Logger,
        now: @escaping @Sendable () -> Timestamp = { .now() }
    ) throws(ConfigurationError) {
        let (configuration, endpoint) = try Self.settings(environment)
        let own = CachedCredentials(
            CredentialChain(environment: environment, transport: transport, clock: clock, now: now), logger: logger,
            now: now)
        let services = try ProxyServices(region: endpoint.region, environment: environment)
        var credentials = own
        var sessions: CallerSessions?
        if let role = configuration.assumedRole {
            let sts = STSClient(
                endpoint: try Self.serviceEndpoint(.sts, environment, region: endpoint.region), transport: transport,
                clock: clock, now: now)
            credentials = CachedCredentials(
                AssumeRoleCredentials(role, source: own, sts: sts), logger: logger, now: now)
            if configuration.namesCallers {
                sessions = CallerSessions(role: role, source: own, sts: sts, logger: logger, now: now)
            }
        }
        var storage: AWSClient?
        if configuration.overflow != nil {
            // The function's own role stores, whichever one asks MLflow.
            storage = AWSClient(
                endpoint: try Self.serviceEndpoint(.s3, environment, region: endpoint.region), errorForm: .xml,
                signing: .s3, credentials: own, transport: transport, clock: clock, now: now)
        }
        self.init(
            configuration: configuration, endpoint: endpoint, services: services, credentials: credentials,
            sessions: sessions, transport: transport, storage: storage,
            functionName: environment["AWS_LAMBDA_FUNCTION_NAME"] ?? RequestHeaders.product, now: now, clock: clock)
    }

    private static func settings(
        _ environment: Environment
    ) throws(ConfigurationError) -> (ProxyConfiguration, MLflowEndpoint) {
        let endpoint = Result { () throws(ConfigurationError) in try MLflowEndpoint(environment) }
        let configuration = Result { () throws(ConfigurationError) in try ProxyConfiguration(environment) }
        switch (endpoint, configuration) {
        case (.success(let endpoint), .success(let configuration)): return (configuration, endpoint)
        case (.failure(let first), .failure(let second)):
            throw ConfigurationError(first.problems + second.problems)
        case (.failure(let error), _), (_, .failure(let error)): throw error
        }
    }

    /// A service in the function's own region, which is the nearest.
    private static func serviceEndpoint(
        _ service: AWSService, _ environment: Environment, region: String
    ) throws(ConfigurationError) -> ServiceEndpoint {
        try ServiceEndpoint.resolve(
            service: service, region: environment["AWS_REGION"] ?? region, environment: environment)
    }
}
