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
        start { .whole(try await make($0)) }
    }

    /// Runs a function that streams its answers, for the life of the process.
    ///
    /// - Parameter make: Makes the handler, once, as in ``run(_:)``.
    public static func runStreaming(
        _ make: @escaping @Sendable (FunctionServices) async throws -> any StreamingLambdaHandler
    ) -> Never {
        start { .streamed(try await make($0)) }
    }

    private static func start(
        _ make: @escaping @Sendable (FunctionServices) async throws -> LambdaRuntime.Function
    ) -> Never {
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
            let code = await LambdaRuntime.launch(
                environment: services.environment, transport: services.transport, clock: services.clock,
                logger: services.logger, started: { termination.set($0) }, make: { try await make(services) })
            exit(code.rawValue)
        }
        loop.run()
        exit(LambdaRuntime.ExitCode.stopped.rawValue)
    }
}
