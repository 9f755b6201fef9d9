/// A large body as the inside of a JSON string: counted first, then written in place.
enum JSONStringBody {
    /// The bytes the body takes as a JSON string without its quotes; nil when it is not UTF-8 or takes more than the
    /// limit.
    static func escapedCount(of body: [UInt8], limit: Int) -> Int? {
        guard (try? UTF8Span(validating: body.span)) != nil else { return nil }
        let count = body.withUnsafeBytes { body in
            extra.withUnsafeBufferPointer { extra in
                var count = body.count
                forEachRun(of: body) { run, isPlain in
                    if !isPlain { count = run.reduce(count) { $0 &+ Int(extra[Int(body[$1])]) } }
                }
                return count
            }
        }
        return count <= limit ? count : nil
    }

    /// Writes the body's characters, escaped, to the start of a buffer with room for them and gives their number.
    static func write(_ body: UnsafeBufferPointer<UInt8>, into output: UnsafeMutableBufferPointer<UInt8>) -> Int {
        guard let target = output.baseAddress else { return 0 }
        let body = UnsafeRawBufferPointer(body)
        var written = 0
        extra.withUnsafeBufferPointer { extra in
            forEachRun(of: body) { run, isPlain in
                if isPlain {
                    let word = body.loadUnaligned(fromByteOffset: run.lowerBound, as: UInt64.self)
                    UnsafeMutableRawPointer(target + written).storeBytes(of: word, as: UInt64.self)
                    written &+= run.count
                    return
                }
                for index in run {
                    let byte = body[index]
                    if extra[Int(byte)] == 0 {
                        target[written] = byte
                        written &+= 1
                    } else {
                        written &+= escape(byte, at: target + written)
                    }
                }
            }
        }
        return written
    }

    /// Cuts the body into runs of eight bytes and a shorter last one, and says of each whether it is eight bytes that
    /// need no escape: most of a script or a page is, and eight bytes are then tested and copied at once.
    @inline(__always)
    private static func forEachRun(of body: UnsafeRawBufferPointer, _ visit: (Range<Int>, Bool) -> Void) {
        var index = 0
        while index &+ 8 <= body.count {
            let word = body.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            visit(index..<(index &+ 8), !needsEscape(word))
            index &+= 8
        }
        visit(index..<body.count, false)
    }

    /// Whether one of eight bytes is a control character, a quote or a backslash. Subtracting from all of them at once
    /// sets the high bit of a byte that is below what is subtracted; a byte equal to another is zero after `^`.
    @inline(__always)
    private static func needsEscape(_ word: UInt64) -> Bool {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let quote = word ^ (ones &* 0x22)
        let backslash = word ^ (ones &* 0x5C)
        let control = (word &- ones &* 0x20) & ~word
        let marks = control | ((quote &- ones) & ~quote) | ((backslash &- ones) & ~backslash)
        return marks & (ones &* 0x80) != 0
    }

    private static func escape(_ byte: UInt8, at target: UnsafeMutablePointer<UInt8>) -> Int {
        target[0] = UInt8(ascii: "\\")
        if let letter = letter(byte) {
            target[1] = letter
            return 2
        }
        target[1] = UInt8(ascii: "u")
        target[2] = UInt8(ascii: "0")
        target[3] = UInt8(ascii: "0")
        target[4] = digits[Int(byte >> 4)]
        target[5] = digits[Int(byte & 0xF)]
        return 6
    }

    /// The letter of a two-character escape (RFC 8259, section 7).
    private static func letter(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): byte
        case 0x08: UInt8(ascii: "b")
        case 0x09: UInt8(ascii: "t")
        case 0x0A: UInt8(ascii: "n")
        case 0x0C: UInt8(ascii: "f")
        case 0x0D: UInt8(ascii: "r")
        default: nil
        }
    }

    private static let digits = Array("0123456789abcdef".utf8)

    /// How many characters each byte's escape takes more than the byte.
    private static let extra: [UInt8] = (0...255).map { byte in
        letter(byte) != nil ? 1 : byte < 0x20 ? 5 : 0
    }
}
