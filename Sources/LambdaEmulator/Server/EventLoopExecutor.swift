import NIOCore
import NIOPosix

/// Runs Swift tasks on the thread of one event loop, so that a request is read, answered and written without a thread
/// hop.
final class EventLoopExecutor: TaskExecutor {
    /// The one loop of the emulator. It does little but wait for the function, so that one thread is enough and leaves
    /// the other cores to the functions.
    static let shared = EventLoopExecutor(MultiThreadedEventLoopGroup(numberOfThreads: 1).next())

    let eventLoop: any EventLoop
    private let executor: any SerialExecutor

    /// The same thread for actors.
    var serialExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private init(_ eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
        executor = eventLoop.executor
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        eventLoop.execute {
            job.runSynchronously(on: self.asUnownedTaskExecutor())
        }
    }
}
