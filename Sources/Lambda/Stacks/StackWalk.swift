import CStack

/// Follows the chain of frame pointers, which Swift code keeps on Linux: each frame starts with the address of the
/// caller's frame, then the address to return to.
enum StackWalk {
    /// The flag in a saved frame pointer by which Swift marks the frame of an async function.
    private static let asyncFlag: UInt = 1 << 60

    /// Appends the return addresses from a frame on, innermost first.
    ///
    /// - Parameters:
    ///   - frame: The frame pointer to start from.
    ///   - read: Gives the two words of a frame, or nil when it is no memory of this stack.
    ///   - body: Takes an address; false ends the walk.
    static func walk(
        from frame: UInt, read: (UInt) -> (next: UInt, returnAddress: UInt)?, _ body: (UInt) -> Bool
    ) {
        var frame = frame & ~asyncFlag
        while frame != 0, frame % UInt(MemoryLayout<UInt>.alignment) == 0, let words = read(frame) {
            guard words.returnAddress != 0, body(words.returnAddress) else { return }
            let next = words.next & ~asyncFlag
            // Stacks grow down, so callers lie above; anything else is a register that C code used for itself.
            guard next > frame else { return }
            frame = next
        }
    }

    /// The innermost frame above a place in the stack. C code may keep no frames, and use the frame pointer for itself:
    /// then the callers' frames are still there, but nothing points to them.
    ///
    /// - Parameters:
    ///   - place: The stack pointer.
    ///   - read: Gives two words of the stack, or nil when there is no such memory.
    ///   - isCode: Whether an address may be one to return to. Two frames in a row have to have such a one.
    static func search(
        from place: UInt, read: (UInt) -> (next: UInt, returnAddress: UInt)?, isCode: (UInt) -> Bool
    ) -> UInt? {
        let size = UInt(MemoryLayout<UInt>.size)
        let start = place & ~(size - 1)
        for frame in stride(from: start, to: start &+ searchedWords * size, by: Int(size)) {
            guard let words = read(frame) else { return nil }
            let next = words.next & ~asyncFlag
            guard isCode(words.returnAddress), next > frame, next - frame < 1 << 20, next % size == 0,
                let caller = read(next), isCode(caller.returnAddress)
            else { continue }
            return frame
        }
        return nil
    }

    /// C functions' frames with buffers in them are some kilobytes.
    private static let searchedWords: UInt = 8_192

    /// The bounds of the calling thread's stack.
    static func currentBounds() -> Range<UInt> {
        var start: UInt = 0
        var size = 0
        guard cstack_bounds(&start, &size) == 0 else { return 0..<0 }
        return start..<start + UInt(size)
    }
}
