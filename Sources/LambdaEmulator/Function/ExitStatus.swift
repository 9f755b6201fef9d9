import Glibc

/// How a process ended.
public enum ExitStatus: Sendable, Equatable, CustomStringConvertible {
    /// It ended by itself, with a code.
    case exited(Int32)
    /// A signal ended it.
    case signalled(Int32)

    /// Reads the status word of `waitpid`.
    init(waitStatus: Int32) {
        let signal = waitStatus & 0x7F
        self = signal == 0 ? .exited(waitStatus >> 8 & 0xFF) : .signalled(signal)
    }

    /// As Lambda writes it: `exit status 1`, `signal: killed`.
    public var description: String {
        switch self {
        case .exited(let code): "exit status \(code)"
        case .signalled(SIGKILL): "signal: killed"
        case .signalled(SIGSEGV): "signal: segmentation fault"
        case .signalled(SIGABRT): "signal: aborted"
        case .signalled(SIGILL): "signal: illegal instruction"
        case .signalled(SIGTRAP): "signal: trace/breakpoint trap"
        case .signalled(SIGTERM): "signal: terminated"
        case .signalled(let number): "signal: \(number)"
        }
    }
}
