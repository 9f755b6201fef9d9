import Glibc
import LambdaEmulator
import Synchronization

/// A log on disk that can also be shown while it grows.
final class LogFile: Sendable {
    let path: String
    private let descriptor: Int32
    private let tail = Mutex<[String]>([])
    private let isShown: Mutex<Bool>

    init(_ path: String, isShown: Bool = false) throws(LocalError) {
        self.path = path
        self.isShown = Mutex(isShown)
        descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw LocalError("The log \(path) cannot be written: \(String(cString: strerror(errno))).")
        }
    }

    deinit {
        close(descriptor)
    }

    func write(_ line: String) {
        Console.write(Array((line + "\n").utf8), to: descriptor)
        if isShown.withLock({ $0 }) { Console.error(line) }
        tail.withLock { lines in
            lines.append(line)
            if lines.count > 20 { lines.removeFirst() }
        }
    }

    /// Shows what comes from now on.
    func show() {
        isShown.withLock { $0 = true }
    }

    /// The last lines, for a message about a failure.
    var lastLines: String { tail.withLock { $0.suffix(8).joined(separator: "\n") } }
}
