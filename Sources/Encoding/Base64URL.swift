/// Base 64 with the alphabet for URLs and file names (RFC 4648, section 5).
public enum Base64URL {
    /// The bytes that the text stands for, or nil when it is not Base 64 for URLs: other characters (white space and
    /// those of the standard alphabet included), a number of digits that no bytes have, or a last digit with bits to
    /// spare that are not zero. The padding may be there, then all of it, or be left out.
    public static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
        var digits: [UInt8] = []
        digits.reserveCapacity(text.count + 3)
        for digit in text {
            switch digit {
            case UInt8(ascii: "-"): digits.append(UInt8(ascii: "+"))
            case UInt8(ascii: "_"): digits.append(UInt8(ascii: "/"))
            case UInt8(ascii: "+"), UInt8(ascii: "/"): return nil
            default: digits.append(digit)
            }
        }
        if digits.last != UInt8(ascii: "=") {
            digits += [UInt8](repeating: UInt8(ascii: "="), count: (4 - digits.count % 4) % 4)
        }
        return Base64.decode(String(decoding: digits, as: UTF8.self))
    }
}
