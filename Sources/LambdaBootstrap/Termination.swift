internal import Glibc
internal import Lambda
internal import Synchronization

/// The wish to end, which may come before there is a runtime to end.
final class Termination: Sendable {
    private enum State {
        case starting
        case running(LambdaRuntime)
    }

    private let state = Mutex(State.starting)

    /// The runtime that ends the process by returning from its loop.
    func set(_ runtime: LambdaRuntime) {
        state.withLock { $0 = .running(runtime) }
    }

    /// Ends the process: at once while nothing was taken on yet, after the invocations in flight otherwise.
    func request() {
        switch state.withLock({ $0 }) {
        case .starting: exit(LambdaRuntime.ExitCode.stopped.rawValue)
        case .running(let runtime): runtime.stop()
        }
    }
}
