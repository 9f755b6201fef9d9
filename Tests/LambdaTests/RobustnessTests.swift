import HTTP
import Lambda
import Synchronization
import TestSupport
import Testing

private let answerPath = "/2018-06-01/runtime/invocation/good/response"

@Suite struct RobustnessTests {
    @Test(arguments: [
        FakeService.Step.status(204), .status(400), .status(403), .status(500), .status(503), .status(302),
        .failure(.connectionLost), .failure(.connect), .failure(.timeout), .failure(.malformedResponse),
        .answer(HTTPResponse(status: 200, body: [1])),
        .answer(HTTPResponse(status: 200, headers: ["Lambda-Runtime-Aws-Request-Id": ""])),
    ])
    func nothingThatNextAnswersEndsTheLoop(step: FakeService.Step) async throws {
        let service = FakeService([step, step, step, .event("good", "7")])
        try await service.run(Closure.echo)
        #expect(service.posts.map(\.request.path) == [answerPath])
        #expect(service.posts.map(\.body) == [[0x37]])
        #expect(service.log.lines.count == 3)
        #expect(service.log.lines.allSatisfy { $0.hasPrefix("error: No event could be taken; the next try is in ") })
        #expect(service.clock.slept.count == 3)
    }

    @Test func waitsGrowToACapAndASuccessResetsThem() async throws {
        let failures = [FakeService.Step](repeating: .status(500), count: 12)
        let service = FakeService(failures + [.event("good")] + [.status(500)])
        try await service.run(Closure.echo)
        let slept = service.clock.slept
        try #require(slept.count == 13)
        for (index, wait) in slept.prefix(12).enumerated() {
            let span = min(Duration.milliseconds(50 << index), .seconds(5))
            #expect(wait >= span / 2 && wait <= span, "wait \(index)")
        }
        #expect(slept[12] <= .milliseconds(50))
    }

    @Test(arguments: [400, 403, 410, 413])
    func anAnswerThatIsRefusedIsLoggedAndNothingElseIsPosted(status: Int) async throws {
        let service = FakeService([.event("bad"), .event("good")]) { request in
            HTTPResponse(status: request.path.contains("bad") ? status : 202)
        }
        try await service.run(Closure.echo)
        #expect(service.posts.map(\.request.path) == ["/2018-06-01/runtime/invocation/bad/response", answerPath])
        try #require(service.log.lines.count == 1)
        #expect(service.log.lines[0].contains("with status \(status)"))
        #expect(service.log.lines[0].hasPrefix("error: The answer, 2 bytes, was not delivered: "))
    }

    @Test func anAnswerThatMayHaveBeenTakenIsNotSentAgain() async throws {
        let service = FakeService([.event("bad"), .event("good")]) { request in
            HTTPResponse(status: request.path.contains("bad") ? 500 : 202)
        }
        try await service.run(Closure.echo)
        #expect(service.posts.map { $0.request.path.contains("bad") } == [true, false])
        #expect(service.log.lines.count == 1)
    }

    @Test(arguments: [(TransportError.Kind.connect, 3), (.connectionLost, 1), (.timeout, 1)])
    func onlyAnAnswerThatWasCertainlyNotSeenIsSentAgain(kind: TransportError.Kind, attempts: Int) async throws {
        let service = FakeService([.event("bad"), .event("good")]) { request in
            if request.path.contains("bad") { throw TransportError(kind, "the test says so", request: request) }
            return HTTPResponse(status: 202)
        }
        try await service.run(Closure.echo)
        #expect(service.posts.filter { $0.request.path.contains("bad") }.count == attempts)
        #expect(service.posts.last?.request.path == answerPath)
        #expect(service.log.lines.count == 1)
    }

    @Test func theServicesReasonIsInTheLog() async throws {
        let service = FakeService([.event("1")]) { _ in
            HTTPResponse(
                status: 413, body: Array(#"{"errorMessage":"too big","errorType":"RequestEntityTooLarge"}"#.utf8))
        }
        try await service.run(Closure.echo)
        #expect(service.log.lines.first?.contains("RequestEntityTooLarge: too big") == true)
    }

    @Test func waitingForAnEventHasNoTimeLimitAndNoProxy() async throws {
        let service = FakeService([.event("1")])
        let transport = service.transport
        await service.run(
            LambdaRuntime(
                .whole(Closure.echo), client: try service.client(transport), clock: service.clock,
                logger: service.log.logger))
        #expect(transport.options.allSatisfy { $0.timeout == nil })
        for options in transport.options {
            guard case .none = options.proxy else {
                Issue.record("a proxy of the environment is used")
                continue
            }
        }
    }
}
