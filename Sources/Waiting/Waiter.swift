internal import Synchronization

/// One task's wait for what another task brings to its end: the renewal of credentials, the first delivery of an event.
///
/// The one that waits is made and kept under the lock of whoever decides that there is something to wait for, and then
/// waits outside of it, so that nothing can end in between unnoticed. Whoever ends it takes the waiters out under the same
/// lock and gives each the outcome. A cancelled wait ends at once; who was to be given something learns of that, and can
/// give it to the next.
public final class Waiter<Value: Sendable>: Sendable {
    private enum State {
        /// Nothing has happened yet.
        case new
        case waiting(CheckedContinuation<Value?, Never>)
        /// The value came before its task waited.
        case given(Value)
        /// The task has its value, or was cancelled.
        case over
    }

    private let state = Mutex(State.new)

    /// Makes one for a single task that waits once.
    public init() {}

    /// Waits for the value.
    ///
    /// - Returns: The value; nil when the task was cancelled before it came.
    public func value() async -> Value? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isHere = state.withLock { state -> Value?? in
                    switch state {
                    case .new:
                        state = .waiting(continuation)
                        return nil
                    case .given(let value):
                        state = .over
                        return .some(value)
                    case .waiting, .over: return .some(nil)
                    }
                }
                if let isHere { continuation.resume(returning: isHere) }
            }
        } onCancel: {
            let continuation = state.withLock { state -> CheckedContinuation<Value?, Never>? in
                switch state {
                case .new:
                    state = .over
                    return nil
                case .waiting(let continuation):
                    state = .over
                    return continuation
                case .given, .over: return nil
                }
            }
            continuation?.resume(returning: nil)
        }
    }

    /// Ends the wait.
    ///
    /// - Returns: Whether the value was taken: not when the task was cancelled before, or was given one already.
    @discardableResult
    public func give(_ value: Value) -> Bool {
        let (isTaken, continuation) = state.withLock { state -> (Bool, CheckedContinuation<Value?, Never>?) in
            switch state {
            case .new:
                state = .given(value)
                return (true, nil)
            case .waiting(let continuation):
                state = .over
                return (true, continuation)
            case .given, .over: return (false, nil)
            }
        }
        continuation?.resume(returning: value)
        return isTaken
    }
}
