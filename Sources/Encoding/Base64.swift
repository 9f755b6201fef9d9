/// Base 64 with the standard alphabet and padding (RFC 4648, section 4).
public enum Base64 {
    /// The number of characters that so many bytes become.
    public static func encodedCount(of byteCount: Int) -> Int {
        (byteCount + 2) / 3 * 4
    }

    /// The bytes as text.
    public static func encode(_ bytes: [UInt8]) -> String {
        String(unsafeUninitializedCapacity: encodedCount(of: bytes.count)) { output in
            bytes.withUnsafeBufferPointer { encode($0, into: output) }
        }
    }

    /// Writes the bytes as characters to the start of a buffer and gives their number.
    ///
    /// - Parameter output: Uninitialised memory with room for ``encodedCount(of:)`` characters.
    public static func encode(
        _ input: UnsafeBufferPointer<UInt8>, into output: UnsafeMutableBufferPointer<UInt8>
    ) -> Int {
        guard let target = output.baseAddress, let source = input.baseAddress else { return 0 }
        var read = 0
        var written = 0
        pairs.withUnsafeBufferPointer { pairs in
            let whole = input.count - input.count % 3
            while read < whole {
                let bits = Int(source[read]) << 16 | Int(source[read + 1]) << 8 | Int(source[read + 2])
                let destination = UnsafeMutableRawPointer(target + written)
                destination.storeBytes(of: pairs[bits >> 12], as: UInt16.self)
                (destination + 2).storeBytes(of: pairs[bits & 0xFFF], as: UInt16.self)
                read += 3
                written += 4
            }
        }
        guard read < input.count else { return written }
        let isPair = read + 1 < input.count
        let bits = Int(source[read]) << 16 | (isPair ? Int(source[read + 1]) << 8 : 0)
        (target + written).initialize(to: alphabet[bits >> 18])
        (target + written + 1).initialize(to: alphabet[bits >> 12 & 0x3F])
        (target + written + 2).initialize(to: isPair ? alphabet[bits >> 6 & 0x3F] : padding)
        (target + written + 3).initialize(to: padding)
        return written + 4
    }

    /// The bytes that the text stands for, or nil when it is not strict Base 64: other characters (white space
    /// included), missing padding, or a last character with bits to spare that are not zero (RFC 4648, section 3.5).
    public static func decode(_ text: String) -> [UInt8]? {
        var text = text
        return text.withUTF8(decode)
    }

    private static func decode(_ input: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        guard input.count % 4 == 0 else { return nil }
        guard let source = input.baseAddress, let last = input.last else { return [] }
        let padded = last != padding ? 0 : input[input.count - 2] == padding ? 2 : 1
        // The last quartet is read apart: it alone may hold padding.
        let whole = input.count - 4
        var isValid = true
        let output = [UInt8](unsafeUninitializedCapacity: input.count / 4 * 3) { output, count in
            values.withUnsafeBufferPointer { values in
                var seen: UInt32 = 0
                var read = 0
                while read < whole {
                    let bits = quartet(source + read, values)
                    seen |= bits
                    output[count] = UInt8(truncatingIfNeeded: bits >> 16)
                    output[count + 1] = UInt8(truncatingIfNeeded: bits >> 8)
                    output[count + 2] = UInt8(truncatingIfNeeded: bits)
                    read += 4
                    count += 3
                }
                var end = [input[whole], input[whole + 1], input[whole + 2], input[whole + 3]]
                for index in (4 - padded)..<4 { end[index] = alphabet[0] }
                let bits = end.withUnsafeBufferPointer { end in
                    end.baseAddress.map { quartet($0, values) } ?? invalid
                }
                seen |= bits
                let spare: UInt32 = padded == 0 ? 0 : padded == 1 ? 0xFF : 0xFFFF
                isValid = seen & invalid == 0 && bits & spare == 0
                for index in 0..<(3 - padded) {
                    output[count] = UInt8(truncatingIfNeeded: bits >> (16 - 8 * UInt32(index)))
                    count += 1
                }
            }
        }
        return isValid ? output : nil
    }

    /// Twenty-four bits of four characters; ``invalid`` is set when one of them is not of the alphabet.
    @inline(__always)
    private static func quartet(_ input: UnsafePointer<UInt8>, _ values: UnsafeBufferPointer<UInt32>) -> UInt32 {
        let high = values[Int(input[0])] << 18 | values[Int(input[1])] << 12
        let low = values[Int(input[2])] << 6 | values[Int(input[3])]
        return high | low
    }

    /// The bits above the twenty-four that count; a byte outside the alphabet sets some of them whatever its shift.
    private static let invalid: UInt32 = 0xFF00_0000

    private static let padding = UInt8(ascii: "=")

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// Two characters for every twelve bits, in memory order.
    private static let pairs: [UInt16] = (0..<4096).map { bits in
        UInt16(littleEndian: UInt16(alphabet[bits >> 6]) | UInt16(alphabet[bits & 0x3F]) << 8)
    }

    /// The six bits of a character; of any other byte, bits that mark it.
    private static let values: [UInt32] = {
        var values = [UInt32](repeating: 0xFFFF_FFC0, count: 256)
        for (value, character) in alphabet.enumerated() { values[Int(character)] = UInt32(value) }
        return values
    }()
}
