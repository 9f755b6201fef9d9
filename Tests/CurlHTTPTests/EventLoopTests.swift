import CurlHTTP
import Glibc
import HTTP
import TestSupport
import Testing

@Suite struct EventLoopTests {
    @Test func aTaskAndItsChildrenStayOnTheLoopsThread() async throws {
        let server = try LoopbackServer { _ in .init(HTTPResponse(status: 200)) }
        let thread = try LoopThread()
        let request = HTTPRequest(.get, scheme: "http", authority: server.authority)
        let threads = try await Task(executorPreference: thread.loop) {
            var seen: Set<UInt> = [UInt(pthread_self())]
            _ = try await thread.transport.send(request)
            seen.insert(UInt(pthread_self()))
            async let child = { () async throws -> UInt in
                _ = try await thread.transport.send(request)
                return UInt(pthread_self())
            }()
            seen.insert(try await child)
            try await LoopClock(thread.loop).sleep(for: .milliseconds(1))
            seen.insert(UInt(pthread_self()))
            return seen
        }.value
        #expect(threads.count == 1)
    }

    @Test func jobsFromManyThreadsAllRun() async throws {
        let thread = try LoopThread()
        let sum = await withTaskGroup(of: Int.self) { group in
            for number in 0..<2_000 {
                group.addTask { await Task(executorPreference: thread.loop) { number }.value }
            }
            return await group.reduce(0, +)
        }
        #expect(sum == 1_999_000)
    }

    @Test func sleepersWakeInOrderAndNeverEarly() async throws {
        let thread = try LoopThread()
        let clock = LoopClock(thread.loop)
        let start = clock.now
        try await withThrowingTaskGroup(of: Int.self) { group in
            for milliseconds in [90, 30, 60] {
                group.addTask {
                    try await clock.sleep(for: .milliseconds(milliseconds))
                    #expect(start.duration(to: clock.now) >= .milliseconds(milliseconds))
                    return milliseconds
                }
            }
            var order: [Int] = []
            while let milliseconds = try await group.next() { order.append(milliseconds) }
            #expect(order == [30, 60, 90])
        }
    }

    @Test func aCancelledSleeperWakesAtOnce() async throws {
        let thread = try LoopThread()
        let clock = LoopClock(thread.loop)
        let sleeper = Task { try await clock.sleep(for: .seconds(60)) }
        try await clock.sleep(for: .milliseconds(10))
        sleeper.cancel()
        await #expect(throws: CancellationError.self) { try await sleeper.value }
        let early = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await clock.sleep(for: .seconds(60))
        }
        await #expect(throws: CancellationError.self) { try await early.value }
    }
}
