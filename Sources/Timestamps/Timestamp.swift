import Glibc

/// A point in time, UTC, to the nanosecond, as the wire formats of AWS write it.
public struct Timestamp: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Nanoseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
    public var nanosecondsSinceEpoch: Int64

    /// Makes a timestamp of nanoseconds since the epoch.
    public init(nanosecondsSinceEpoch: Int64) {
        self.nanosecondsSinceEpoch = nanosecondsSinceEpoch
    }

    /// Makes a timestamp of seconds since the epoch; beyond the representable range (years 1678 to 2262) it is clamped.
    public init(secondsSinceEpoch: Int64) {
        let (value, overflow) = secondsSinceEpoch.multipliedReportingOverflow(by: 1_000_000_000)
        nanosecondsSinceEpoch = overflow ? (secondsSinceEpoch < 0 ? .min : .max) : value
    }

    /// Makes a timestamp of milliseconds since the epoch, clamped likewise.
    public init(millisecondsSinceEpoch: Int64) {
        let (value, overflow) = millisecondsSinceEpoch.multipliedReportingOverflow(by: 1_000_000)
        nanosecondsSinceEpoch = overflow ? (millisecondsSinceEpoch < 0 ? .min : .max) : value
    }

    /// The system's clock, now.
    public static func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(nanosecondsSinceEpoch: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    /// Whole seconds since the epoch, rounded down.
    public var secondsSinceEpoch: Int64 {
        let (seconds, rest) = nanosecondsSinceEpoch.quotientAndRemainder(dividingBy: 1_000_000_000)
        return rest < 0 ? seconds - 1 : seconds
    }

    /// Whole milliseconds since the epoch, rounded towards zero.
    public var millisecondsSinceEpoch: Int64 { nanosecondsSinceEpoch / 1_000_000 }

    /// Earlier comes first.
    public static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.nanosecondsSinceEpoch < right.nanosecondsSinceEpoch
    }

    /// The time from `right` to `left`.
    public static func - (left: Timestamp, right: Timestamp) -> Duration {
        let (value, overflow) = left.nanosecondsSinceEpoch.subtractingReportingOverflow(right.nanosecondsSinceEpoch)
        return .nanoseconds(overflow ? (left > right ? .max : .min) : value)
    }

    /// A later time, clamped to the representable range.
    public static func + (left: Timestamp, right: Duration) -> Timestamp {
        let (seconds, attoseconds) = right.components
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let added = left.nanosecondsSinceEpoch.addingReportingOverflow(scaled)
        let (value, second) = added.partialValue.addingReportingOverflow(attoseconds / 1_000_000_000)
        guard !overflow, !added.overflow, !second else {
            return Timestamp(nanosecondsSinceEpoch: seconds < 0 ? .min : .max)
        }
        return Timestamp(nanosecondsSinceEpoch: value)
    }

    /// An earlier time, clamped to the representable range.
    public static func - (left: Timestamp, right: Duration) -> Timestamp {
        left + (.zero - right)
    }

    /// `2015-08-30T12:36:00.000Z` (RFC 3339, milliseconds).
    public var description: String { iso8601 }
}
