/// JSON text for places that hold visible ASCII only.
enum ASCIIJSON {
    /// The text with every character beyond ASCII as `\uXXXX`. JSON has such characters in strings only, and what our
    /// writer makes has no line break, so the result fits a header field.
    static func escaped(_ text: [UInt8]) -> String {
        guard text.contains(where: { $0 >= 0x7F }) else { return String(decoding: text, as: UTF8.self) }
        var output: [UInt8] = []
        output.reserveCapacity(text.count * 2)
        for unit in String(decoding: text, as: UTF8.self).utf16 {
            if unit < 0x7F {
                output.append(UInt8(truncatingIfNeeded: unit))
            } else {
                let digits = String(unit, radix: 16)
                output.append(contentsOf: "\\u".utf8)
                output.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: 4 - digits.utf8.count))
                output.append(contentsOf: digits.utf8)
            }
        }
        return String(decoding: output, as: UTF8.self)
    }
}
