/// Finds what ends a run of plain characters in a JSON string (RFC 8259, section 7): a quote, a backslash or a control
/// character.
///
/// Eight bytes are looked at at once, as one number: nearly all of a large string is plain, and looking at each of its
/// bytes is what reading it would spend its time with. Plain integers serve here and no SIMD masks: with those, as Swift
/// 6.3 compiled them, reading took eight times as long as byte by byte.
enum JSONStringMarks {
    /// Where the next one is, from a position on that is not behind the end; the bytes' count when there is none.
    @inline(__always)
    static func next(in bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        let memory = UnsafeRawBufferPointer(bytes)
        var position = start
        while memory.count - position >= 8 {
            let word = memory.loadUnaligned(fromByteOffset: position, as: UInt64.self)
            let marks = marks(of: UInt64(littleEndian: word))
            if marks != 0 { return position + marks.trailingZeroBitCount / 8 }
            position += 8
        }
        while position < memory.count, !isMark(memory[position]) { position += 1 }
        return position
    }

    private static func isMark(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    /// The high bit of each of eight bytes that is a mark, the lowest for the first byte.
    ///
    /// What is added to the seven low bits of a byte carries into its high bit, and never out of it, exactly when they
    /// are not 0, or not below 0x20. A byte that has its high bit set is not ASCII and no mark.
    @inline(__always)
    private static func marks(of word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let lowBits = ones &* 0x7F
        let notQuote = ((word ^ (ones &* 0x22)) & lowBits) &+ lowBits
        let notBackslash = ((word ^ (ones &* 0x5C)) & lowBits) &+ lowBits
        let notControl = (word & lowBits) &+ ones &* 0x60
        return ~(notQuote & notBackslash & notControl | word) & (ones &* 0x80)
    }
}
