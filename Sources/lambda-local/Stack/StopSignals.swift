import Dispatch
import Glibc

/// Ctrl-C and SIGTERM, as something to wait for.
struct StopSignals: Sendable {
    private let stream: AsyncStream<Void>

    init() {
        let (stream, continuation) = AsyncStream<Void>.makeStream()
        self.stream = stream
        for number in [SIGINT, SIGTERM, SIGHUP] {
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            // The handler keeps its source alive: signals are of interest until the process ends.
            source.setEventHandler { withExtendedLifetime(source) { _ = continuation.yield() } }
            source.activate()
        }
    }

    /// Waits for the first signal, or the cancellation of the task.
    func first() async {
        for await _ in stream { return }
    }
}
