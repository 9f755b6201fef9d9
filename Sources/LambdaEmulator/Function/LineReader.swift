import Glibc

/// Reads lines off a descriptor until its end, and closes it.
struct LineReader {
    let descriptor: Int32

    /// A longer line is passed on in parts.
    private static let longestLine = 256 << 10

    func forward(to take: (String) -> Void) {
        defer { close(descriptor) }
        var pending: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            for byte in buffer[..<count] {
                guard byte != UInt8(ascii: "\n"), pending.count < Self.longestLine else {
                    take(String(decoding: pending, as: UTF8.self))
                    pending.removeAll(keepingCapacity: true)
                    if byte != UInt8(ascii: "\n") { pending.append(byte) }
                    continue
                }
                pending.append(byte)
            }
        }
        if !pending.isEmpty { take(String(decoding: pending, as: UTF8.self)) }
    }
}
