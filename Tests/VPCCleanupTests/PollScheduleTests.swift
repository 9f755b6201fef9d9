import Configuration
import Testing

@testable import VPCCleanup

@Suite struct PollScheduleTests {
    @Test func intervalsGrowToThreeTimesTheBase() {
        let schedule = PollSchedule()
        #expect(
            (0...5).map(schedule.interval) == [5_000, 7_500, 11_250, 15_000, 15_000, 15_000].map(Duration.milliseconds))
    }

    @Test func theEnvironmentSetsTheBaseOfAllWaits() throws {
        let schedule = try PollSchedule(Environment(["POLL_INTERVAL_SECONDS": "0.02"]))
        #expect(schedule.interval(after: 9) == .milliseconds(60))
        #expect(schedule.patience(.holder) == .seconds(10))
        #expect(PollSchedule().patience(.holder) == .seconds(300))
    }

    @Test(arguments: ["0", "-1", "five", "nan", "inf", "301", "1e9"]) func whatIsNoIntervalIsRefused(text: String) {
        #expect(throws: ConfigurationError.self) {
            try PollSchedule(Environment(["POLL_INTERVAL_SECONDS": text]))
        }
    }
}
