internal import AWSCore
internal import AWSServices
public import CloudFormation
public import Configuration
public import HTTP
public import Logging
public import Timestamps

extension VPCCleanupResource {
    /// Makes the function's handler, as an environment describes it: `AWS_REGION`, credentials, `AWS_ENDPOINT_URL…`,
    /// `POLL_INTERVAL_SECONDS`.
    ///
    /// - Throws: ``ConfigurationError`` when a variable is missing or makes no sense.
    public static func handler(
        environment: Environment, transport: any HTTPTransport, clock: any Clock<Duration>, logger: Logger,
        now: @escaping @Sendable () -> Timestamp = { .now() }
    ) throws(ConfigurationError) -> CustomResourceHandler<VPCCleanupResource> {
        guard let region = environment["AWS_REGION"] ?? environment["AWS_DEFAULT_REGION"] else {
            throw ConfigurationError(["AWS_REGION is not set; Lambda sets it, elsewhere set it to the VPC's region."])
        }
        let schedule = try PollSchedule(environment)
        // More tries than the SDKs' three: nobody waits for a single call.
        let retries = RetryPolicy(attempts: 6, base: min(.seconds(1), schedule.base))
        let credentials = CachedCredentials(
            CredentialChain(environment: environment, transport: transport, clock: clock, now: now), logger: logger,
            now: now)
        func client(
            _ service: AWSService, _ errors: AWSClient.ErrorForm
        ) throws(ConfigurationError) -> AWSClient {
            AWSClient(
                endpoint: try ServiceEndpoint.resolve(service: service, region: region, environment: environment),
                errorForm: errors, credentials: credentials, transport: transport, clock: clock, now: now,
                retries: retries)
        }
        let sts = STSClient(
            endpoint: try ServiceEndpoint.resolve(service: .sts, region: region, environment: environment),
            transport: transport, clock: clock, now: now, retries: retries)
        let lambda = LambdaClient(try client(.lambda, .json))
        let world = AWSWorld(
            ec2: EC2Client(try client(.ec2, .xml)), efs: EFSClient(try client(.efs, .json)),
            sageMaker: SageMakerClient(try client(.sageMaker, .json)), lambda: lambda,
            caller: { try await sts.callerIdentity(with: try await credentials.credentials()).accountID })
        return CustomResourceHandler(
            VPCCleanupResource(world: world, schedule: schedule), transport: transport, invoker: lambda, clock: clock,
            now: now)
    }
}
