public import Configuration
public import HTTP
public import Logging

extension LambdaRuntime {
    /// What ``launch(environment:transport:clock:logger:started:afterRestore:make:)`` returns, for `exit`.
    public enum ExitCode: Int32, Sendable {
        /// The runtime was stopped.
        case stopped = 0
        /// The function could not start; Lambda was told why.
        case initFailed = 1
        /// The function could not go on after its snapshot was restored; Lambda was told why.
        case restoreFailed = 65
    }

    /// The whole life of a function: makes it, then serves until it is stopped. When making it fails, Lambda is told why
    /// with `init/error`.
    ///
    /// - Parameters:
    ///   - environment: Where `AWS_LAMBDA_RUNTIME_API` and its like are read from.
    ///   - transport: What reaches the Runtime API.
    ///   - clock: What waits between tries.
    ///   - logger: The function's log.
    ///   - started: Called with the runtime before its first event, so that a signal can ``stop()`` it.
    ///   - afterRestore: With SnapStart, called after a snapshot was restored, to renew what must not be shared by
    ///     copies: connections, random state, credentials.
    ///   - make: Makes what answers the invocations.
    /// - Returns: With what code to exit.
    public static func launch(
        environment: Environment, transport: any HTTPTransport, clock: any Clock<Duration>, logger: Logger,
        started: @Sendable (LambdaRuntime) -> Void = { _ in },
        afterRestore: @Sendable () async throws -> Void = {},
        make: @Sendable () async throws -> Function
    ) async -> ExitCode {
        let client: RuntimeAPIClient
        do {
            client = RuntimeAPIClient(transport: transport, endpoint: try RuntimeAPIEndpoint(environment: environment))
        } catch {
            // There is nobody to tell but the log.
            logger.critical("\(error)")
            return .initFailed
        }
        let mark = ThrowTrace.mark()
        let runtime: LambdaRuntime
        do {
            let concurrency = try Self.concurrency(in: environment)
            runtime = LambdaRuntime(
                try await make(), client: client, concurrency: concurrency, clock: clock, logger: logger)
        } catch {
            // What somebody set is mended by the sentence; a place in the code would only hide it.
            let stack = error is ConfigurationError ? [] : ThrowTrace.stack(of: error, since: mark)
            let report = ErrorReport(.runtime, error, stack: stack)
            logger.critical("The function cannot start: \(report.message)", metadata: report.stackMetadata)
            await tell(logger) { try await client.reportInit(report) }
            return .initFailed
        }
        if environment["AWS_LAMBDA_INITIALIZATION_TYPE"] == "snap-start" {
            do {
                try await client.waitForRestore()
                try await afterRestore()
            } catch {
                let report = ErrorReport(.runtime, type: "AfterRestoreError", message: "\(error)")
                logger.critical("The function cannot go on after its snapshot was restored: \(report.message)")
                await tell(logger) { try await client.reportRestore(report) }
                return .restoreFailed
            }
        }
        started(runtime)
        await runtime.run()
        return .stopped
    }

    private static func tell(_ logger: Logger, _ post: () async throws -> Void) async {
        do {
            try await post()
        } catch {
            logger.critical("Lambda could not be told: \(error).")
        }
    }
}

extension ErrorReport {
    /// The stack for a log record; nil when it is not known.
    var stackMetadata: Logger.Metadata? {
        stack.isEmpty ? nil : ["stackTrace": .array(stack.map { .string($0.description) })]
    }
}
