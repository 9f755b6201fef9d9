extension Timestamp {
    /// `2015-08-30T12:36:00.123Z` (RFC 3339), rounded down to milliseconds.
    public var iso8601: String {
        let time = CivilTime(self)
        let rest = nanosecondsSinceEpoch % 1_000_000_000
        let milliseconds = (rest < 0 ? rest + 1_000_000_000 : rest) / 1_000_000
        return time.date(separator: "-") + "T" + time.clock(separator: ":") + "." + digits(milliseconds, 3) + "Z"
    }

    /// `20150830T123600Z`, the form of `X-Amz-Date`.
    public var iso8601Basic: String {
        let time = CivilTime(self)
        return time.date(separator: "") + "T" + time.clock(separator: "") + "Z"
    }

    /// Reads RFC 3339 (`2026-11-21T04:04:22Z`, with an optional fraction or offset) and the basic form
    /// (`20261121T040422Z`); nil when the text is neither. A time beyond the representable range (years 1678 to 2262)
    /// is clamped to it.
    public init?(iso8601 text: String) {
        var reader = FieldReader(text)
        guard let year = reader.number(4) else { return nil }
        let extended = reader.skip("-")
        guard let month = reader.number(2), !extended || reader.skip("-"), let day = reader.number(2),
            reader.skip("T") || reader.skip("t") || reader.skip(" "), let hour = reader.number(2),
            !extended || reader.skip(":"), let minute = reader.number(2), !extended || reader.skip(":"),
            let second = reader.number(2)
        else { return nil }
        var nanoseconds: Int64 = 0
        if reader.skip(".") {
            guard let fraction = reader.fraction() else { return nil }
            nanoseconds = fraction
        }
        guard let offset = reader.offset(), reader.isAtEnd,
            let time = CivilTime(year: year, month: month, day: day, hour: hour, minute: minute, second: second)
        else { return nil }
        // A year has four digits, so that nothing overflows before it is clamped.
        let exact = Int128(time.secondsSinceEpoch - offset) * 1_000_000_000 + Int128(nanoseconds)
        self.init(nanosecondsSinceEpoch: Int64(clamping: exact))
    }

    /// Reads an HTTP date (`Sun, 06 Nov 1994 08:49:37 GMT`; RFC 9110, section 5.6.7), the form of `Date`; nil for
    /// anything else.
    public init?(httpDate text: String) {
        let parts = text.split(separator: " ")
        guard parts.count == 6, parts[0].hasSuffix(","), parts[5] == "GMT", let day = Int64(parts[1]),
            let month = Self.months.firstIndex(of: String(parts[2])), let year = Int64(parts[3])
        else { return nil }
        let clock = parts[4].split(separator: ":", omittingEmptySubsequences: false)
        guard clock.count == 3, let hour = Int64(clock[0]), let minute = Int64(clock[1]), let second = Int64(clock[2]),
            let time = CivilTime(
                year: year, month: Int64(month + 1), day: day, hour: hour, minute: minute, second: second)
        else { return nil }
        self.init(secondsSinceEpoch: time.secondsSinceEpoch)
    }

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
}

/// A number with leading zeros.
func digits(_ value: Int64, _ count: Int) -> String {
    let text = String(value)
    return String(repeating: "0", count: max(0, count - text.utf8.count)) + text
}

/// Reads fixed-width fields off the front of a text.
private struct FieldReader {
    private var rest: Substring.UTF8View

    init(_ text: String) {
        rest = Substring(text).utf8
    }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard rest.first.map(UInt32.init) == character.value else { return false }
        rest = rest.dropFirst()
        return true
    }

    mutating func number(_ count: Int) -> Int64? {
        let field = rest.prefix(count)
        guard field.count == count, field.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return nil }
        rest = rest.dropFirst(count)
        return field.reduce(0) { $0 * 10 + Int64($1 - 0x30) }
    }

    /// A fraction's digits as nanoseconds; digits beyond the ninth are dropped.
    mutating func fraction() -> Int64? {
        let field = rest.prefix { $0 >= 0x30 && $0 <= 0x39 }
        guard !field.isEmpty else { return nil }
        rest = rest.dropFirst(field.count)
        let kept = field.prefix(9)
        return (0..<(9 - kept.count)).reduce(kept.reduce(0) { $0 * 10 + Int64($1 - 0x30) }) { value, _ in value * 10 }
    }

    /// `Z` or `+hh:mm`, in seconds east of UTC.
    mutating func offset() -> Int64? {
        if skip("Z") || skip("z") { return 0 }
        let sign: Int64
        if skip("+") { sign = 1 } else if skip("-") { sign = -1 } else { return nil }
        guard let hours = number(2) else { return nil }
        _ = skip(":")
        guard let minutes = number(2) else { return nil }
        return sign * (hours * 3_600 + minutes * 60)
    }
}
