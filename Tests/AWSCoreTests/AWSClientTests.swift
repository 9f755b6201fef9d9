import AWSCore
import AWSSigning
import Configuration
import HTTP
import Synchronization
import TestSupport
import Testing
import Timestamps

@Suite(.timeLimit(.minutes(1))) struct AWSClientTests {
    private let time = ManualTime()
    private let clock = ManualClock(jumps: true)

    private func client(
        _ transport: StubTransport, _ credentials: any CredentialProvider = ScriptedSource([.key("AKID", nil)]),
        clock: ManualClock? = nil
    ) throws -> AWSClient {
        AWSClient(
            endpoint: try ServiceEndpoint.resolve(service: .efs, region: "eu-central-1", environment: Environment([:])),
            errorForm: .json, credentials: credentials, transport: transport, clock: clock ?? self.clock, now: time.now,
            retries: RetryPolicy { 1 })
    }

    /// Gives answer after answer, then the last one for ever.
    private func answers(_ responses: HTTPResponse...) -> StubTransport {
        let count = Mutex(0)
        return StubTransport { _ in
            let index = count.withLock { count in
                count += 1
                return count - 1
            }
            return responses[min(index, responses.count - 1)]
        }
    }

    private func refusal(_ status: Int, _ code: String, _ headers: HTTPHeaders = [:]) -> HTTPResponse {
        HTTPResponse(status: status, headers: headers, body: Array(#"{"ErrorCode":"\#(code)","Message":"no"}"#.utf8))
    }

    private func call(_ client: AWSClient, options: TransferOptions = AWSClient.options) async throws -> HTTPResponse {
        try await client.send("Describe", client.endpoint.request(.get, path: "/x"), options: options)
    }

    @Test func aRequestIsSignedForTheServiceAndItsRegion() async throws {
        let transport = answers(HTTPResponse(status: 204))
        #expect(try await call(client(transport)).status == 204)
        let sent = try #require(transport.requests.first)
        #expect(sent.url == "https://elasticfilesystem.eu-central-1.amazonaws.com/x")
        #expect(
            sent.headers["authorization"]?.contains("AKID/20261121/eu-central-1/elasticfilesystem/aws4_request") == true
        )
    }

    @Test(arguments: [
        (400, "ValidationException"), (403, "AccessDeniedException"), (404, "FileSystemNotFound"),
        (409, "FileSystemInUse"), (501, "NotImplemented"),
    ])
    func whatCannotSucceedIsNotTriedAgain(status: Int, code: String) async throws {
        let transport = answers(refusal(status, code))
        let client = try client(transport)
        let error = await #expect(throws: ServiceError.self) { try await call(client) }
        #expect(error?.code == code)
        #expect(transport.requests.count == 1)
        #expect(clock.slept.isEmpty)
    }

    @Test func throttledCallsWaitLongerEachTime() async throws {
        let clock = ManualClock()
        let transport = answers(
            refusal(400, "ThrottlingException"), refusal(429, "x"), HTTPResponse(status: 200))
        let client = try client(transport, clock: clock)
        let answer = Task { try await call(client).status }
        try await clock.waitForSleepers(1)
        #expect(transport.requests.count == 1)
        clock.advance(by: .seconds(1))
        try await clock.waitForSleepers(1)
        #expect(transport.requests.count == 2)
        clock.advance(by: .seconds(2))
        #expect(try await answer.value == 200)
        #expect(clock.slept == [.seconds(1), .seconds(2)])
    }

    @Test func aProxysPageIsTriedAgainAndShowsItsStatus() async throws {
        let transport = answers(HTTPResponse(status: 500, body: Array("<html><h1>Internal Server Error".utf8)))
        let client = try client(transport)
        let error = await #expect(throws: ServiceError.self) { try await call(client) }
        #expect(error?.description == "efs Describe failed: HTTP 500 (500)")
        #expect(transport.requests.count == 3)
    }

    @Test func aServiceThatIsDownIsNotAskedMoreThanTheQuotaAllows() async throws {
        let transport = answers(refusal(503, "ServiceUnavailable"))
        let client = try client(transport)
        // 500 tokens, five a repeated try, two of them a call.
        for _ in 0..<50 { _ = try? await call(client) }
        #expect(transport.requests.count == 150)
        _ = try? await call(client)
        #expect(transport.requests.count == 151, "the quota is used up")
    }

    @Test func whatSucceedsGivesBackToTheQuota() async throws {
        let isDown = Mutex(true)
        let transport = StubTransport { [refusal = refusal(500, "x")] _ in
            isDown.withLock { $0 } ? refusal : HTTPResponse(status: 200)
        }
        let client = try client(transport)
        for _ in 0..<50 { _ = try? await call(client) }
        isDown.withLock { $0 = false }
        for _ in 0..<5 { _ = try await call(client) }
        isDown.withLock { $0 = true }
        let before = transport.requests.count
        _ = try? await call(client)
        #expect(transport.requests.count - before == 2, "five successes are worth one repeated try")
    }

    @Test func aTimeOutTakesTwiceAsMuchOfTheQuota() async throws {
        let transport = StubTransport { throw TransportError(.timeout, "too slow", request: $0) }
        let client = try client(transport)
        for _ in 0..<26 { _ = try? await call(client) }
        #expect(transport.requests.count == 25 * 3 + 1)
    }

    @Test(arguments: ["RequestTimeTooSkewed", "InvalidSignatureException", "SignatureDoesNotMatch", "AuthFailure"])
    func aWrongClockIsCorrectedByTheServicesOwn(code: String) async throws {
        let transport = answers(
            refusal(403, code, ["date": "Sat, 21 Nov 2026 13:00:00 GMT"]), HTTPResponse(status: 200))
        let client = try client(transport)
        _ = try await call(client)
        time.advance(by: .seconds(60))
        _ = try await call(client)
        #expect(
            transport.requests.compactMap { $0.headers["x-amz-date"] } == [
                "20261121T120000Z", "20261121T130000Z", "20261121T130100Z",
            ])
        #expect(client.time == noon + .seconds(3_660))
        #expect(clock.slept.isEmpty)
    }

    @Test func aClockIsCorrectedOnceACallOnly() async throws {
        let hour = Mutex(13)
        let transport = StubTransport { [self] _ in
            let now = hour.withLock { hour in
                hour += 1
                return hour
            }
            return refusal(403, "RequestTimeTooSkewed", ["date": "Sat, 21 Nov 2026 \(now):00:00 GMT"])
        }
        let client = try client(transport)
        await #expect(throws: ServiceError.self) { try await call(client) }
        #expect(transport.requests.count == 2)
    }

    @Test(arguments: [["date": "Sat, 21 Nov 2026 12:03:00 GMT"], ["date": "yesterday"], [:]] as [HTTPHeaders])
    func aWrongSignatureAtTheRightTimeIsFinal(headers: HTTPHeaders) async throws {
        let transport = answers(refusal(403, "SignatureDoesNotMatch", headers))
        let client = try client(transport)
        await #expect(throws: ServiceError.self) { try await call(client) }
        #expect(transport.requests.count == 1)
    }

    /// Gives other credentials after those at hand were discarded.
    private final class RenewableKeys: CredentialProvider {
        private let number = Mutex(1)
        private let renews: Bool

        init(renews: Bool) {
            self.renews = renews
        }

        func credentials() async throws -> Credentials {
            Credentials(accessKeyID: "AKID\(number.withLock { $0 })", secretAccessKey: "secret")
        }

        func discard(_ credentials: Credentials) {
            if renews { number.withLock { $0 += 1 } }
        }
    }

    private func keyIDs(_ transport: StubTransport) -> [String] {
        transport.requests.compactMap { $0.headers["authorization"] }.map { header in
            String(header.drop { $0 != "=" }.dropFirst().prefix { $0 != "/" })
        }
    }

    @Test(arguments: ["ExpiredToken", "ExpiredTokenException"])
    func expiredCredentialsAreFetchedAnew(code: String) async throws {
        let transport = answers(refusal(403, code), HTTPResponse(status: 200))
        _ = try await call(client(transport, RenewableKeys(renews: true)))
        #expect(keyIDs(transport) == ["AKID1", "AKID2"])
        #expect(clock.slept.isEmpty)
    }

    @Test func credentialsAreFetchedAnewOnceACallOnly() async throws {
        let transport = answers(refusal(403, "ExpiredToken"))
        let renewing = try client(transport, RenewableKeys(renews: true))
        await #expect(throws: ServiceError.self) { try await call(renewing) }
        #expect(keyIDs(transport) == ["AKID1", "AKID2"])
    }

    @Test func withoutOtherCredentialsTheRefusalIsFinal() async throws {
        let transport = answers(refusal(403, "ExpiredToken"))
        let fixed = try client(transport, RenewableKeys(renews: false))
        await #expect(throws: ServiceError.self) { try await call(fixed) }
        #expect(transport.requests.count == 1)
    }

    @Test func aLostConnectionIsTriedAgainUnlessTheCallMustNotBeRepeated() async throws {
        let transport = StubTransport { throw TransportError(.connectionLost, "gone", request: $0) }
        let client = try client(transport)
        await #expect(throws: TransportError.self) { try await call(client) }
        #expect(transport.requests.count == 3)
        await #expect(throws: TransportError.self) { try await call(client, options: AWSClient.onceOnly) }
        #expect(transport.requests.count == 4)
    }

    @Test func aCancelledCallIsNotTriedAgain() async throws {
        let clock = ManualClock()
        let transport = answers(refusal(500, "x"))
        let client = try client(transport, clock: clock)
        let answer = Task { try await call(client) }
        try await clock.waitForSleepers(1)
        answer.cancel()
        await #expect(throws: CancellationError.self) { try await answer.value }
        #expect(transport.requests.count == 1)
    }

    @Test func theCallerMayTakeOtherAnswersForRefusals() async throws {
        let client = try client(answers(refusal(301, "Moved")))
        let error = await #expect(throws: ServiceError.self) {
            try await client.send("Describe", client.endpoint.request(.get)) { $0.status >= 300 }
        }
        #expect(error?.code == "Moved")
        #expect(try await call(client).status == 301)
    }
}
