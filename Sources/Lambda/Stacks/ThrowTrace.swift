import CStack
import Glibc
import Synchronization

/// Remembers where errors were thrown. The Swift runtime calls a hook with every error at its `throw`; the addresses
/// on the stack are kept then, and turned into names only if the error is reported.
public enum ThrowTrace {
    private static let depth = 32
    /// The number of throws remembered.
    private static let capacity = 32

    private struct Record {
        var number: UInt64 = 0
        /// The address of the error's box, which another error may have later.
        var error: UInt = 0
        var type: ObjectIdentifier?
        var count = 0
    }

    private struct State: @unchecked Sendable {
        var isInstalled = false
        var throwCount: UInt64 = 0
        var records = [Record](repeating: Record(), count: capacity)
        let addresses = UnsafeMutablePointer<UInt>.allocate(capacity: capacity * depth)
        /// The stack of the thread that threw last: looking it up reads a file, and one thread does nearly all.
        var thread: pthread_t?
        var stack: Range<UInt> = 0..<0
    }

    private static let state = Mutex(State())

    /// Starts remembering, for the rest of the process.
    public static func install() {
        let first = state.withLock { state in
            defer { state.isInstalled = true }
            return !state.isInstalled
        }
        guard first else { return }
        _swift_setWillThrowHandler { error in
            if let error { ThrowTrace.record(error, frame: cstack_frame()) }
        }
    }

    /// A point in time: how many errors were thrown up to now.
    static func mark() -> UInt64 {
        state.withLock { $0.throwCount }
    }

    /// The stack at the place where the error was thrown last; empty when it was not thrown since the mark, or too many
    /// others were since.
    static func stack(of error: any Error, since mark: UInt64) -> [StackFrame] {
        // The cast keeps the box, of one word; without it the error inside would be passed.
        let box = unsafeBitCast(error as any Error, to: UInt.self)
        let type = ObjectIdentifier(Swift.type(of: error))
        let addresses = state.withLock { state -> [UInt] in
            guard state.isInstalled else { return [] }
            let recent = state.records.indices.filter {
                state.records[$0].number > mark && state.records[$0].type == type
            }
            // An error thrown by a function with a typed `throws` gets its box later: it is known by its type, if no
            // other of that type was thrown.
            let exact = recent.filter { state.records[$0].error == box }
                .max { state.records[$0].number < state.records[$1].number }
            guard let index = exact ?? (recent.count == 1 ? recent.first : nil) else { return [] }
            return (0..<state.records[index].count).map { state.addresses[index * depth + $0] }
        }
        guard !addresses.isEmpty else { return [] }
        // A return address is one past the call, which may be another function already.
        let frames = SymbolTable.frames(addresses.map { $0 - 1 })
        // A typed `throws` goes through a function that the compiler puts into the executable.
        return Array(frames.drop { $0.label.hasPrefix("swift_willThrow") })
    }

    private static func record(_ error: UnsafeMutableRawPointer, frame: UInt) {
        let type = ObjectIdentifier(Swift.type(of: unsafeBitCast(error, to: (any Error).self)))
        state.withLock { state in
            let thread = pthread_self()
            if state.thread != thread {
                state.thread = thread
                state.stack = StackWalk.currentBounds()
            }
            let stack = state.stack
            let index = Int(state.throwCount % UInt64(capacity))
            let start = state.addresses + index * depth
            var count = 0
            StackWalk.walk(from: frame) { frame in
                guard stack.contains(frame), stack.upperBound - frame >= 16 else { return nil }
                let words = UnsafePointer<UInt>(bitPattern: frame)
                return words.map { ($0[0], $0[1]) }
            } _: { address in
                // What lies below the runtime's own function is this one.
                if isWillThrow(address) {
                    count = 0
                } else {
                    start[count] = address
                    count += 1
                }
                return count < depth
            }
            state.throwCount += 1
            state.records[index] = Record(
                number: state.throwCount, error: UInt(bitPattern: error), type: type, count: count)
        }
    }

    private static func isWillThrow(_ address: UInt) -> Bool {
        address &- cstack_will_throw() < 64 || address &- cstack_will_throw_typed() < 128
    }
}
