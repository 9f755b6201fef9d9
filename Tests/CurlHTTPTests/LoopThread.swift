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

    deinit {
        loop.stop()
    }
}
