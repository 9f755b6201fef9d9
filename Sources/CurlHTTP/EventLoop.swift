internal import CCurl
internal import Glibc
internal import Synchronization

/// One thread on which everything happens: Swift jobs, libcurl's transfers, timers and signals.
///
/// libcurl's multi handle already waits for sockets, so it is the event loop, and the loop is a `TaskExecutor`:
/// a task started with it as its preference runs on the loop's thread, and so do its child tasks and what they
/// resume. A request then costs no thread hop.
///
/// `@unchecked Sendable`: `mailbox` is guarded by its lock; all else is touched on the loop's thread alone, which
/// every entry reaches through ``execute(_:)``.
public final class EventLoop: TaskExecutor, @unchecked Sendable {
    /// The longest sleep; waking for nothing once a minute costs nothing.
    private static let longestPoll = Duration.seconds(60)

    private struct Mailbox {
        var jobs: [UnownedJob] = []
        var calls: [@Sendable () -> Void] = []
        var isStopped = false

        var isEmpty: Bool { jobs.isEmpty && calls.isEmpty }
    }

    private let mailbox = Mutex(Mailbox())
    private let threadID = Atomic<UInt>(0)
    private let multi: UnsafeMutableRawPointer
    /// Every handle there is, which keeps alive what libcurl's callbacks point to.
    private var handles: [EasyHandle] = []
    private var idleHandles: [EasyHandle] = []
    /// The transfers under way whose bodies are read as they come.
    private var streaming: [Transfer] = []
    private var timers = Timers()
    private var signals: SignalWatch?
    private var spareJobs: [UnownedJob] = []

    /// Makes a loop that stands still until ``run()``.
    ///
    /// - Throws: ``EventLoopError`` when libcurl cannot start, which is to say that memory or descriptors ran out.
    public init() throws {
        guard ccurl_global_init_all() == CURLE_OK, let multi = curl_multi_init() else {
            throw EventLoopError(reason: "libcurl could not be started: no memory or no file descriptor is left")
        }
        self.multi = multi
    }

    deinit {
        for handle in handles { curl_multi_remove_handle(multi, handle.easy) }
        handles.removeAll()
        idleHandles.removeAll()
        curl_multi_cleanup(multi)
    }

    /// Runs the loop on the calling thread until ``stop()``.
    public func run() {
        threadID.store(UInt(pthread_self()), ordering: .relaxed)
        while true {
            runJobs()
            wakeSleepers()
            var running: Int32 = 0
            curl_multi_perform(multi, &running)
            for transfer in streaming { transfer.deliver() }
            finishTransfers()
            let (isIdle, isStopped) = mailbox.withLock { ($0.isEmpty, $0.isStopped) }
            if isStopped { return }
            if isIdle { poll() }
        }
    }

    /// Lets ``run()`` return after what it is doing now. Transfers still under way stay where they are.
    public func stop() {
        mailbox.withLock { $0.isStopped = true }
        wakeUnlessHere()
    }

    /// Calls the closure on the loop's thread: at once when that is the caller's, as soon as possible otherwise.
    func execute(_ call: @escaping @Sendable () -> Void) {
        if isCurrent { return call() }
        mailbox.withLock { $0.calls.append(call) }
        curl_multi_wakeup(multi)
    }

