/// Base 64 with the alphabet for URLs and file names (RFC 4648, section 5).
public enum Base64URL {
    /// The bytes that the text stands for, or nil when it is not Base 64: other characters (white space and those of the
    /// standard alphabet included), a number of digits that no bytes have, or a last digit with bits to spare that are
    /// not zero. The padding may be there, then all of it, or be left out.
    public static func decode(_ text: some BidirectionalCollection<UInt8>) -> [UInt8]? {
        let digits = text.dropLast(text.suffix(2).reversed().prefix { $0 == UInt8(ascii: "=") }.count)
        let count = digits.count
        let padding = text.count - count
        guard count % 4 != 1, padding == 0 || (count + padding) % 4 == 0 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count / 4 * 3 + 2)
        var bits: UInt32 = 0
        var bitCount: UInt32 = 0
        for digit in digits {
            guard let value = value(of: digit) else { return nil }
            bits = bits << 6 | value
            bitCount += 6
            guard bitCount >= 8 else { continue }
            bitCount -= 8
            bytes.append(UInt8(truncatingIfNeeded: bits >> bitCount))
            bits &= (1 << bitCount) - 1
        }
        return bits == 0 ? bytes : nil
    }

    private static func value(of digit: UInt8) -> UInt32? {
        switch digit {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(digit - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(digit - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(digit - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "-"): 62
        case UInt8(ascii: "_"): 63
        default: nil
        }
    }
}
