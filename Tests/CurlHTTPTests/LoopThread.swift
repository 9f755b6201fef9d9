import CurlHTTP
import Foundation

/// An event loop that runs on a thread of its own for as long as this lives.
final class LoopThread: Sendable {
    let loop: EventLoop
    let transport: CurlTransport

    init() throws {
        let loop = try EventLoop()
        self.loop = loop
        transport = CurlTransport(loop)
        Thread.detachNewThread { loop.run() }
    }

    /// The processor time that the loop's thread has used.
    func processorTime() async -> Duration {
        await Task(executorPreference: loop) {
            var time = timespec()
            clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
            return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
        }.value
    }

    deinit {
        loop.stop()
    }
}
