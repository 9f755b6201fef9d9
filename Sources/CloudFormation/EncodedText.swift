/// Lengths of texts as they stand in JSON, and cuts between characters.
enum EncodedText {
    /// What takes the place of what was cut.
    static let ellipsis = " … "

    /// The bytes of the text in a JSON string, without the quotes.
    static func length(_ text: String) -> Int {
        text.utf8.reduce(0) { $0 + length(of: $1) }
    }

    /// The longest front of the text within a number of encoded bytes.
    static func head(of text: String, within limit: Int) -> String {
        var rest = limit
        var head = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            rest -= length(of: scalar)
            guard rest >= 0 else { break }
            head.append(scalar)
        }
        return String(head)
    }

    /// The text within a number of encoded bytes: its front and, shorter, its end; the middle is cut out.
    static func middleCut(_ text: String, within limit: Int) -> String {
        guard length(text) > limit else { return text }
        let room = limit - ellipsis.utf8.count
        guard room > 0 else { return head(of: text, within: max(0, limit)) }
        let front = head(of: text, within: room - room / 4)
        var rest = room - length(front)
        var tail: [Unicode.Scalar] = []
        for scalar in text.unicodeScalars.reversed() {
            rest -= length(of: scalar)
            guard rest >= 0 else { break }
            tail.append(scalar)
        }
        var end = String.UnicodeScalarView()
        end.append(contentsOf: tail.reversed())
        return front + ellipsis + String(end)
    }

    private static func length(of scalar: Unicode.Scalar) -> Int {
        scalar.isASCII ? length(of: UInt8(truncatingIfNeeded: scalar.value)) : UTF8.width(scalar)
    }

    private static func length(of byte: UInt8) -> Int {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), 0x08, 0x09, 0x0A, 0x0C, 0x0D: 2
        case 0..<0x20: 6
        default: 1
        }
    }
}
