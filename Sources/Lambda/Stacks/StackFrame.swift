/// One call of a stack.
public struct StackFrame: Sendable, Hashable, CustomStringConvertible {
    /// The function, or its address within the executable when that has no symbols.
    public var label: String
    /// The file name of the executable.
    public var path: String
    /// The line of the source file; 0 when it is not known, as in an executable without debug information.
    public var line: Int
    /// The address within the executable, for `addr2line` and its like.
    public var offset: UInt

    /// Makes a frame.
    public init(label: String, path: String, line: Int = 0, offset: UInt) {
        self.label = label
        self.path = path
        self.line = line
        self.offset = offset
    }

    /// `Module.function() at bootstrap + 0x1a2b`
    public var description: String {
        "\(label) at \(path) + 0x\(String(offset, radix: 16))"
    }
}
