import Foundation
import Glibc
import Synchronization

/// A process of our own, with its whole process group: what it forks ends with it.
public final class ChildProcess: Sendable {
    private struct State {
        var status: ExitStatus?
        var waiters: [CheckedContinuation<ExitStatus, Never>] = []
    }

    /// The process id, which is the group's id too.
    public let processID: Int32
    private let state = Mutex(State())

    /// Starts a process.
    ///
    /// - Parameters:
    ///   - executable: The path of the executable.
    ///   - arguments: Its arguments, without its name.
    ///   - environment: Its whole environment; nothing of this process's own is added.
    ///   - workingDirectory: The directory it starts in, or nil for this process's own.
    ///   - log: Takes the lines of its standard output and its error output, on a thread of their own.
    /// - Throws: ``LocalError`` when it cannot be started.
    public init(
        executable: String, arguments: [String] = [], environment: [String: String], workingDirectory: String? = nil,
        log: @escaping @Sendable (String) -> Void
    ) throws(LocalError) {
        let output = try PipeEnds()
        let null = open("/dev/null", O_RDONLY | O_CLOEXEC)
        defer {
            close(output.writeEnd)
            close(null)
        }
        do throws(LocalError) {
            processID = try Spawn(
                executable: executable, arguments: arguments, environment: environment,
                workingDirectory: workingDirectory, standardInput: null, standardOutput: output.writeEnd,
                standardError: output.writeEnd
            ).run()
        } catch {
            close(output.readEnd)
            throw error
        }
        Thread.detachNewThread { LineReader(descriptor: output.readEnd).forward(to: log) }
        Thread.detachNewThread { [self] in reap() }
        do {
            try ProcessGuardian.watch(processID)
        } catch {
            _ = Glibc.kill(-processID, SIGKILL)
            throw error
        }
    }

    /// Waits for the end of the process.
    public func exitStatus() async -> ExitStatus {
        await withCheckedContinuation { continuation in
            let status = state.withLock { state -> ExitStatus? in
                if state.status == nil { state.waiters.append(continuation) }
                return state.status
            }
            if let status { continuation.resume(returning: status) }
        }
    }

    /// Whether the process has not ended.
    public var isRunning: Bool { state.withLock { $0.status == nil } }

    /// Ends the process and what it started at once, and waits for its end.
    public func kill() async {
        signal(SIGKILL)
        _ = await exitStatus()
    }

    /// Asks the process to end, waits, and ends it by force when it does not.
    ///
    /// - Parameters:
    ///   - grace: The time it has.
    ///   - clock: What the time is measured with.
    public func stop(grace: Duration, clock: any Clock<Duration> = ContinuousClock()) async {
        signal(SIGTERM)
        await end(after: grace, clock: clock)
    }

    /// Waits for the end of the process, and ends it by force when it does not come.
    public func end(after grace: Duration, clock: any Clock<Duration> = ContinuousClock()) async {
        // A task of its own: whoever ends a process is often cancelled already, and then no sleep would wait.
        let killer = Task {
            guard (try? await clock.sleep(for: grace)) != nil else { return }
            signal(SIGKILL)
        }
        _ = await exitStatus()
        killer.cancel()
    }

    /// Sends a signal to the process group; the process is not reaped yet, so that the number is still its own.
    private func signal(_ number: Int32) {
        state.withLock { state in
            guard state.status == nil else { return }
            _ = Glibc.kill(-processID, number)
        }
    }

    private func reap() {
        var information = siginfo_t()
        while waitid(P_PID, id_t(processID), &information, WEXITED | WNOWAIT) != 0, errno == EINTR {}
        // What the process left behind in its group goes now, while the group's number cannot be another's.
        _ = Glibc.kill(-processID, SIGKILL)
        ProcessGuardian.forget(processID)
        let waiters = state.withLock { state in
            var word: Int32 = 0
            while waitpid(processID, &word, 0) < 0, errno == EINTR {}
            let status = ExitStatus(waitStatus: word)
            state.status = status
            let waiters = state.waiters.map { (waiter: $0, status: status) }
            state.waiters = []
            return waiters
        }
        for entry in waiters { entry.waiter.resume(returning: entry.status) }
    }
}
