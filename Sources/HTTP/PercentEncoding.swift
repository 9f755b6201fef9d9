/// Percent-encoding (RFC 3986, section 2), on bytes.
public enum PercentEncoding {
    /// The text's UTF-8 with every byte but the unreserved ones (letters, digits, `-._~`) as `%XX`.
    ///
    /// - Parameter keepingSlash: leaves `/` as it is, for a path.
    public static func encode(_ text: String, keepingSlash: Bool = false) -> String {
        encode(text.utf8, keepingSlash: keepingSlash)
    }

    /// Bytes with all but the unreserved ones as `%XX`.
    public static func encode(_ bytes: some Collection<UInt8>, keepingSlash: Bool = false) -> String {
        guard !bytes.allSatisfy({ isUnreserved($0) || (keepingSlash && $0 == UInt8(ascii: "/")) }) else {
            return String(decoding: bytes, as: UTF8.self)
        }
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count * 3)
        for byte in bytes {
            if isUnreserved(byte) || (keepingSlash && byte == UInt8(ascii: "/")) {
                output.append(byte)
            } else {
                output.append(UInt8(ascii: "%"))
                output.append(hexDigit(byte >> 4))
                output.append(hexDigit(byte & 0xF))
            }
        }
        return String(decoding: output, as: UTF8.self)
    }

    /// The bytes that percent-encoded text stands for. A `%` that two hexadecimal digits do not follow stands for
    /// itself, as every server reads it.
    ///
    /// - Parameter plusIsSpace: reads `+` as a space, the rule of queries and forms.
    public static func decode(_ text: some StringProtocol, plusIsSpace: Bool = false) -> [UInt8] {
        var output: [UInt8] = []
        let input = Array(text.utf8)
        output.reserveCapacity(input.count)
        var index = 0
        while index < input.count {
            let byte = input[index]
            if byte == UInt8(ascii: "%"), index + 2 < input.count, let high = hexValue(input[index + 1]),
                let low = hexValue(input[index + 2])
            {
                output.append(high << 4 | low)
                index += 3
            } else {
                output.append(plusIsSpace && byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
                index += 1
            }
        }
        return output
    }

    /// Whether the byte never needs encoding (RFC 3986, section 2.3).
    @inlinable
    public static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: true
        default: false
        }
    }

    private static func hexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? 0x30 + value : 0x41 + value - 10
    }

    private static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }
}
