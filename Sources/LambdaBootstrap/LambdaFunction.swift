internal import CurlHTTP
internal import Glibc
public import Lambda
internal import Logging

/// Starts a function: the event loop, the transport on libcurl, the log, the runtime.
///
///     @main enum EchoFunction {
///         static func main() { LambdaFunction.run { _ in Echo() } }
///     }
public enum LambdaFunction {
    /// Runs a function that answers at once, for the life of the process.
    ///
    /// - Parameter make: Makes the handler, once. What it throws is reported to Lambda as the reason why the function
    ///   cannot start.
    public static func run(_ make: @escaping @Sendable (FunctionServices) async throws -> any LambdaHandler) -> Never {
        start { services, started in
            await LambdaRuntime.launch(
                environment: services.environment, transport: services.transport, clock: services.clock,
                logger: services.logger, started: started, make: { try await make(services) })
        }
    }

    /// Runs a function that streams its answers, for the life of the process.
    ///
    /// - Parameter make: Makes the handler, once, as in ``run(_:)``.
    public static func runStreaming(
        _ make: @escaping @Sendable (FunctionServices) async throws -> any StreamingLambdaHandler
    ) -> Never {
        start { services, started in
            await LambdaRuntime.launch(
                environment: services.environment, transport: services.transport, clock: services.clock,
                logger: services.logger, started: started, makeStreaming: { try await make(services) })
        }
    }

    private typealias Launch =
        @Sendable (
            _ services: FunctionServices, _ started: @Sendable (LambdaRuntime) -> Void
        ) async -> LambdaRuntime.ExitCode

    private static func start(_ launch: @escaping Launch) -> Never {
        ProcessSetup.apply()
        let services: FunctionServices
        let loop: EventLoop
        do {
            loop = try EventLoop()
            services = FunctionServices(loop)
        } catch {
            ProcessSetup.fail("the function cannot start: \(error)")
        }
        let termination = Termination()
        do {
            // Lambda sends SIGTERM before it takes the sandbox away, when an extension is registered.
            try loop.onSignals([SIGTERM, SIGINT]) { _ in termination.request() }
        } catch {
            services.logger.warning("SIGTERM will end the function at once: \(error)")
        }
        Task(executorPreference: loop) {
            let code = await launch(services) { termination.set($0) }
            exit(code.rawValue)
        }
        loop.run()
        exit(LambdaRuntime.ExitCode.stopped.rawValue)
    }
}
