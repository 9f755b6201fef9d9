/// A date and a time of day in the proleptic Gregorian calendar, UTC.
struct CivilTime {
    var year: Int64
    var month: Int64
    var day: Int64
    var hour: Int64
    var minute: Int64
    var second: Int64

    /// Nil when a part is out of its range; second 60 is taken for a leap second.
    init?(year: Int64, month: Int64, day: Int64, hour: Int64, minute: Int64, second: Int64) {
        guard (0...9_999).contains(year), (1...12).contains(month), (1...31).contains(day), (0...23).contains(hour),
            (0...59).contains(minute), (0...60).contains(second)
        else { return nil }
        self.year = year
        self.month = month
        self.day = day
        self.hour = hour
        self.minute = minute
        self.second = second
        // A day that the month does not have comes back as another day.
        guard CivilTime(daysSinceEpoch: daysSinceEpoch).day == day else { return nil }
    }

    init(_ timestamp: Timestamp) {
        let seconds = timestamp.secondsSinceEpoch
        let ofDay = (seconds % 86_400 + 86_400) % 86_400
        self.init(daysSinceEpoch: (seconds - ofDay) / 86_400)
        hour = ofDay / 3_600
        minute = ofDay / 60 % 60
        second = ofDay % 60
    }

    /// Days to date by eras of 400 years that start in March, so that the leap day is an era's last.
    private init(daysSinceEpoch: Int64) {
        let shifted = daysSinceEpoch + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
        month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        hour = 0
        minute = 0
        second = 0
    }

    private var daysSinceEpoch: Int64 {
        let marchYear = month <= 2 ? year - 1 : year
        let era = (marchYear >= 0 ? marchYear : marchYear - 399) / 400
        let yearOfEra = marchYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    var secondsSinceEpoch: Int64 {
        daysSinceEpoch * 86_400 + hour * 3_600 + minute * 60 + second
    }

    func date(separator: String) -> String {
        digits(year, 4) + separator + digits(month, 2) + separator + digits(day, 2)
    }

    func clock(separator: String) -> String {
        digits(hour, 2) + separator + digits(minute, 2) + separator + digits(second, 2)
    }
}
