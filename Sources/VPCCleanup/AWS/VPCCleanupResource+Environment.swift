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
        let schedule = try PollSchedule(environment)
        // More tries than the SDKs' three: nobody waits for a single call.
        let retries = RetryPolicy(attempts: 6, base: min(.seconds(1), schedule.base))
        let clients = try AWSClientFactory(
            environment: environment, transport: transport, clock: clock, logger: logger, now: now, retries: retries)
        let ec2 = try clients.client(.ec2, errorForm: .xml)
        let lambda = LambdaClient(try clients.client(.lambda, errorForm: .json))
        let sts = STSClient(
            endpoint: try ServiceEndpoint.resolve(service: .sts, region: clients.region, environment: environment),
            transport: transport, clock: clock, now: now, retries: retries)
        let world = AWSWorld(
            ec2: EC2Client(ec2), efs: EFSClient(try clients.client(.efs, errorForm: .json)),
            sageMaker: SageMakerClient(try clients.client(.sageMaker, errorForm: .json)), lambda: lambda,
            caller: { try await sts.callerIdentity(with: try await ec2.credentials.credentials()).accountID })
        return CustomResourceHandler(
            VPCCleanupResource(world: world, schedule: schedule), transport: transport, invoker: lambda, clock: clock,
            now: now)
    }
}
