public import Configuration
internal import CurlHTTP
public import HTTP
internal import Lambda
public import Logging

/// What a function is given to work with. A test gives others.
public struct FunctionServices: Sendable {
    /// The environment variables.
    public var environment: Environment
    /// Sends requests, over libcurl.
    public var transport: any HTTPTransport
    /// Waits, on the event loop. `Task.sleep` works too, but starts threads.
    public var clock: any Clock<Duration>
    /// Writes to the function's log.
    public var logger: Logger

    /// The services of a process, on its event loop.
    init(_ loop: EventLoop, environment: Environment = .process) {
        self.environment = environment
        transport = CurlTransport(loop)
        clock = LoopClock(loop)
        logger = Logger(
            label: "lambda", factory: { _ in LambdaLogHandler(settings: LogSettings(environment: environment)) })
    }
}
