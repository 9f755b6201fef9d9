import CStack
import Glibc

/// Writes to standard error where the process crashed, since a Swift trap can be caught by nobody: the signal, the
/// addresses, then the names. After that the process dies of the signal, as it would have.
public enum CrashReporter {
    private struct State: @unchecked Sendable {
        var symbols: SymbolTable
        /// A pipe that tells memory from no memory: writing from a bad address fails where reading it would crash.
        var probeOutput: Int32
        var probeInput: Int32
        var output: Int32
    }

    private static let signals = [SIGSEGV, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE]
    private static let alternateStackSize = 256 << 10
    private static let depth = 64

    /// Made at installing, because a lazy value must not be made in a signal handler.
    nonisolated(unsafe) private static var state: State?

    /// Installs the handlers. To be called once, by the main thread, before there is another; the reserve stack, which
    /// a stack overflow needs, is the calling thread's.
    public static func install() {
        guard state == nil else { return }
        var probe: [Int32] = [-1, -1]
        guard cstack_pipe(&probe) == 0 else { return }
        state = State(
            symbols: SymbolTable.shared, probeOutput: probe[1], probeInput: probe[0], output: STDERR_FILENO)
        var stack = stack_t()
        stack.ss_sp = mmap(
            nil, alternateStackSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        stack.ss_size = alternateStackSize
        if stack.ss_sp != MAP_FAILED { sigaltstack(&stack, nil) }
        for signal in signals {
            _ = cstack_handle(signal) { number, _, context in CrashReporter.report(number, context) }
        }
    }

    /// Runs in the signal handler: no allocation before the addresses are out, and a time limit on what follows.
    private static func report(_ number: Int32, _ context: UnsafeMutableRawPointer?) {
        guard let state, let context else { raise(number); return }
        withUnsafeTemporaryAllocation(of: UInt.self, capacity: depth) { addresses in
            let count = collect(context, state, addresses)
            var line = Line(state.output)
            line.append("The function crashed with ")
            line.append(name(of: number))
            line.append("; addresses in the executable:")
            for index in 0..<count {
                line.append(" 0x")
                let address = addresses[index]
                line.append(hex: state.symbols.image.contains(address) ? address - state.symbols.bias : address)
            }
            line.end()
            // Demangling allocates, and the crash may have happened inside malloc.
            signal(SIGALRM, SIG_DFL)
            alarm(5)
            for index in 0..<count { writeFrame(index, addresses[index], state) }
        }
        // Back to what the process would have died of: the handler is reset by now.
        raise(number)
    }

    private static func writeFrame(_ index: Int, _ address: UInt, _ state: State) {
        var line = Line(state.output)
        line.append("  at ")
        if !state.symbols.image.contains(address) {
            line.append("code of a shared library, 0x")
            line.append(hex: address)
        } else {
            let offset = address - state.symbols.bias
            if let name = state.symbols.name(at: offset) {
                if let text = swift_demangle(name, strlen(name), nil, nil, 0) {
                    line.append(text)
                } else {
                    line.append(name)
                }
                line.append(" + 0x")
            } else {
                line.append("0x")
            }
            line.append(hex: offset)
        }
        line.end()
    }

    private static func collect(
        _ context: UnsafeMutableRawPointer, _ state: State, _ addresses: UnsafeMutableBufferPointer<UInt>
    ) -> Int {
        // Local functions, not closures: these would be allocated.
        func words(at frame: UInt) -> (next: UInt, returnAddress: UInt)? {
            var words: (UInt, UInt) = (0, 0)
            guard let start = UnsafeRawPointer(bitPattern: frame), write(state.probeOutput, start, 16) == 16,
                read(state.probeInput, &words, 16) == 16
            else { return nil }
            return words
        }
        addresses[0] = cstack_pc(context)
        var count = 1
        var hasCallers = false
        func append(_ address: UInt) -> Bool {
            addresses[count] = address - 1
            count += 1
            hasCallers = hasCallers || state.symbols.image.contains(address)
            return count < depth
        }
        StackWalk.walk(from: cstack_fp(context), read: words, append)
        if !hasCallers,
            let frame = StackWalk.search(
                from: cstack_sp(context), read: words, isCode: { state.symbols.image.contains($0) })
        {
            count = 1
            StackWalk.walk(from: frame, read: words, append)
        }
        return count
    }

    private static func name(of number: Int32) -> StaticString {
        switch number {
        case SIGSEGV: "SIGSEGV (no memory at the address used; also when the stack is exhausted)"
        case SIGILL: "SIGILL (a Swift trap: overflow, index out of range, nil unwrapped or the like)"
        case SIGTRAP: "SIGTRAP (a Swift trap: overflow, index out of range, nil unwrapped or the like)"
        case SIGABRT: "SIGABRT (abort was called)"
        case SIGBUS: "SIGBUS (memory that cannot be read)"
        default: "SIGFPE (an impossible arithmetic operation)"
        }
    }
}

/// One line of output, gathered without allocating; what does not fit is cut off.
private struct Line {
    private let output: Int32
    private var bytes: InlineArray<2048, UInt8> = InlineArray(repeating: 0)
    private var count = 0

    init(_ output: Int32) {
        self.output = output
    }

    mutating func append(_ text: StaticString) {
        for index in 0..<text.utf8CodeUnitCount { append(text.utf8Start[index]) }
    }

    mutating func append(_ text: UnsafePointer<CChar>) {
        var index = 0
        while text[index] != 0 {
            append(UInt8(bitPattern: text[index]))
            index += 1
        }
    }

    mutating func append(hex value: UInt) {
        var shift = value == 0 ? 0 : (UInt.bitWidth - 1 - value.leadingZeroBitCount) / 4 * 4
        while shift >= 0 {
            let digit = UInt8(truncatingIfNeeded: value >> UInt(shift) & 0xF)
            append(digit < 10 ? 0x30 + digit : 0x57 + digit)
            shift -= 4
        }
    }

    private mutating func append(_ byte: UInt8) {
        guard count < 2_047 else { return }
        bytes[count] = byte
        count += 1
    }

    mutating func end() {
        bytes[count] = 0x0A
        withUnsafeBytes(of: bytes) { _ = write(output, $0.baseAddress, count + 1) }
    }
}
