import Testing
import Timestamps

@Suite struct TimestampTests {
    @Test(arguments: [
        (Int64(0), "1970-01-01T00:00:00.000Z", "19700101T000000Z"),
        (1_440_938_160, "2015-08-30T12:36:00.000Z", "20150830T123600Z"),
        (951_782_400, "2000-02-29T00:00:00.000Z", "20000229T000000Z"),
        (-1, "1969-12-31T23:59:59.000Z", "19691231T235959Z"),
        (4_107_542_399, "2100-02-28T23:59:59.000Z", "21000228T235959Z"),
    ])
    func bothFormsAreWrittenAndReadBack(seconds: Int64, extended: String, basic: String) {
        let time = Timestamp(secondsSinceEpoch: seconds)
        #expect(time.iso8601 == extended)
        #expect(time.iso8601Basic == basic)
        #expect(Timestamp(iso8601: extended) == time)
        #expect(Timestamp(iso8601: basic) == time)
    }

    @Test func fractionsAndOffsetsAreRead() {
        #expect(
            Timestamp(iso8601: "2015-08-30T14:36:00.5+02:00") == Timestamp(millisecondsSinceEpoch: 1_440_938_160_500))
        #expect(
            Timestamp(iso8601: "2015-08-30T12:36:00.123456789999Z")?.nanosecondsSinceEpoch == 1_440_938_160_123_456_789)
    }

    @Test(arguments: [
        "", "2015-08-30", "2015-13-30T00:00:00Z", "2015-02-30T00:00:00Z", "2015-08-30T12:36:00",
        "2015-08-30T12:36:00Zx",
    ])
    func otherTextIsRefused(text: String) {
        #expect(Timestamp(iso8601: text) == nil)
    }

    @Test func anHTTPDateIsRead() {
        #expect(Timestamp(httpDate: "Sun, 06 Nov 1994 08:49:37 GMT")?.secondsSinceEpoch == 784_111_777)
        #expect(Timestamp(httpDate: "06 Nov 1994") == nil)
    }

    @Test(arguments: ["9999-12-31T23:59:59.999Z", "99991231T235959.9Z", "2262-04-11T23:47:16.999999999Z"])
    func aTimeBeyondTheRangeIsTheLastOne(text: String) {
        #expect(Timestamp(iso8601: text) == Timestamp(secondsSinceEpoch: .max))
    }

    @Test(arguments: ["0000-01-01T00:00:00.5Z", "1677-09-21T00:12:43.000000001Z"])
    func aTimeBeforeTheRangeIsTheFirstOne(text: String) {
        #expect(Timestamp(iso8601: text) == Timestamp(secondsSinceEpoch: .min))
    }

    @Test func theEndsOfTheRangeAreWritten() {
        #expect(Timestamp(secondsSinceEpoch: .max).iso8601 == "2262-04-11T23:47:16.854Z")
        #expect(Timestamp(secondsSinceEpoch: .min).iso8601 == "1677-09-21T00:12:43.145Z")
        #expect(Timestamp(secondsSinceEpoch: .min).iso8601Basic == "16770921T001243Z")
    }

    @Test func arithmeticIsClampedNotTrapping() {
        let far = Timestamp(secondsSinceEpoch: .max)
        #expect(far + .seconds(Int64.max) == far)
        #expect(Timestamp(secondsSinceEpoch: 10) - Timestamp(secondsSinceEpoch: 7) == .seconds(3))
    }
}
