public import AWSServices
public import CloudFormation
public import HTTP
internal import JSON
public import Lambda
public import Timestamps

/// The function `mlflow-app`: CloudFormation's requests for `Custom::MLflowApp`, and the actions of schedules and people.
public struct MLflowResourceHandler: LambdaHandler {
    private let resource: CustomResourceHandler<MLflowCustomResource>
    private let actions: ActionRunner

    /// Makes a handler.
    ///
    /// - Parameters:
    ///   - service: SageMaker's control plane.
    ///   - invoker: Starts the function anew when the work outlasts an invocation.
    ///   - transport: Sends CloudFormation's answers.
    ///   - clock: What waits.
    ///   - interval: How long is waited between two looks at an App.
    ///   - now: The time.
    public init(
        service: SageMakerClient, invoker: any SelfInvoker, transport: any HTTPTransport, clock: any Clock<Duration>,
        interval: Duration = .seconds(15), now: @escaping @Sendable () -> Timestamp = Timestamp.now
    ) {
        resource = CustomResourceHandler(
            MLflowCustomResource(service: service, interval: interval), transport: transport, invoker: invoker,
            clock: clock, now: now)
        actions = ActionRunner(service: service, interval: interval, clock: clock, now: now)
    }

    /// Handles one event.
    ///
    /// - Throws: What `CustomResourceHandler` throws; the reason why an action was not carried out.
    public func handle(_ event: [UInt8], context: LambdaContext) async throws -> [UInt8] {
        if let value = try? JSONValue(parsing: event), ActionRequest.isOne(value) {
            return try await actions.run(try ActionRequest(value), context: context).encoded
        }
        return try await resource.handle(event, context: context)
    }
}
