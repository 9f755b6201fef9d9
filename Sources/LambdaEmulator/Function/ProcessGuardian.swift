import Glibc
import Synchronization

/// Sees to it that no child outlives this process, however it ends.
///
/// A small shell waits on a pipe that only this process can write to. The kernel closes the pipe when this process ends,
/// be it by SIGKILL, and the shell then kills the process groups it was told of. (The parent-death signal of Linux would
/// reach the children but not theirs, such as a server's workers, and comes already when the thread that spawned ends.)
final class ProcessGuardian: Sendable {
    static let shared = Mutex<ProcessGuardian?>(nil)

    private static let script = """
        trap '' INT TERM HUP QUIT
        groups=' '
        while read -r verb group; do
            case $verb in
            watch) groups="$groups$group " ;;
            forget) groups="${groups%% $group *} ${groups#* $group }" ;;
            esac
        done
        for group in $groups; do kill -s KILL -- "-$group" 2>/dev/null; done
        """

    private let pipe: Int32

    /// Starts watching a process group.
    static func watch(_ group: pid_t) throws(LocalError) {
        try tell("watch \(group)\n")
    }

    /// Stops watching a group that is gone, before the kernel gives its number to another.
    static func forget(_ group: pid_t) {
        try? tell("forget \(group)\n")
    }

    private static func tell(_ line: String) throws(LocalError) {
        let result = shared.withLock { guardian -> Result<Void, LocalError> in
            do throws(LocalError) {
                let running: ProcessGuardian = if let guardian { guardian } else { try ProcessGuardian() }
                guardian = running
                // A line is shorter than PIPE_BUF and so written whole.
                guard write(running.pipe, line, line.utf8.count) == line.utf8.count else {
                    throw LocalError("The guardian of child processes is gone: \(String(cString: strerror(errno))).")
                }
                return .success(())
            } catch {
                return .failure(error)
            }
        }
        try result.get()
    }

    private init() throws(LocalError) {
        // A guardian that was killed must not take this process with it.
        signal(SIGPIPE, SIG_IGN)
        let pipe = try PipeEnds()
        defer { close(pipe.readEnd) }
        let null = open("/dev/null", O_WRONLY | O_CLOEXEC)
        defer { close(null) }
        _ = try Spawn(
            executable: "/bin/sh", arguments: ["-c", Self.script], environment: ["PATH": "/usr/bin:/bin"],
            workingDirectory: "/", standardInput: pipe.readEnd, standardOutput: null, standardError: null,
            ownSession: true
        ).run()
        self.pipe = pipe.writeEnd
    }
}
