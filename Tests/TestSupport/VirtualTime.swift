import Synchronization

/// Runs asynchronous work on one thread, and moves a clock to the next sleeper's end whenever nobody has anything to do:
/// hours pass in no time, in the same order every time. The work must wait for nothing but the clock.
public final class VirtualTime: TaskExecutor {
    /// All tasks of the work wait for something that never comes.
    public struct Stuck: Error {}

    /// The clock.
    public let clock = ManualClock()

    private let jobs = Mutex<[UnownedJob]>([])

    /// Time that begins at zero.
    public init() {}

    /// Takes a job for later.
    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        jobs.withLock { $0.append(job) }
    }

    /// Runs work to its end.
    ///
    /// - Throws: What the work throws; ``Stuck`` when it does not come to an end.
    public func run<Value: Sendable>(_ work: @escaping @Sendable () async throws -> Value) throws -> Value {
        let end = End<Value>()
        Task(executorPreference: self) {
            do {
                end.set(.success(try await work()))
            } catch {
                end.set(.failure(error))
            }
        }
        while true {
            if let result = end.result { return try result.get() }
            let next = jobs.withLock { $0.isEmpty ? nil : $0.removeFirst() }
            if let next {
                next.runSynchronously(on: asUnownedTaskExecutor())
            } else if !clock.advanceToNextSleeper() {
                throw Stuck()
            }
        }
    }

    /// How the work ended.
    private final class End<Value: Sendable>: Sendable {
        private let state = Mutex<Result<Value, any Error>?>(nil)
        var result: Result<Value, any Error>? { state.withLock { $0 } }
        func set(_ result: Result<Value, any Error>) { state.withLock { $0 = result } }
    }
}
