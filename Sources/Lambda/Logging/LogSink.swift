import Glibc
import Synchronization

/// Writes whole records to a descriptor.
final class LogSink: Sendable {
    /// `write(2)`: returns the number of bytes taken, or -1 with the reason in `errno`.
    typealias Write = @Sendable (_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int

    private let descriptor: Int32
    private let writeBytes: Write
    /// Keeps the parts of a record together when a write took less than all of it.
    private let turn = Mutex(())

    init(
        descriptor: Int32,
        write: @escaping Write = { descriptor, bytes in Glibc.write(descriptor, bytes.baseAddress, bytes.count) }
    ) {
        self.descriptor = descriptor
        writeBytes = write
    }

    /// Writes one record, with a single call where the kernel takes it whole. A log that cannot be written is given
    /// up: there is nowhere to complain.
    func write(_ record: [UInt8]) {
        turn.withLock { _ in
            record.withUnsafeBytes { bytes in
                var rest = bytes[...]
                while !rest.isEmpty {
                    let count = writeBytes(descriptor, UnsafeRawBufferPointer(rebasing: rest))
                    if count > 0 {
                        rest = rest.dropFirst(count)
                    } else if count < 0, errno == EINTR {
                        continue
                    } else if count < 0, errno == EAGAIN {
                        var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                        poll(&entry, 1, -1)
                    } else {
                        return
                    }
                }
            }
        }
    }
}

/// The frames by which Lambda tells records apart on its telemetry descriptor: type, length, microseconds since the
/// epoch, all big endian, then the record.
enum TelemetryFrame {
    /// The type says that this is a log (`a55a`), with a level in bits 2 to 4, a time (bit 1), and of which form (bit 0).
    static func frame(_ record: [UInt8], level: UInt32, isText: Bool, microseconds: UInt64) -> [UInt8] {
        let type = 0xA55A_0000 | level << 2 | 0b10 | (isText ? 1 : 0)
        var output: [UInt8] = []
        output.reserveCapacity(record.count + 16)
        append(type, to: &output)
        append(UInt32(clamping: record.count), to: &output)
        append(microseconds, to: &output)
        output.append(contentsOf: record)
        return output
    }

    private static func append(_ value: some FixedWidthInteger, to output: inout [UInt8]) {
        withUnsafeBytes(of: value.bigEndian) { output.append(contentsOf: $0) }
    }
}
