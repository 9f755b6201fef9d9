internal import Synchronization

/// Lets so many calls go out at the same time, the others in the order they came.
final class CallLimit: Sendable {
    private struct State {
        var free: Int
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state: Mutex<State>

    /// - Parameter width: The most calls at the same time.
    init(_ width: Int) {
        state = Mutex(State(free: max(1, width)))
    }

    /// Makes a call once there is room for it.
    ///
    /// - Throws: What the call throws; `CancellationError` when the task was cancelled before it began.
    func run<Value: Sendable>(_ call: () async throws -> Value) async throws -> Value {
        await enter()
        defer { leave() }
        try Task.checkCancellation()
        return try await call()
    }

    private func enter() async {
        await withCheckedContinuation { continuation in
            let mayEnter = state.withLock { state in
                guard state.free > 0 else {
                    state.waiting.append(continuation)
                    return false
                }
                state.free -= 1
                return true
            }
            if mayEnter { continuation.resume() }
        }
    }

    private func leave() {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard !state.waiting.isEmpty else {
                state.free += 1
                return nil
            }
            return state.waiting.removeFirst()
        }
        next?.resume()
    }
}
