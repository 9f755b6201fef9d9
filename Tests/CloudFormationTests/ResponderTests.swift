import CloudFormation
import HTTP
import Lambda
import Synchronization
import TestSupport
import Testing
import Timestamps

@Suite(.timeLimit(.minutes(5))) struct ResponderTests {
    private let clock = ManualClock(jumps: true)

    private func send(
        _ answer: @escaping @Sendable (Int, HTTPRequest) throws -> HTTPResponse, url: String = responseURL
    ) async -> (tries: Int, options: [TransferOptions], error: ReplyDeliveryError?) {
        let count = Mutex(0)
        let transport = StubTransport { request in
            let number = count.withLock { count in
                count += 1
                return count
            }
            return try answer(number, request)
        }
        let start = Timestamp(secondsSinceEpoch: 0)
        let responder = CustomResourceResponder(
            transport: transport, clock: clock, now: { [clock] in start + clock.now.offset }, jitter: { 1 })
        do {
            try await responder.send([1], to: url, until: start + .seconds(30), logger: LambdaContext.silentLogger)
            return (transport.requests.count, transport.options, nil)
        } catch {
            return (transport.requests.count, transport.options, error as? ReplyDeliveryError)
        }
    }

    @Test(arguments: [500, 503, 429, 408])
    func aServiceInTroubleIsTriedAgainWithGrowingWaits(status: Int) async {
        let result = await send { number, _ in HTTPResponse(status: number < 4 ? status : 200) }
        #expect(result.error == nil)
        #expect(clock.slept == [.milliseconds(250), .milliseconds(500), .seconds(1)])
    }

    @Test(arguments: [TransportError.Kind.connectionLost, .connect, .nameLookup, .tls, .timeout])
    func aBrokenNetworkIsTriedAgain(kind: TransportError.Kind) async {
        let result = await send { number, request in
            if number == 1 { throw TransportError(kind, "reset", request: request) }
            return HTTPResponse(status: 204)
        }
        #expect(result.tries == 2)
        #expect(result.error == nil)
    }

    @Test func tryingEndsAtTheDeadline() async throws {
        let result = await send { _, request in
            throw TransportError(.timeout, "no answer in time", request: request)
        }
        let error = try #require(result.error)
        #expect(!error.isFinal)
        #expect(error.description.contains("answers.s3.amazonaws.com cannot be reached: no answer in time"))
        #expect(clock.now.offset < .seconds(30))
        #expect(clock.now.offset > .seconds(20))
        #expect(result.options.allSatisfy { ($0.timeout ?? .zero) <= .seconds(10) })
    }

    @Test(arguments: [400, 404, 307])
    func aRefusalIsFinal(status: Int) async throws {
        let result = await send { _, _ in
            HTTPResponse(status: status, body: Array("<Error><Code>AccessDenied</Code></Error>".utf8))
        }
        #expect(result.tries == 1)
        let error = try #require(result.error)
        #expect(error.isFinal)
        #expect(error.description.contains("S3 answered \(status) AccessDenied"))
        #expect(!error.description.contains("ab12cd34"))
    }

    @Test func aRefusalThatPassesCostsATry() async {
        let result = await send { number, _ in HTTPResponse(status: number < 3 ? 403 : 200) }
        #expect(result.tries == 3)
        #expect(result.error == nil)
    }

    @Test func aRefusalIsBelievedTheThirdTime() async throws {
        let result = await send { number, _ in
            // What went wrong in between takes none of the tries.
            number == 2
                ? HTTPResponse(status: 503)
                : HTTPResponse(status: 403, body: Array("<Error><Code>AccessDenied</Code></Error>".utf8))
        }
        #expect(result.tries == 4)
        let error = try #require(result.error)
        #expect(error.isFinal)
        #expect(error.description.contains("S3 answered 403 AccessDenied"))
        #expect(!error.description.contains("ab12cd34"))
    }

    @Test(arguments: [("19691231T220000Z", "7200", 1), ("19700101T000000Z", "7200", 3), ("yesterday", "soon", 3)])
    func aRefusalOfAnExpiredURLIsFinalAtOnce(signed: String, seconds: String, tries: Int) async throws {
        let url = "https://answers.s3.amazonaws.com/a?X-Amz-Date=\(signed)&X-Amz-Expires=\(seconds)"
        let result = await send({ _, _ in HTTPResponse(status: 403) }, url: url)
        #expect(result.tries == tries)
        #expect(try #require(result.error).isFinal)
    }

    @Test func aSlowUploadIsTriedAgain() async {
        let result = await send { number, _ in
            number == 1
                ? HTTPResponse(status: 400, body: Array("<Error><Code>RequestTimeout</Code></Error>".utf8))
                : HTTPResponse(status: 200)
        }
        #expect(result.tries == 2)
        #expect(result.error == nil)
    }

    @Test func aURLThatIsNoneIsFinal() async throws {
        let result = await send({ _, _ in HTTPResponse(status: 200) }, url: "s3://bucket/key")
        #expect(try #require(result.error).isFinal)
        #expect(result.tries == 0)
    }
}
