import TestSupport
import Testing

@testable import VPCCleanup

@Suite(.timeLimit(.minutes(5))) struct InterfaceWatchTests {
    private struct Unseen: Error {}

    /// Whoever took a look that failed for one that saw nothing would call an interface gone that is still there.
    @Test func aLookThatFailedFailsForAllWhoWaitedForIt() async throws {
        let clock = ManualClock()
        let watch = InterfaceWatch(schedule: PollSchedule(), clock: clock) { throw Unseen() }
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    do {
                        _ = try await watch.next()
                        return false
                    } catch is Unseen {
                        return true
                    }
                }
            }
            // Who waits for another's look does not sleep; each round has one look, whoever takes part in it.
            group.addTask {
                while true {
                    try await clock.waitForSleepers(1)
                    clock.advance(by: .seconds(5))
                }
            }
            for _ in 0..<4 {
                let hasFailed = try await group.next()
                #expect(hasFailed == true)
            }
            group.cancelAll()
        }
    }
}
