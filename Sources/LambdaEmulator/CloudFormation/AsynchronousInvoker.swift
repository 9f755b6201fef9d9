import JSON
import Synchronization
public import Timestamps

/// Lambda's queue of asynchronous invocations: an event whose invocation fails is delivered again, the same each time,
/// and the record of its failure at last goes to the function itself, where it is its own on-failure destination.
public final class AsynchronousInvoker: Sendable {
    /// How the queue is configured.
    public struct Settings: Sendable {
        /// `MaximumRetryAttempts`, from 0 to 2.
        public var maximumRetries: Int
        /// The wait before the first retry; the second one waits twice as long.
        public var retryDelay: Duration
        /// Whether the function is its own on-failure destination.
        public var deliversFailureRecords: Bool

        /// Makes settings; those of Lambda by default.
        public init(
            maximumRetries: Int = 2, retryDelay: Duration = .seconds(60), deliversFailureRecords: Bool = false
        ) {
            self.maximumRetries = min(max(0, maximumRetries), 2)
            self.retryDelay = retryDelay
            self.deliversFailureRecords = deliversFailureRecords
        }
    }

    /// What was done so far.
    public struct Counts: Sendable, Equatable {
        /// Invocations of the function, retries included.
        public var invocations = 0
        /// Invocations again after one that failed.
        public var retries = 0
        /// Records of failure that were delivered.
        public var failureRecords = 0

        /// Makes counts.
        public init(invocations: Int = 0, retries: Int = 0, failureRecords: Int = 0) {
            self.invocations = invocations
            self.retries = retries
            self.failureRecords = failureRecords
        }
    }

    /// Invokes the function once with an event, under a request id.
    public typealias Function = @Sendable (_ event: [UInt8], _ requestID: String) async -> InvocationResult

    private struct Job: Sendable {
        var event: [UInt8]
        var requestID: String
        /// The record of a record would go round for ever.
        var isFailureRecord = false
    }

    private struct State {
        var counts = Counts()
        /// Jobs that are not at their end.
        var open = 0
        var waiters: [AsyncStream<Never>.Continuation] = []
    }

    private let functionARN: String
    private let settings: Settings
    private let clock: any Clock<Duration>
    private let now: @Sendable () -> Timestamp
    private let log: @Sendable (String) -> Void
    private let function: Function
    private let jobs: AsyncStream<Job>
    private let queue: AsyncStream<Job>.Continuation
    private let state = Mutex(State())

    /// Makes a queue before a function.
    ///
    /// - Parameters:
    ///   - functionARN: The function's ARN, for the records of failure.
    ///   - settings: How the queue is configured.
    ///   - clock: What waits before retries; nil for the continuous clock.
    ///   - now: The wall time.
    ///   - log: Takes a line about what goes wrong.
    ///   - function: Invokes the function.
    public init(
        functionARN: String, settings: Settings, clock: (any Clock<Duration>)? = nil,
        now: @escaping @Sendable () -> Timestamp = { .now() }, log: @escaping @Sendable (String) -> Void,
        function: @escaping Function
    ) {
        self.functionARN = functionARN
        self.settings = settings
        self.clock = clock ?? EventLoopClock()
        self.now = now
        self.log = log
        self.function = function
        (jobs, queue) = AsyncStream.makeStream()
    }

    /// What was done so far.
    public var counts: Counts { state.withLock { $0.counts } }

    /// Takes an event, as `Invoke` does with the type `Event`, and delivers it later.
    ///
    /// - Returns: The request's id.
    @discardableResult
    public func accept(_ event: [UInt8]) -> String {
        enqueue(Job(event: event, requestID: RandomID.uuid()))
    }

    /// Delivers events until the task is cancelled.
    public func run() async {
        await withDiscardingTaskGroup { group in
            for await job in jobs { group.addTask { await self.carryOut(job) } }
            group.cancelAll()
        }
    }

    /// Waits until every event that was taken is done with, its retries and its record of failure included, or until
    /// the task is cancelled.
    public func idle() async {
        let (ended, continuation) = AsyncStream<Never>.makeStream()
        let isIdle = state.withLock { state in
            if state.open > 0 { state.waiters.append(continuation) }
            return state.open == 0
        }
        guard !isIdle else { return }
        for await _ in ended {}
    }

    private func enqueue(_ job: Job) -> String {
        state.withLock { $0.open += 1 }
        queue.yield(job)
        return job.requestID
    }

    private func carryOut(_ job: Job) async {
        defer { close() }
        var count = 0
        while true {
            count += 1
            state.withLock { state in
                state.counts.invocations += 1
                if count > 1 { state.counts.retries += 1 }
            }
            guard let failure = Self.failure(of: await function(job.event, job.requestID)), !Task.isCancelled else {
                return
            }
            let error = Self.shown(failure)
            guard count <= settings.maximumRetries else {
                log("Invocation \(job.requestID) failed for good, try \(count): \(error)")
                return deliverRecord(of: failure, job, count)
            }
            let wait = settings.retryDelay * (1 << (count - 1))
            log("Invocation \(job.requestID) failed, try \(count): \(error). It is tried again in \(wait.inSeconds) s.")
            guard (try? await clock.sleep(for: wait)) != nil else { return }
        }
    }

    private func deliverRecord(of failure: FunctionFailure, _ job: Job, _ count: Int) {
        guard settings.deliversFailureRecords, !job.isFailureRecord else { return }
        state.withLock { $0.counts.failureRecords += 1 }
        log("The record of the failure goes to the function.")
        let record = FailureRecord(
            requestID: job.requestID, functionARN: functionARN, invokeCount: count, requestPayload: job.event,
            failure: failure, timestamp: now())
        _ = enqueue(Job(event: record.notification, requestID: RandomID.uuid(), isFailureRecord: true))
    }

    private func close() {
        let waiters = state.withLock { state in
            state.open -= 1
            guard state.open == 0 else { return [AsyncStream<Never>.Continuation]() }
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.finish() }
    }

    private static func failure(of result: InvocationResult) -> FunctionFailure? {
        switch result {
        case .success(let response): response.streamFailure
        case .failure(let failure): failure
        }
    }

    private static func shown(_ failure: FunctionFailure) -> String {
        let message = (try? JSONValue(parsing: failure.payload))?["errorMessage"]?.string
        return failure.errorType + (message.map { ": \($0.prefix(300))" } ?? "")
    }
}
