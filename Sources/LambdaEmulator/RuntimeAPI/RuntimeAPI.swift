import HTTP
public import Timestamps

/// The Lambda Runtime API (version 2018-06-01) of one function instance, as strict as the service.
public actor RuntimeAPI: ServerHandler {
    /// The largest event and the largest buffered answer, in bytes: 6 MiB and room for Lambda's own envelope.
    public static let maximumPayloadBytes = 6 << 20 + 100
    /// The largest streamed answer, in bytes.
    public static let maximumStreamBytes = 200 << 20

    /// What becomes of the start of a runtime.
    enum Start: Sendable {
        case ready
        /// What an invocation fails with, given its request id.
        case failed(@Sendable (_ requestID: String) -> FunctionFailure)
    }

    /// An event whose caller waits.
    struct Pending {
        var invocation: Invocation
        var continuation: CheckedContinuation<InvocationResult?, Never>
    }

    /// A runtime that waits for an event.
    struct Poller {
        var id: UInt64
        var continuation: CheckedContinuation<Invocation?, Never>
    }

    /// The loop that the server runs on, so that an invocation changes no thread.
    public nonisolated var unownedExecutor: UnownedSerialExecutor { EventLoopExecutor.shared.serialExecutor }

    private let concurrency: Int
    let now: @Sendable () -> Timestamp
    var states: RuntimeStates
    /// Events that wait for a poller, oldest first.
    var queue: [Pending] = []
    /// Runtimes that wait for an event, oldest first.
    var pollers: [Poller] = []
    var nextPollerID: UInt64 = 0
    /// Callers that wait for an answer, by request id.
    private var callers: [String: CheckedContinuation<InvocationResult?, Never>] = [:]
    var start: Start?
    private var startWaiters: [CheckedContinuation<Start, Never>] = []

    /// The API of an instance that takes a number of invocations at a time.
    public init(concurrency: Int = 1, now: @escaping @Sendable () -> Timestamp = { .now() }) {
        self.concurrency = max(1, concurrency)
        self.now = now
        states = RuntimeStates(concurrency: max(1, concurrency))
    }

    /// Queues an invocation and waits for its end. Whoever calls sees to the deadline, with ``fail(_:with:)``.
    public func invoke(_ invocation: Invocation) async -> InvocationResult {
        await offer(invocation)
            ?? .failure(
                .ofLambda(
                    "Runtime.ExitError", requestID: invocation.requestID, "Runtime exited without providing a reason"))
    }

    /// Queues an invocation and waits for its end; nil when the process ended before it had taken the event, which
    /// another process can then take.
    func offer(_ invocation: Invocation) async -> InvocationResult? {
        await withCheckedContinuation { continuation in
            let pending = Pending(invocation: invocation, continuation: continuation)
            if pollers.isEmpty {
                queue.append(pending)
            } else {
                deliver(pending, to: pollers.removeFirst())
            }
        }
    }

    /// Ends an invocation in the function's place; nothing happens when it has ended.
    public func fail(_ requestID: String, with failure: FunctionFailure) {
        if let index = queue.firstIndex(where: { $0.invocation.requestID == requestID }) {
            queue.remove(at: index).continuation.resume(returning: .failure(failure))
        }
        finish(requestID, .failure(failure))
    }

    /// Waits until the runtime has asked for its first event or has failed to start.
    func started() async -> Start {
        if let start { return start }
        return await withCheckedContinuation { startWaiters.append($0) }
    }

    /// The process has ended: what it was at fails, and the API is fresh for the next one.
    func processEnded(_ failure: @escaping @Sendable (_ requestID: String) -> FunctionFailure) {
        for requestID in callers.keys { finish(requestID, .failure(failure(requestID))) }
        for pending in queue { pending.continuation.resume(returning: nil) }
        queue = []
        for poller in pollers { poller.continuation.resume(returning: nil) }
        pollers = []
        if start == nil { settleStart(.failed(failure)) }
        states = RuntimeStates(concurrency: concurrency)
        start = nil
    }

    func finish(_ requestID: String, _ result: InvocationResult) {
        callers.removeValue(forKey: requestID)?.resume(returning: result)
    }

    func settleStart(_ outcome: Start) {
        start = outcome
        for waiter in startWaiters { waiter.resume(returning: outcome) }
        startWaiters = []
    }

    func deliver(_ pending: Pending, to poller: Poller) {
        callers[pending.invocation.requestID] = pending.continuation
        states.deliver(pending.invocation)
        poller.continuation.resume(returning: pending.invocation)
    }
}
