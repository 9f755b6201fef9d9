/// Identifiers as AWS makes them.
enum RandomID {
    /// A random UUID (RFC 9562, version 4).
    static func uuid() -> String {
        var bytes = (0..<16).map { _ in UInt8.random(in: .min ... .max) }
        bytes[6] = bytes[6] & 0x0F | 0x40
        bytes[8] = bytes[8] & 0x3F | 0x80
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(36)
        for (index, byte) in bytes.enumerated() {
            if [4, 6, 8, 10].contains(index) { text.append(UInt8(ascii: "-")) }
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 0xF)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Random hexadecimal digits.
    static func hex(_ count: Int) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: (0..<count).map { _ in digits[Int.random(in: 0..<16)] }, as: UTF8.self)
    }

    /// An X-Ray root trace id for a moment.
    static func traceRoot(secondsSinceEpoch: Int64) -> String {
        let seconds = String(UInt32(truncatingIfNeeded: secondsSinceEpoch), radix: 16)
        return "1-\(String(repeating: "0", count: 8 - seconds.utf8.count))\(seconds)-\(hex(24))"
    }
}
