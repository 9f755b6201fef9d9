/// Writes bytes one after the other into memory that need not be initialised, and checks before each write that there
/// is room: a mistake of ours ends the process and never writes over what is not ours.
///
/// The memory is not its own. An array would check and keep more at each append than the few bytes between two escapes
/// take to copy.
struct JSONByteWriter {
    private let memory: UnsafeMutableBufferPointer<UInt8>
    private var count = 0

    init(_ memory: UnsafeMutableBufferPointer<UInt8>) {
        self.memory = memory
    }

    /// What was written.
    var written: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(rebasing: memory[..<count]) }

    private var room: Int { memory.count - count }

    /// Appends one byte.
    @inline(__always)
    mutating func append(_ byte: UInt8) {
        precondition(room >= 1)
        memory.initializeElement(at: count, to: byte)
        count += 1
    }

    /// Appends a run of another buffer's bytes.
    ///
    /// Most runs between two escapes are short. Where both buffers have the space, a run of up to 32 bytes is copied as
    /// 32 bytes, together with what follows it: that takes no branch on its length, and what is too much is written
    /// over by the next.
    @inline(__always)
    mutating func append(_ run: Range<Int>, of source: UnsafeBufferPointer<UInt8>) {
        precondition(run.lowerBound >= 0 && run.upperBound <= source.count && run.count <= room)
        guard let from = source.baseAddress, let to = memory.baseAddress else { return }
        if run.count <= 32, source.count - run.lowerBound >= 32, room >= 32 {
            let piece = UnsafeRawPointer(from + run.lowerBound).loadUnaligned(as: SIMD4<UInt64>.self)
            UnsafeMutableRawPointer(to + count).storeBytes(of: piece, as: SIMD4<UInt64>.self)
        } else {
            (to + count).initialize(from: from + run.lowerBound, count: run.count)
        }
        count += run.count
    }
}
