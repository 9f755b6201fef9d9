import Glibc
import Timestamps

/// One execution environment: a Runtime API of its own and the process that polls it, started when it is first needed
/// and again after it has ended.
actor FunctionInstance {
    /// The time a process has until it first polls.
    private static let initLimit = Duration.seconds(10)
    /// The longest pause before a process that keeps failing is started again.
    private static let longestPause = Duration.seconds(5)

    /// The loop that the server runs on, so that an invocation changes no thread.
    nonisolated var unownedExecutor: UnownedSerialExecutor { EventLoopExecutor.shared.serialExecutor }

    private let configuration: FunctionConfiguration
    private let server: HTTPServer
    private let api: RuntimeAPI
    private let clock: any Clock<Duration>
    private let now: @Sendable () -> Timestamp
    private let started: @Sendable (Int32) -> Void
    private let log: @Sendable (String) -> Void

    private var process: ChildProcess?
    /// The end of an earlier process.
    private var ending: Task<Void, Never>?
    /// The start under way or done; concurrent invocations share it.
    private var starting: Task<RuntimeAPI.Start, Never>?
    /// Processes in a row that ended by themselves without an answer in between.
    private var failuresInARow = 0
    private var isStopped = false

    init(
        _ configuration: FunctionConfiguration, clock: any Clock<Duration>, now: @escaping @Sendable () -> Timestamp,
        started: @escaping @Sendable (Int32) -> Void, log: @escaping @Sendable (String) -> Void
    ) async throws {
        self.configuration = configuration
        self.clock = clock
        self.now = now
        self.started = started
        self.log = log
        server = try await HTTPServer()
        api = RuntimeAPI(concurrency: configuration.invocationsPerInstance, now: now)
    }

    /// Serves the Runtime API until the task is cancelled, then ends the process.
    func run() async throws {
        // The API outlives the cancellation: a process that is asked to end must not find its connection broken.
        let (ended, continuation) = AsyncStream<Never>.makeStream()
        let serving = Task { [server, api] in
            defer { continuation.finish() }
            try await server.run(api)
        }
        for await _ in ended {}
        isStopped = true
        await process?.stop(grace: .milliseconds(500), clock: clock)
        await ending?.value
        // Whoever still waits for the process learns that it does not come back.
        starting = nil
        await api.processEnded(Self.stopped)
        serving.cancel()
        try await serving.value
    }

    /// One invocation, from the start of the process where there is none.
    func invoke(_ invocation: Invocation) async -> InvocationResult {
        while true {
            if case .failed(let failure) = await start() {
                failuresInARow += 1
                // A process that reported why it cannot start may be writing its last log lines.
                await discardProcess(grace: .milliseconds(300)) { failure($0) }
                return .failure(failure(invocation.requestID))
            }
            async let _: Void = endAtTimeout(invocation)
            // A process that ended between two invocations is no failure of this one: it is started again.
            guard let result = await api.offer(invocation) else { continue }
            if case .success = result { failuresInARow = 0 }
            return result
        }
    }

    /// Kills the process when the invocation takes too long; cancelled when it ends in time.
    private func endAtTimeout(_ invocation: Invocation) async {
        guard (try? await clock.sleep(for: invocation.timeout)) != nil else { return }
        let limit = invocation.timeout
        await api.fail(invocation.requestID, with: .timeout(limit, requestID: invocation.requestID))
        await discardProcess(grace: .zero) { .exit(.signalled(SIGKILL), requestID: $0) }
    }

    /// Kills the process, as the kernel would.
    func killProcess() async {
        await process?.kill()
    }

    // MARK: The process

    private static func stopped(_ requestID: String) -> FunctionFailure {
        .ofLambda("Sandbox.Failure", requestID: requestID, "The function is being stopped")
    }

    private func start() async -> RuntimeAPI.Start {
        if let starting { return await starting.value }
        let task = Task { await self.startProcess() }
        starting = task
        return await task.value
    }

    private func startProcess() async -> RuntimeAPI.Start {
        await ending?.value
        if failuresInARow > 0, !isStopped {
            // A function that dies at once must not become a loop that takes the machine.
            let pause = min(Self.longestPause, .milliseconds(100) * (1 << min(failuresInARow - 1, 6)))
            try? await clock.sleep(for: pause)
        }
        guard !isStopped else { return .failed(Self.stopped) }
        do throws(LocalError) {
            let environment = configuration.environment(runtimeAPI: "127.0.0.1:\(server.port)", at: now())
            let child = try ChildProcess(
                executable: configuration.executable, environment: environment,
                workingDirectory: configuration.taskRoot, log: log)
            process = child
            started(child.processID)
            Task { await self.watch(child) }
        } catch {
            return .failed { .ofLambda("Runtime.InvalidEntrypoint", requestID: $0, error.description) }
        }
        async let _: Void = failStart(after: max(Self.initLimit, configuration.timeout))
        return await api.started()
    }

    private func failStart(after limit: Duration) async {
        guard (try? await clock.sleep(for: limit)) != nil else { return }
        await api.processEnded { .timeout(limit, requestID: $0) }
    }

    /// Ends the process; whoever starts the next one waits until this one is gone and the API is fresh.
    private func discardProcess(
        grace: Duration, _ failure: @escaping @Sendable (_ requestID: String) -> FunctionFailure
    ) async {
        let discarded = process
        process = nil
        starting = nil
        let ending = Task { [api, clock] in
            await discarded?.end(after: grace, clock: clock)
            await api.processEnded(failure)
        }
        self.ending = ending
        await ending.value
    }

    private func watch(_ watched: ChildProcess) async {
        let status = await watched.exitStatus()
        guard process === watched, !isStopped else { return }
        failuresInARow += 1
        log("The process of \(configuration.name) ended: \(status). The next invocation starts it again.")
        await discardProcess(grace: .zero) { .exit(status, requestID: $0) }
    }
}

extension FunctionFailure {
    static func timeout(_ limit: Duration, requestID: String) -> FunctionFailure {
        .ofLambda("Sandbox.Timedout", requestID: requestID, "Task timed out after \(limit.inSeconds) seconds")
    }

    static func exit(_ status: ExitStatus, requestID: String) -> FunctionFailure {
        let reason =
            status == .exited(0)
            ? "Runtime exited without providing a reason" : "Runtime exited with error: \(status)"
        return .ofLambda("Runtime.ExitError", requestID: requestID, reason)
    }
}

extension Duration {
    /// Seconds with two decimals, as Lambda writes them.
    var inSeconds: String {
        let hundredths = components.seconds * 100 + components.attoseconds / 10_000_000_000_000_000
        let rest = String(hundredths % 100)
        return "\(hundredths / 100).\(rest.utf8.count < 2 ? "0" : "")\(rest)"
    }
}
