import Synchronization

/// Lets a runtime be stopped without breaking off what it is doing: of its loops, those that wait for an event are
/// cancelled, those that handle one are left to finish.
final class DrainGate: Sendable {
    /// A handle to cancel a task from elsewhere.
    ///
    /// `UnsafeCurrentTask` is not sendable because most of it may be used by its own task only; `cancel()` is what may
    /// be called from anywhere. A loop takes its handle out of the gate before the task can end.
    private struct Waiting: @unchecked Sendable {
        var task: UnsafeCurrentTask
    }

    private struct State {
        var stopped = false
        var waiting: [Int: Waiting] = [:]
    }

    private let state = Mutex(State())

    /// Whether the runtime is to end.
    var isStopped: Bool { state.withLock { $0.stopped } }

    /// Runs a wait of the current task; it is cancelled when the gate is stopped. Nil when that was before.
    ///
    /// - Parameter id: Tells the loops apart.
    func waiting<Value>(_ id: Int, _ body: () async throws -> Value) async throws -> Value? {
        let admitted = withUnsafeCurrentTask { task in
            guard let task else { return true }
            let handle = Waiting(task: task)
            return state.withLock { state in
                guard !state.stopped else { return false }
                state.waiting[id] = handle
                return true
            }
        }
        guard admitted else { return nil }
        defer { state.withLock { _ = $0.waiting.removeValue(forKey: id) } }
        return try await body()
    }

    /// Ends every wait, now and from now on.
    func stop() {
        state.withLock { state in
            state.stopped = true
            // Cancelling under the lock: no loop can leave its wait, and end, in between.
            for handle in state.waiting.values { handle.task.cancel() }
            state.waiting = [:]
        }
    }
}
