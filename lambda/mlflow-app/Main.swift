import LambdaBootstrap
import MLflowResource

/// The custom resource of MLflow Apps and tracking servers, and what starts and stops the latter on a schedule.
@main enum MLflowAppFunction {
    static func main() {
        LambdaFunction.run { services in
            try MLflowResourceHandler(
                environment: services.environment, transport: services.transport, clock: services.clock,
                logger: services.logger)
        }
    }
}
