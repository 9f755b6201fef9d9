import HTTP
import Lambda
import Synchronization
import TestSupport
import Testing

@Suite struct DrainTests {
    @Test func anIdleRuntimeEndsAtOnce() async throws {
        let service = FakeService([])
        try await service.run(Closure.echo, concurrency: 4)
        #expect(service.posts.isEmpty)
        #expect(service.log.lines.isEmpty)
    }

    @Test func aRuntimeStoppedBeforehandTakesNoEvent() async throws {
        let service = FakeService([.event("1")])
        let transport = service.transport
        let runtime = LambdaRuntime(
            .whole(Closure.echo), client: try service.client(transport), clock: service.clock,
            logger: service.log.logger)
        runtime.stop()
        await runtime.run()
        #expect(transport.requests.isEmpty)
    }

    @Test func anInvocationInFlightIsAnsweredBeforeTheEnd() async throws {
        let service = FakeService([.event("1"), .event("2")])
        let holder = Mutex<LambdaRuntime?>(nil)
        let handler = Closure { _, _ in
            holder.withLock { $0 }?.stop()
            await Task.yield()
            return Array("\(Task.isCancelled)".utf8)
        }
        let runtime = LambdaRuntime(
            .whole(handler), client: try service.client(service.transport), clock: service.clock,
            logger: service.log.logger)
        holder.withLock { $0 = runtime }
        await service.run(runtime)
        #expect(service.posts.count == 1)
        #expect(service.posts.first?.body == Array("false".utf8))
    }

    @Test func anEventThatComesWithTheStopIsAnsweredToo() async throws {
        let holder = Mutex<LambdaRuntime?>(nil)
        let posts = Mutex<[[UInt8]]>([])
        let transport = RawTransport { request in
            guard case .bytes(let body) = request.body, request.method == .post else {
                holder.withLock { $0 }?.stop()
                return HTTPResponse(status: 200, headers: ["Lambda-Runtime-Aws-Request-Id": "1"])
            }
            posts.withLock { $0.append(body) }
            return HTTPResponse(status: 202)
        }
        let runtime = LambdaRuntime(
            .whole(Closure { _, _ in Array("\(Task.isCancelled)".utf8) }),
            client: RuntimeAPIClient(transport: transport, endpoint: try RuntimeAPIEndpoint("localhost:1")),
            clock: ManualClock(), logger: LogRecorder().logger)
        holder.withLock { $0 = runtime }
        await runtime.run()
        #expect(posts.withLock { $0 } == [Array("false".utf8)])
    }

    @Test func stoppingEndsAWaitBetweenTriesAtOnce() async throws {
        let clock = ManualClock()
        let transport = RawTransport { _ in HTTPResponse(status: 500) }
        let runtime = LambdaRuntime(
            .whole(Closure.echo),
            client: RuntimeAPIClient(transport: transport, endpoint: try RuntimeAPIEndpoint("localhost:1")),
            clock: clock, logger: LogRecorder().logger)
        async let ended: Void = runtime.run()
        while clock.sleeperCount == 0 { await Task.yield() }
        runtime.stop()
        await ended
        #expect(transport.requests.count == 1)
    }

    @Test func asManyInvocationsAreTakenAtATimeAsLambdaSends() async throws {
        let service = FakeService((1...3).map { .event("\($0)") })
        let running = Mutex(0)
        // Nobody returns before all three have come.
        let handler = Closure { event, context in
            running.withLock { $0 += 1 }
            while running.withLock({ $0 < 3 }) { await Task.yield() }
            return Array((LambdaContext.current?.requestID ?? "").utf8)
        }
        try await service.run(handler, concurrency: 3)
        #expect(Set(service.posts.map { String(decoding: $0.body, as: UTF8.self) }) == ["1", "2", "3"])
        #expect(service.posts.allSatisfy { $0.request.path.contains("/\(String(decoding: $0.body, as: UTF8.self))/") })
    }
}
