import AWSCore
import AWSSigning
import HTTP
import LambdaEvents
import MLflowProxy
import Synchronization
import TestSupport
import Testing
import Timestamps

/// What is sent to the service again, and what never is.
@Suite struct UpstreamRetryTests {
    /// A service that fails so many times and then answers.
    private static func fixture(
        failing times: Int, deadline: Duration = .seconds(30),
        _ failure: @escaping @Sendable (HTTPRequest) throws -> HTTPResponse
    ) -> Fixture {
        let tries = Mutex(0)
        var fixture = Fixture { request in
            let attempt = tries.withLock { tries in
                tries += 1
                return tries
            }
            return attempt <= times ? try failure(request) : HTTPResponse(status: 200, body: Array("ok".utf8))
        }
        fixture.clock = ManualClock(jumps: true)
        fixture.deadline = Fixture.now + deadline
        return fixture
    }

    @Test(arguments: [TransportError.Kind.connect, .nameLookup], [HTTPMethod.get, .post, .patch, .delete])
    func whatWasNotSentIsSentAgain(kind: TransportError.Kind, method: HTTPMethod) async throws {
        let fixture = Self.fixture(failing: 2) { throw TransportError(kind, "no way", request: $0) }
        #expect(try await fixture.answer(.example(method, "/a", body: "{}")).text == "ok")
        #expect(fixture.transport.requests.count == 3)
        #expect(fixture.clock.slept.count == 2)
    }

    @Test(arguments: [(HTTPMethod.get, 2), (.put, 2), (.delete, 2), (.post, 1), (.patch, 1)])
    func whatMayHaveBeenDoneIsDoneAgainOnlyWhereThatIsTheSame(method: HTTPMethod, tries: Int) async throws {
        let fixture = Self.fixture(failing: 1) { throw TransportError(.connectionLost, "gone", request: $0) }
        #expect(try await fixture.answer(.example(method, "/a")).status == (tries == 2 ? 200 : 502))
        #expect(fixture.transport.requests.count == tries)
    }

    @Test func thereIsAnEndToIt() async throws {
        let fixture = Self.fixture(failing: .max) { throw TransportError(.connect, "no way", request: $0) }
        #expect(try await fixture.answer(.example()).status == 502)
        #expect(fixture.transport.requests.count == 3)
    }

    @Test(arguments: [TransportError.Kind.timeout, .tls, .malformedResponse, .responseTooLarge, .invalidRequest])
    func whatWouldFailAgainIsNotSentAgain(kind: TransportError.Kind) async throws {
        let fixture = Self.fixture(failing: 1) { throw TransportError(kind, "no", request: $0) }
        _ = try await fixture.answer(.example())
        #expect(fixture.transport.requests.count == 1)
    }

    private static func busy(_ status: Int, _ retryAfter: String?) -> HTTPResponse {
        var response = HTTPResponse(status: status, body: Array("busy".utf8))
        response.headers["retry-after"] = retryAfter
        return response
    }

    @Test(
        arguments: [
            (HTTPMethod.get, 429, "3", 2), (.post, 429, "3", 2), (.get, 503, "3", 2), (.post, 503, "3", 1),
            (.get, 503, nil, 1),
            (.get, 429, nil, 1), (.get, 500, "3", 1), (.get, 502, "3", 1), (.get, 429, "21", 1), (.get, 429, "soon", 1),
            (.get, 429, "-1", 1), (.get, 429, "99999999999999999999", 1), (.get, 429, "0", 2),
        ] as [(HTTPMethod, Int, String?, Int)])
    func whenTheServiceSaysWhenItIsAskedAgain(
        method: HTTPMethod, status: Int, retryAfter: String?, tries: Int
    ) async throws {
        let fixture = Self.fixture(failing: 1) { _ in Self.busy(status, retryAfter) }
        let answer = try await fixture.answer(.example(method, "/a"))
        #expect(answer.status == (tries == 2 ? 200 : status))
        #expect(answer.headers["retry-after"] == (tries == 2 ? nil : retryAfter))
        #expect(fixture.transport.requests.count == tries)
        if tries == 2 { #expect(fixture.clock.slept == [.seconds(Int(retryAfter ?? "") ?? -1)]) }
    }

    @Test func aDateSaysItToo() async throws {
        // Fixture.now is 2026-09-21T14:13:20Z.
        let fixture = Self.fixture(failing: 1) { _ in Self.busy(429, "Mon, 21 Sep 2026 14:13:25 GMT") }
        #expect(try await fixture.answer(.example()).status == 200)
        #expect(fixture.clock.slept == [.seconds(5)])
    }

    @Test func aWaitThatLeavesNoTimeIsTheClients() async throws {
        let fixture = Self.fixture(failing: 1, deadline: .seconds(6)) { _ in Self.busy(503, "5") }
        let answer = try await fixture.answer(.example())
        #expect(answer.status == 503)
        #expect(answer.headers["retry-after"] == "5")
        #expect(answer.text == "busy")
    }

    @Test func eachTryIsSignedAnewAndHasTheTimeThatIsLeft() async throws {
        let fixture = Self.fixture(failing: 1, deadline: .seconds(40)) { _ in Self.busy(503, "9") }
        _ = try await fixture.answer(.example())
        #expect(fixture.transport.options.map(\.timeout) == [.seconds(39), .seconds(30)])
        let dates = fixture.transport.requests.map { $0.headers["x-amz-date"] }
        #expect(dates == ["20260921T141320Z", "20260921T141329Z"])
    }

    // MARK: The service's time

    private static func skewed(_ date: String = "Mon, 21 Sep 2026 15:13:20 GMT", named: Bool = true) -> HTTPResponse {
        var response = HTTPResponse(
            status: 403, headers: ["date": date],
            body: Array(#"{"message":"Signature expired","__type":"InvalidSignatureException"}"#.utf8))
        if named { response.headers["x-amzn-errortype"] = "InvalidSignatureException" }
        return response
    }

    @Test func theTimeOfTheServiceIsSignedWithOnceItIsKnown() async throws {
        let fixture = Self.fixture(failing: 1) { _ in Self.skewed() }
        let handler = try fixture.handler()
        for _ in 0..<2 {
            let answer = try Answer(
                try await handler.handle(ALBTargetRequest.example(.post, "/a").event, context: fixture.context))
            #expect(answer.status == 200)
        }
        let dates = fixture.transport.requests.map { $0.headers["x-amz-date"] }
        #expect(dates == ["20260921T141320Z", "20260921T151320Z", "20260921T151320Z"])
        #expect(fixture.clock.slept.isEmpty)
    }

    @Test func aRefusalThatStaysIsTheAnswer() async throws {
        let fixture = Self.fixture(failing: .max) { _ in Self.skewed() }
        #expect(try await fixture.answer(.example()).status == 403)
        #expect(fixture.transport.requests.count == 2)
    }

    @Test func aRefusalForAnotherReasonIsNotAboutTime() async throws {
        for response in [Self.skewed("Mon, 21 Sep 2026 14:14:20 GMT"), Self.skewed(named: false)] {
            let fixture = Self.fixture(failing: 1) { _ in response }
            #expect(try await fixture.answer(.example()).status == 403)
            #expect(fixture.transport.requests.count == 1)
        }
    }
}
