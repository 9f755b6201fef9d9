import LambdaBootstrap
import VPCCleanup

/// The provider of `Custom::VPCCleanup`: it removes what SageMaker and others leave in a VPC.
@main enum VPCCleanupFunction {
    static func main() {
        LambdaFunction.run { services in
            try VPCCleanupResource.handler(
                environment: services.environment, transport: services.transport, clock: services.clock,
                logger: services.logger)
        }
    }
}
