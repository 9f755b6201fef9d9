import AWSCore
import AWSSigning
import HTTP
import Synchronization
import TestSupport
import Testing
import Timestamps

@Suite(.timeLimit(.minutes(1))) struct CachedCredentialsTests {
    private let time = ManualTime()
    private let lines = LogLines()
    private let schedule = RenewalSchedule(early: .seconds(300))

    /// Gives answer after answer, then the last one for ever.
    private func source(_ answers: [Answer], clock: ManualClock? = nil) -> ScriptedSource {
        ScriptedSource(answers, clock: clock)
    }

    private func cache(_ source: ScriptedSource) -> CachedCredentials {
        CachedCredentials(source, schedule: schedule, logger: lines.logger, now: time.now)
    }

    private func ends(in duration: Duration) -> Timestamp { noon + duration }

    @Test func aHundredCallersMakeOneRequest() async throws {
        let clock = ManualClock()
        let transport = StubTransport { _ in
            try await clock.sleep(for: .seconds(1))
            return stsAnswer("ASIA1", expiration: noon + .seconds(3_600))
        }
        let cache = CachedCredentials(
            AssumeRoleCredentials(
                try AssumeRoleRequest(roleARN: "arn:aws:iam::123456789012:role/proxy", sessionName: "session"),
                source: ScriptedSource([.key("AKID", nil)]), sts: try stsClient(transport, now: time.now)),
            schedule: schedule, logger: lines.logger, now: time.now)
        let ids = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<100 { group.addTask { try await cache.credentials().accessKeyID } }
            try await until { clock.sleeperCount > 0 && time.readCount >= 100 }
            clock.advance(by: .seconds(1))
            return try await group.reduce(into: [String]()) { $0.append($1) }
        }
        #expect(ids == Array(repeating: "ASIA1", count: 100))
        #expect(transport.requests.count == 1)
    }

    @Test func credentialsThatHoldAreKept() async throws {
        let source = source([.key("A", ends(in: .seconds(3_600))), .key("B", nil)])
        let cache = cache(source)
        #expect(try await cache.credentials().accessKeyID == "A")
        time.advance(by: .seconds(3_299))
        #expect(try await cache.credentials().accessKeyID == "A")
        time.advance(by: .seconds(1))
        #expect(try await cache.credentials().accessKeyID == "B")
        time.advance(by: .seconds(10_000_000))
        #expect(try await cache.credentials().accessKeyID == "B")
        #expect(source.calls == 2)
    }

    @Test func whileOneCallerRenewsEarlyTheOthersUseTheOldOnes() async throws {
        let clock = ManualClock()
        let source = source(
            [.key("A", ends(in: .seconds(3_600))), .slowKey("B", ends(in: .seconds(7_200)))], clock: clock)
        let cache = cache(source)
        _ = try await cache.credentials()
        time.advance(by: .seconds(3_400))
        async let renewing = cache.credentials()
        try await until { clock.sleeperCount > 0 }
        #expect(try await cache.credentials().accessKeyID == "A")
        clock.advance(by: .seconds(1))
        #expect(try await renewing.accessKeyID == "B")
        #expect(source.calls == 2)
    }

    @Test func inTheLastMinuteEverybodyWaitsForTheNewOnes() async throws {
        let clock = ManualClock()
        let source = source(
            [.key("A", ends(in: .seconds(3_600))), .slowKey("B", ends(in: .seconds(7_200)))], clock: clock)
        let cache = cache(source)
        _ = try await cache.credentials()
        time.advance(by: .seconds(3_545))
        async let first = cache.credentials()
        try await until { clock.sleeperCount > 0 }
        // The pause after the start of a renewal is over, so a caller would begin another if it were not for the first.
        time.advance(by: .seconds(6))
        let reads = time.readCount
        async let second = cache.credentials()
        try await until { time.readCount > reads }
        clock.advance(by: .seconds(1))
        #expect(try await [first.accessKeyID, second.accessKeyID] == ["B", "B"])
        #expect(source.calls == 2)
    }

    @Test func aFailedRenewalIsLoggedAndTheOldOnesServeOn() async throws {
        let source = source([
            .key("A", ends(in: .seconds(3_600))), .failure("no answer"), .failure("no answer"),
            .key("B", ends(in: .seconds(7_200))),
        ])
        let cache = cache(source)
        _ = try await cache.credentials()
        time.advance(by: .seconds(3_400))
        #expect(try await cache.credentials().accessKeyID == "A")
        #expect(
            lines.all == [
                "warning: AWS credentials could not be renewed; those at hand are used until "
                    + "2026-11-21T13:00:00.000Z: no answer"
            ])
        time.advance(by: .seconds(29))
        #expect(try await cache.credentials().accessKeyID == "A")
        #expect(source.calls == 2, "the pause is thirty seconds")
        time.advance(by: .seconds(1))
        #expect(try await cache.credentials().accessKeyID == "A")
        #expect(source.calls == 3)
        time.advance(by: .seconds(30))
        #expect(try await cache.credentials().accessKeyID == "B")
    }

    @Test func inTheLastMinuteTheOldOnesStillServeWhenRenewingFails() async throws {
        let source = source([.key("A", ends(in: .seconds(3_600))), .failure("down")])
        let cache = cache(source)
        _ = try await cache.credentials()
        time.advance(by: .seconds(3_590))
        #expect(try await cache.credentials().accessKeyID == "A")
        time.advance(by: .seconds(5))
        #expect(try await cache.credentials().accessKeyID == "A")
        #expect(source.calls == 3, "the pause in the last minute is five seconds")
        time.advance(by: .seconds(5))
        await #expect(throws: CredentialError("down")) { try await cache.credentials() }
    }

    @Test func withoutCredentialsEveryWaitingCallerGetsTheSentenceAndTheNextTriesAgain() async throws {
        let clock = ManualClock()
        let source = source([.slowFailure("first"), .failure("second"), .key("A", nil)], clock: clock)
        let cache = cache(source)
        let executor = OneThreadExecutor()
        defer { executor.stop() }
        let callers = (0..<10).map { _ in
            Task(executorPreference: executor) {
                do { return try await cache.credentials().accessKeyID } catch { return "\(error)" }
            }
        }
        // On one thread a caller that has asked the time waits before anything else runs.
        try await until { clock.sleeperCount > 0 && time.readCount >= 10 }
        await Task(executorPreference: executor) {}.value
        clock.advance(by: .seconds(1))
        var failures: [String] = []
        for caller in callers { failures.append(await caller.value) }
        #expect(failures == Array(repeating: "first", count: 10))
        await #expect(throws: CredentialError("second")) { try await cache.credentials() }
        #expect(try await cache.credentials().accessKeyID == "A")
    }

    @Test func aCancelledCallerHandsTheRenewalOver() async throws {
        let clock = ManualClock()
        let source = source([.slowKey("A", nil), .slowKey("B", nil)], clock: clock)
        let cache = cache(source)
        let first = Task { try await cache.credentials() }
        try await until { clock.sleeperCount > 0 }
        let reads = time.readCount
        let second = Task { try await cache.credentials().accessKeyID }
        try await until { time.readCount > reads }
        first.cancel()
        await #expect(throws: CancellationError.self) { try await first.value }
        try await until { clock.sleeperCount > 0 }
        #expect(source.calls == 2)
        clock.advance(by: .seconds(1))
        #expect(try await second.value == "B")
    }

    @Test func aCancelledCallerThatWaitsLeavesTheOthersAlone() async throws {
        let clock = ManualClock()
        let source = source([.slowKey("A", nil)], clock: clock)
        let cache = cache(source)
        let first = Task { try await cache.credentials().accessKeyID }
        try await until { clock.sleeperCount > 0 }
        let reads = time.readCount
        let second = Task { try await cache.credentials().accessKeyID }
        try await until { time.readCount > reads }
        second.cancel()
        await #expect(throws: CancellationError.self) { try await second.value }
        #expect(clock.sleeperCount == 1)
        clock.advance(by: .seconds(1))
        #expect(try await first.value == "A")
        #expect(source.calls == 1)
    }

    @Test func aCancelledRenewalThatNobodyWaitsForIsForgotten() async throws {
        let clock = ManualClock()
        let cache = cache(source([.slowKey("A", nil), .key("B", nil)], clock: clock))
        let only = Task { try await cache.credentials() }
        try await until { clock.sleeperCount > 0 }
        only.cancel()
        await #expect(throws: CancellationError.self) { try await only.value }
        #expect(try await cache.credentials().accessKeyID == "B")
    }

    @Test func credentialsThatComeExpiredAreRefused() async throws {
        let error = await #expect(throws: CredentialError.self) {
            try await cache(source([.key("A", ends(in: .zero))])).credentials()
        }
        #expect(error?.description.contains("already expired") == true)
    }

    @Test func shortLivedCredentialsAreNotRenewedWithEveryCall() async throws {
        let source = source([.key("A", ends(in: .seconds(120)))])
        let cache = cache(source)
        for _ in 0..<5 { _ = try await cache.credentials() }
        #expect(source.calls == 1)
    }

    @Test func everythingRunsOnTheCallersSingleThread() async throws {
        let clock = ManualClock()
        let source = source([.slowKey("A", nil)], clock: clock)
        let cache = cache(source)
        let executor = OneThreadExecutor()
        defer { executor.stop() }
        let group = Task(executorPreference: executor) {
            try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<100 { group.addTask { try await cache.credentials().accessKeyID } }
                return try await group.reduce(into: Set<String>()) { $0.insert($1) }
            }
        }
        try await until { clock.sleeperCount > 0 && time.readCount >= 100 }
        clock.advance(by: .seconds(1))
        #expect(try await group.value == ["A"])
        #expect(source.calls == 1)
    }
}