    /// Takes a job for the loop's thread.
    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        mailbox.withLock { $0.jobs.append(job) }
        wakeUnlessHere()
    }

    /// Calls the closure on the loop's thread whenever one of the signals arrives, which then no longer ends the
    /// process. Call it before other threads start, since they inherit the signal mask it sets.
    public func onSignals(_ numbers: [Int32], _ action: @escaping @Sendable (Int32) -> Void) throws {
        signals = try SignalWatch(numbers, action)
    }

    private var isCurrent: Bool {
        threadID.load(ordering: .relaxed) == UInt(pthread_self())
    }

    private func wakeUnlessHere() {
        if !isCurrent { curl_multi_wakeup(multi) }
    }

    /// Runs what is ready until nothing is. Two arrays take turns, so that a busy loop does not allocate.
    private func runJobs() {
        var calls: [@Sendable () -> Void] = []
        while true {
            mailbox.withLock {
                swap(&$0.jobs, &spareJobs)
                swap(&$0.calls, &calls)
            }
            if spareJobs.isEmpty && calls.isEmpty { return }
            for call in calls { call() }
            calls.removeAll(keepingCapacity: true)
            for job in spareJobs { job.runSynchronously(on: asUnownedTaskExecutor()) }
            spareJobs.removeAll(keepingCapacity: true)
        }
    }

    private func poll() {
        let wait = min(timers.timeUntilNext(from: .now) ?? Self.longestPoll, Self.longestPoll)
        let milliseconds = Int32(clamping: wait.roundedUpToMilliseconds)
        guard let signals else {
            curl_multi_poll(multi, nil, 0, milliseconds, nil)
            return
        }
        var descriptor = curl_waitfd(fd: signals.descriptor, events: Int16(CURL_WAIT_POLLIN), revents: 0)
        curl_multi_poll(multi, &descriptor, 1, milliseconds, nil)
        if descriptor.revents != 0 { signals.deliver() }
    }
}

// Transfers.
extension EventLoop {
    /// Starts a transfer. Only on the loop's thread.
    func start(_ transfer: Transfer) {
        guard let handle = idleHandles.popLast() ?? makeHandle() else { return transfer.finish(CURLE_OUT_OF_MEMORY) }
        guard transfer.prepare(handle), curl_multi_add_handle(multi, handle.easy) == CURLM_OK else {
            release(handle)
            return transfer.finish(CURLE_OUT_OF_MEMORY)
        }
        if transfer.isStreaming { streaming.append(transfer) }
    }

    /// Aborts a transfer; its connection is closed, since the answer may still be on its way. Only on the loop's thread.
    func abort(_ transfer: Transfer) {
        guard let handle = transfer.handle, handle.transfer === transfer else { return }
        release(handle)
        transfer.finish(CURLE_ABORTED_BY_CALLBACK)
    }

    private func finishTransfers() {
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let handle = EasyHandle.of(message.pointee.easy_handle),
                let transfer = handle.transfer
            else { continue }
            let result = ccurl_message_result(message)
            transfer.collectFacts()
            release(handle)
            transfer.finish(result)
        }
    }

    private func makeHandle() -> EasyHandle? {
        let handle = EasyHandle()
        if let handle { handles.append(handle) }
        return handle
    }

    private func release(_ handle: EasyHandle) {
        curl_multi_remove_handle(multi, handle.easy)
        let isSpent = handle.transfer?.hasTrailers == true
        if let transfer = handle.transfer, transfer.isStreaming { streaming.removeAll { $0 === transfer } }
        handle.transfer = nil
        // libcurl 7.88 keeps for the life of a handle that trailers were sent, even when it is reset. The next body in chunks
        // would have no trailers, and its chunks' sizes would be written in front of the buffer.
        guard !isSpent else { return handles.removeAll { $0 === handle } }
        handle.renewAfterConnecting()
        idleHandles.append(handle)
    }
}

// Sleepers. Only on the loop's thread.
extension EventLoop {
    func add(_ sleeper: Sleeper) {
        timers.add(sleeper)
    }

    func remove(_ sleeper: Sleeper) {
        timers.remove(sleeper)
    }

    private func wakeSleepers() {
        if timers.isEmpty { return }
        let now = ContinuousClock.now
        while let sleeper = timers.popDue(at: now) { sleeper.wake() }
    }
}

/// Why the event loop cannot work.
public struct EventLoopError: Error, Sendable, CustomStringConvertible {
    /// What failed, for a person.
    public var reason: String

    /// The reason.
    public var description: String { reason }
}
