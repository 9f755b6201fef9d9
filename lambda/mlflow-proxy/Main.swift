import LambdaBootstrap
import MLflowProxy

/// The Lambda target of an Application Load Balancer that shows Amazon SageMaker MLflow.
@main enum MLflowProxyFunction {
    static func main() {
        LambdaFunction.run { services in
            try MLflowProxyHandler(
                environment: services.environment, transport: services.transport, clock: services.clock,
                logger: services.logger)
        }
    }
}
