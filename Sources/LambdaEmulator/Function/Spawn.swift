import CSpawn
import Glibc

/// One call of `posix_spawn`, with its C structures kept in one place.
struct Spawn {
    var executable: String
    var arguments: [String]
    var environment: [String: String]
    var workingDirectory: String?
    /// The child's descriptors 0, 1 and 2; every other one is closed in it.
    var standardInput: Int32
    var standardOutput: Int32
    var standardError: Int32
    /// A session of its own, which a terminal's signals do not reach; otherwise a process group of its own.
    var ownSession = false

    /// - Returns: The process id, which is its group's id too.
    func run() throws(LocalError) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        for (target, source) in [(Int32(0), standardInput), (1, standardOutput), (2, standardError)] {
            posix_spawn_file_actions_adddup2(&actions, source, target)
        }
        posix_spawn_file_actions_addclosefrom_np(&actions, 3)
        if let workingDirectory { posix_spawn_file_actions_addchdir_np(&actions, workingDirectory) }
        configure(&attributes)

        var process = pid_t()
        let argv = ([executable] + arguments).map { strdup($0) } + [nil]
        let envp = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for pointer in argv + envp { free(pointer) } }
        let result = posix_spawn(&process, executable, &actions, &attributes, argv, envp)
        guard result == 0 else {
            throw LocalError("\(executable) cannot be started: \(String(cString: strerror(result))).")
        }
        return process
    }

    private func configure(_ attributes: inout posix_spawnattr_t) {
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        // What this process ignores or handles is none of the child's business.
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setpgroup(&attributes, 0)
        let scope = ownSession ? spawn_setsid : Int32(POSIX_SPAWN_SETPGROUP)
        let flags = scope | Int32(POSIX_SPAWN_SETSIGMASK) | Int32(POSIX_SPAWN_SETSIGDEF)
        posix_spawnattr_setflags(&attributes, Int16(truncatingIfNeeded: flags))
    }
}

/// A pipe, both ends closed in children.
struct PipeEnds {
    var readEnd: Int32
    var writeEnd: Int32

    init() throws(LocalError) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0, ends.allSatisfy({ fcntl($0, F_SETFD, FD_CLOEXEC) == 0 }) else {
            throw LocalError("No pipe can be made: \(String(cString: strerror(errno))).")
        }
        readEnd = ends[0]
        writeEnd = ends[1]
    }
}
