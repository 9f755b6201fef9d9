public import Configuration
public import Logging

/// Takes events from Lambda and gives back what a handler makes of them, until it is stopped.
///
/// Nothing that Lambda or the network answers ends it: a call that fails is logged and tried again, ever more slowly.
public final class LambdaRuntime: Sendable {
    /// The two kinds of function.
    public enum Function: Sendable {
        /// One that answers at once.
        case whole(any LambdaHandler)
        /// One that streams its answer.
        case streamed(any StreamingLambdaHandler)
    }

    /// The number of invocations taken at a time.
    public let concurrency: Int

    let function: Function
    let client: RuntimeAPIClient
    let clock: any Clock<Duration>
    let logger: Logger
    private let gate = DrainGate()
    private let traceVariable: TraceIDVariable?

    /// Makes a runtime.
    ///
    /// - Parameters:
    ///   - function: What answers the invocations.
    ///   - client: The Runtime API.
    ///   - concurrency: How many invocations to take at a time, at least one.
    ///   - clock: What waits between tries.
    ///   - logger: Given to the handler, and told of every call that failed.
    public init(
        _ function: Function, client: RuntimeAPIClient, concurrency: Int = 1, clock: any Clock<Duration>, logger: Logger
    ) {
        self.function = function
        self.client = client
        self.concurrency = max(1, concurrency)
        self.clock = clock
        self.logger = logger
        // The environment has room for one trace only.
        traceVariable = self.concurrency == 1 ? TraceIDVariable() : nil
    }

    /// `AWS_LAMBDA_MAX_CONCURRENCY`, how many invocations Lambda sends at a time; one when it is not set.
    ///
    /// - Throws: ``ConfigurationError`` when it is no number from 1 to 10,000.
    public static func concurrency(in environment: Environment) throws(ConfigurationError) -> Int {
        guard let text = environment["AWS_LAMBDA_MAX_CONCURRENCY"] else { return 1 }
        guard let count = Int(text), (1...10_000).contains(count) else {
            throw ConfigurationError([
                "The environment variable AWS_LAMBDA_MAX_CONCURRENCY is \(text.debugDescription): Lambda sets it to the "
                    + "number of invocations at a time, from 1 to 10000."
            ])
        }
        return count
    }

    /// Serves invocations until ``stop()`` is called or the task is cancelled. Cancelling breaks off the invocations in
    /// flight too.
    public func run() async {
        await withTaskGroup(of: Invocation?.self) { group in
            for id in 0..<concurrency {
                group.addTask { await self.loop(id) }
            }
            for await leftOver in group {
                if let leftOver { await serve(leftOver) }
            }
        }
    }

    /// Ends ``run()``: loops that wait for an event end at once, the others after their answer was delivered. May be
    /// called from any thread and any number of times, before ``run()`` too, but not from within a signal handler.
    public func stop() {
        gate.stop()
    }

    /// One of the identical loops.
    ///
    /// - Returns: An invocation that came at the very moment of stopping. This task is cancelled then, and so would be
    ///   whatever the handler awaits; it is served by a task that is not.
    private func loop(_ id: Int) async -> Invocation? {
        var backoff = Backoff()
        while !Task.isCancelled {
            do {
                guard let invocation = try await gate.waiting(id, { try await client.next() }) else { return nil }
                if Task.isCancelled { return gate.isStopped ? invocation : nil }
                backoff.reset()
                await serve(invocation)
            } catch {
                if error is CancellationError || Task.isCancelled { return nil }
                let delay = backoff.next()
                logger.error("No event could be taken; the next try is in \(delay.inMilliseconds) ms: \(error).")
                _ = try? await gate.waiting(id) { try await clock.sleep(for: delay) }
            }
        }
        return nil
    }

    /// Handles one invocation and delivers the answer, in whatever way that goes.
    private func serve(_ invocation: Invocation) async {
        var invocation = invocation
        invocation.context.logger = logger
        traceVariable?.set(invocation.context.traceID)
        await LambdaContext.$current.withValue(invocation.context) {
            switch function {
            case .whole(let handler): await answer(invocation, with: handler)
            case .streamed(let handler): await stream(invocation, from: handler)
            }
        }
    }
}

extension Duration {
    /// Whole milliseconds, for a message about a short wait.
    fileprivate var inMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds &* 1_000 &+ attoseconds / 1_000_000_000_000_000
    }
}
