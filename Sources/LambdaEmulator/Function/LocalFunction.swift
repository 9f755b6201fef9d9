import Synchronization
public import Timestamps

/// A function with up to N instances, each of which takes one invocation at a time, as Lambda scales.
public final class LocalFunction: Sendable {
    private struct State {
        /// Free slots, the one used last at the end, so that warm processes are used before new ones are started.
        var free: [FunctionInstance]
        /// Invocations that wait for a slot, oldest first.
        var waiters: [CheckedContinuation<FunctionInstance, Never>] = []
    }

    /// What is run.
    public let configuration: FunctionConfiguration
    private let instances: [FunctionInstance]
    private let state: Mutex<State>

    /// Opens the Runtime APIs of the instances. No process is started before ``invoke(_:)`` needs one.
    ///
    /// - Parameters:
    ///   - configuration: What is run.
    ///   - instances: The most processes at a time.
    ///   - clock: What deadlines are measured with; nil for the continuous clock.
    ///   - now: The wall time.
    ///   - started: Takes the id of each process that was started.
    ///   - log: Takes each line the processes write.
    public init(
        _ configuration: FunctionConfiguration, instances count: Int = 1,
        clock: (any Clock<Duration>)? = nil, now: @escaping @Sendable () -> Timestamp = { .now() },
        started: @escaping @Sendable (Int32) -> Void = { _ in }, log: @escaping @Sendable (String) -> Void
    ) async throws {
        self.configuration = configuration
        var instances: [FunctionInstance] = []
        for _ in 0..<max(1, count) {
            instances.append(
                try await FunctionInstance(
                    configuration, clock: clock ?? EventLoopClock(), now: now, started: started, log: log))
        }
        self.instances = instances
        let slots = instances.reversed().flatMap {
            Array(repeating: $0, count: configuration.invocationsPerInstance)
        }
        state = Mutex(State(free: slots))
    }

    /// Serves until the task is cancelled, then ends every process.
    public func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for instance in instances { group.addTask { try await instance.run() } }
            try await group.waitForAll()
        }
    }

    /// Invokes the function and waits for the result; waits for a free instance first.
    ///
    /// - Parameters:
    ///   - event: The event, JSON.
    ///   - traceID: The X-Ray trace header, or nil for a new one.
    ///   - requestID: The request's id, which the tries of an asynchronous invocation share, or nil for a new one.
    public func invoke(
        _ event: [UInt8], traceID: String? = nil, requestID: String? = nil
    ) async -> InvocationResult {
        guard event.count <= RuntimeAPI.maximumPayloadBytes else {
            let message = "\(event.count) byte payload is too large for the RequestResponse invocation type"
            return .failure(.ofLambda("RequestTooLargeException", requestID: RandomID.uuid(), message))
        }
        let root = traceID ?? "Root=\(RandomID.traceRoot(secondsSinceEpoch: Timestamp.now().secondsSinceEpoch))"
        var invocation = Invocation(
            event: event, timeout: configuration.timeout, functionARN: configuration.arn, traceID: root)
        if let requestID { invocation.requestID = requestID }
        return await withTaskExecutorPreference(EventLoopExecutor.shared) { [invocation] in
            let instance = await acquire()
            let result = await instance.invoke(invocation)
            release(instance)
            return result
        }
    }

    /// Kills every process that runs now, as the kernel does when memory runs out. What they were at fails.
    public func killProcesses() async {
        await withTaskGroup(of: Void.self) { group in
            for instance in instances { group.addTask { await instance.killProcess() } }
        }
    }

    private func acquire() async -> FunctionInstance {
        await withCheckedContinuation { continuation in
            let free = state.withLock { state -> FunctionInstance? in
                if let last = state.free.popLast() { return last }
                state.waiters.append(continuation)
                return nil
            }
            if let free { continuation.resume(returning: free) }
        }
    }

    private func release(_ instance: FunctionInstance) {
        let waiter = state.withLock { state -> CheckedContinuation<FunctionInstance, Never>? in
            guard state.waiters.isEmpty else { return state.waiters.removeFirst() }
            state.free.append(instance)
            return nil
        }
        waiter?.resume(returning: instance)
    }
}
