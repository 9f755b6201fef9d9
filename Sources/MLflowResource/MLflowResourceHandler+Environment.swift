internal import AWSCore
internal import AWSServices
internal import CloudFormation
public import Configuration
public import HTTP
public import Logging
public import Timestamps

extension MLflowResourceHandler {
    /// Makes the handler that an environment describes.
    ///
    /// - Throws: What is wrong with the environment.
    public init(
        environment: Environment, transport: any HTTPTransport, clock: any Clock<Duration>, logger: Logger,
        now: @escaping @Sendable () -> Timestamp = Timestamp.now
    ) throws(ConfigurationError) {
        let clients = try AWSClientFactory(
            environment: environment, transport: transport, clock: clock, logger: logger, now: now)
        self.init(
            service: SageMakerClient(try clients.client(.sageMaker, errorForm: .json)),
            invoker: LambdaClient(try clients.client(.lambda, errorForm: .json)),
            transport: transport, clock: clock,
            interval: try PollInterval.base(environment, default: .seconds(15)), now: now)
    }
}
