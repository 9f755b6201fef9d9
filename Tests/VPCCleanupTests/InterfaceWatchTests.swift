import Testing

@testable import VPCCleanup

@Suite(.timeLimit(.minutes(1))) struct InterfaceWatchTests {
    private struct Unseen: Error {}

    /// Whoever took a look that failed for one that saw nothing would call an interface gone that is still there.
    @Test func nobodySeesAnEmptyVPCInALookThatFailed() async {
        let watch = InterfaceWatch(schedule: PollSchedule(), clock: ContinuousClock()) {
            await Task.yield()
            throw Unseen()
        }
        await withTaskGroup { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<5_000 {
                        await #expect(throws: Unseen.self) { _ = try await watch.next(atOnce: true) }
                    }
                }
            }
        }
    }
}
