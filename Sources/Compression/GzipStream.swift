internal import CZlib
internal import Synchronization

/// Bytes made into one gzip text (RFC 1952) while they come, for bodies that memory has no room for.
///
/// It takes some 260 KiB, whatever passes through it.
public final class GzipStream: Sendable {
    private struct State {
        /// zlib keeps the address, so the structure stays where it is.
        var stream: UnsafeMutablePointer<z_stream>
        var isFinished = false
    }

    private let state: Mutex<State>

    /// Starts a text.
    ///
    /// - Throws: ``GzipError`` when memory ran out.
    public init(level: Gzip.Level = .balanced) throws(GzipError) {
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        stream.initialize(to: z_stream())
        guard czlib_deflate_init(stream, level.rawValue, Gzip.windowBits) == Z_OK else {
            stream.deallocate()
            throw .outOfMemory
        }
        state = Mutex(State(stream: stream))
    }

    deinit {
        state.withLock { state in
            deflateEnd(state.stream)
            state.stream.deallocate()
        }
    }

    /// Takes the next bytes and gives what is ready of the text, which may be nothing yet.
    ///
    /// - Throws: ``GzipError`` when the text has been finished.
    public func compress(_ bytes: [UInt8]) throws(GzipError) -> [UInt8] {
        try run(bytes, Z_NO_FLUSH)
    }

    /// Gives the rest of the text, once; nil ever after. Nothing can follow.
    public func finish() throws(GzipError) -> [UInt8]? {
        let isFirst = state.withLock { state in
            defer { state.isFinished = true }
            return !state.isFinished
        }
        return isFirst ? try run([], Z_FINISH) : nil
    }

    private func run(_ bytes: [UInt8], _ flush: Int32) throws(GzipError) -> [UInt8] {
        let output: [UInt8]? = state.withLock { state in
            let stream = state.stream
            return bytes.withUnsafeBufferPointer { input in
                stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
                stream.pointee.avail_in = UInt32(clamping: input.count)
                var output: [UInt8] = []
                var status = Z_OK
                // zlib has given all that is ready once it leaves room in the buffer.
                repeat {
                    output += [UInt8](unsafeUninitializedCapacity: 1 << 16) { buffer, count in
                        stream.pointee.next_out = buffer.baseAddress
                        stream.pointee.avail_out = UInt32(buffer.count)
                        status = deflate(stream, flush)
                        count = buffer.count - Int(stream.pointee.avail_out)
                    }
                } while status == Z_OK && stream.pointee.avail_out == 0
                stream.pointee.next_in = nil
                // Without a byte in or out zlib speaks of a buffer error, which is none.
                let isGood = flush == Z_FINISH ? status == Z_STREAM_END : status == Z_OK || status == Z_BUF_ERROR
                return isGood ? output : nil
            }
        }
        guard let output else { throw .malformed }
        return output
    }
}
