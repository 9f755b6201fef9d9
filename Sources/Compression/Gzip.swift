internal import CZlib

/// The gzip format (RFC 1952) on zlib.
public enum Gzip {
    /// How hard to try.
    public enum Level: Int32, Sendable {
        /// The least time: some 20 % larger than ``balanced``, at a third of the time.
        case fast = 1
        /// zlib's default.
        case balanced = 6
        /// The least bytes.
        case small = 9
    }

    /// Window bits of a 32 KiB window, plus the flag for a gzip header and trailer.
    static let windowBits: Int32 = 15 + 16

    /// The bytes in gzip form, with a header that is the same for the same bytes.
    ///
    /// - Throws: ``GzipError`` when memory ran out.
    public static func compress(_ bytes: [UInt8], level: Level = .balanced) throws(GzipError) -> [UInt8] {
        var stream = z_stream()
        guard czlib_deflate_init(&stream, level.rawValue, windowBits) == Z_OK else { throw .outOfMemory }
        defer { deflateEnd(&stream) }
        let capacity = Int(deflateBound(&stream, UInt(bytes.count)))
        var status = Z_OK
        let output = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
            status = bytes.withUnsafeBufferPointer { input in
                stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
                stream.avail_in = UInt32(clamping: input.count)
                stream.next_out = buffer.baseAddress
                stream.avail_out = UInt32(clamping: capacity)
                return deflate(&stream, Z_FINISH)
            }
            count = Int(stream.total_out)
        }
        guard status == Z_STREAM_END else { throw .outOfMemory }
        return output
    }

    /// The bytes that a gzip text stands for.
    ///
    /// - Parameter limit: The most bytes to give; a text that holds more is refused, so that a small one cannot fill
    ///   the memory.
    /// - Throws: ``GzipError``
    public static func decompress(_ bytes: [UInt8], limit: Int) throws(GzipError) -> [UInt8] {
        var stream = z_stream()
        guard czlib_inflate_init(&stream, windowBits) == Z_OK else { throw .outOfMemory }
        defer { inflateEnd(&stream) }
        var output: [UInt8] = []
        var status = Z_OK
        bytes.withUnsafeBufferPointer { input in
            stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
            stream.avail_in = UInt32(clamping: input.count)
            while status == Z_OK, output.count <= limit {
                let piece = [UInt8](unsafeUninitializedCapacity: 1 << 16) { buffer, count in
                    stream.next_out = buffer.baseAddress
                    stream.avail_out = UInt32(buffer.count)
                    status = inflate(&stream, Z_NO_FLUSH)
                    count = buffer.count - Int(stream.avail_out)
                }
                output += piece
            }
        }
        guard output.count <= limit else { throw .tooLarge(limit: limit) }
        guard status == Z_STREAM_END else { throw status == Z_MEM_ERROR ? .outOfMemory : .malformed }
        return output
    }
}

/// Why bytes could not be compressed or decompressed.
public enum GzipError: Error, Sendable, Equatable, CustomStringConvertible {
    /// zlib could not allocate.
    case outOfMemory
    /// The bytes are no whole gzip text.
    case malformed
    /// The text holds more than the limit, in bytes.
    case tooLarge(limit: Int)

    /// What is wrong, for a person.
    public var description: String {
        switch self {
        case .outOfMemory: "there is no memory left for zlib"
        case .malformed: "the bytes are not a whole gzip text"
        case .tooLarge(let limit): "the gzip text holds more than \(limit) bytes"
        }
    }
}
