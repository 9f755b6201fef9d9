internal import CLinux
internal import Glibc

/// Signals as readable data, so that the loop meets them between its other work and their action may do anything.
struct SignalWatch {
    let descriptor: Int32
    private let action: @Sendable (Int32) -> Void

    init(_ numbers: [Int32], _ action: @escaping @Sendable (Int32) -> Void) throws {
        var set = sigset_t()
        sigemptyset(&set)
        for number in numbers { sigaddset(&set, number) }
        guard pthread_sigmask(SIG_BLOCK, &set, nil) == 0 else {
            throw EventLoopError(reason: "the signals cannot be blocked")
        }
        descriptor = signalfd(-1, &set, Int32(SFD_CLOEXEC | SFD_NONBLOCK))
        guard descriptor >= 0 else {
            throw EventLoopError(reason: "signalfd failed: \(String(cString: strerror(errno)))")
        }
        self.action = action
    }

    /// Reads what has arrived and acts on it.
    func deliver() {
        var info = signalfd_siginfo()
        while read(descriptor, &info, MemoryLayout<signalfd_siginfo>.size) == MemoryLayout<signalfd_siginfo>.size {
            action(Int32(bitPattern: info.ssi_signo))
        }
    }
}
