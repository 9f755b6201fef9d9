import Timestamps

extension Timestamp {
    /// `Sun, 06 Nov 1994 08:49:37 GMT`, the form of `Date` (RFC 9110, section 5.6.7).
    var httpDate: String {
        let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let text = iso8601
        let date = text.prefix(10).split(separator: "-")
        let dayNumber = max(0, secondsSinceEpoch) / 86_400
        let month = (Int(date[1]) ?? 1) - 1
        return "\(days[Int(dayNumber % 7)]), \(date[2]) \(months[month]) \(date[0]) \(text.dropFirst(11).prefix(8)) GMT"
    }
}
