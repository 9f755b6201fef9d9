import Glibc
import Synchronization

/// Keeps the trace of the invocation in `_X_AMZN_TRACE_ID`, where X-Ray's and OpenTelemetry's libraries look for it.
///
/// `setenv` keeps every value it was ever given, which would be a leak of a hundred bytes an invocation; so one buffer
/// is put into the environment, and rewritten.
final class TraceIDVariable: Sendable {
    private static let name = "_X_AMZN_TRACE_ID"
    /// A trace header has some 75 to 250 bytes.
    private static let capacity = 1_024

    /// Part of the environment once it is set, and so never freed.
    private struct Buffer: @unchecked Sendable {
        var start: UnsafeMutablePointer<CChar>
        var isSet = false
    }

    private static let buffer = Mutex(Buffer(start: .allocate(capacity: capacity)))

    /// Sets the variable; nil, and a value that does not fit, remove it.
    func set(_ value: String?) {
        Self.buffer.withLock { buffer in
            guard var value, value.utf8.count + Self.name.utf8.count + 2 <= Self.capacity else {
                if buffer.isSet || getenv(Self.name) != nil { unsetenv(Self.name) }
                buffer.isSet = false
                return
            }
            value.withUTF8 { bytes in
                let end = Self.name.utf8.count + 1
                for (index, byte) in bytes.enumerated() { buffer.start[end + index] = CChar(bitPattern: byte) }
                buffer.start[end + bytes.count] = 0
            }
            if !buffer.isSet {
                for (index, byte) in "\(Self.name)=".utf8.enumerated() { buffer.start[index] = CChar(bitPattern: byte) }
                buffer.isSet = putenv(buffer.start) == 0
            }
        }
    }
}
