import HTTP
import LambdaEvents
import MLflowProxy
import Synchronization
import TestSupport
import Testing
import Timestamps

@testable import MLflowProxy

/// Bodies that memory has no room for.
@Suite struct BodyUploadTests {
    private static let size = 41 << 20

    private static func fixture(
        _ body: PacedBody, announcing: Bool = true, clock: ManualClock = ManualClock(), _ headers: HTTPHeaders = [:]
    ) -> OverflowFixture {
        OverflowFixture(clock: clock, stored: { body.noteStored($0) }) { _ in
            HTTPIncomingResponse(status: 200, headers: headers, body: body.reader(announcing: announcing))
        }
    }

    @Test(arguments: [true, false])
    func aLargeBodyPassesThroughInPartsOfWhichTwoAreInMemory(announcing: Bool) async throws {
        let body = PacedBody(count: Self.size)
        let fixture = Self.fixture(body, announcing: announcing)
        let answer = try await fixture.answer(.example(.get, "/get-artifact"))
        #expect(answer.status == 307)
        #expect(try fixture.follow(answer).body == PacedBody.bytes(Self.size))
        #expect(fixture.s3.count("UploadPart") == 6)
        #expect(fixture.s3.largestBody == BodyUpload.partSize)
        #expect(fixture.s3.openUploads == 0)
        #expect(body.mostHeld <= 2 * BodyUpload.partSize + (1 << 20))
        #expect(fixture.log.records.last?.metadata.values.contains("\(Self.size)") == true)
    }

    @Test(arguments: [8 << 20, (8 << 20) + 1, 16 << 20])
    func theEdgesOfPartsLoseNothing(size: Int) async throws {
        let fixture = Self.fixture(PacedBody(count: size))
        let answer = try await fixture.answer(.example(.get, "/get-artifact"))
        #expect(try fixture.follow(answer).body == PacedBody.bytes(size))
        #expect(fixture.s3.count("UploadPart") == (size == 8 << 20 ? 0 : 2))
    }

    @Test func textIsCompressedOnItsWay() async throws {
        let body = PacedBody(count: Self.size)
        let fixture = Self.fixture(body, ["content-type": "text/csv"])
        let answer = try await fixture.answer(.example(.get, "/get-artifact", headers: ["accept-encoding": "gzip"]))
        #expect(answer.status == 307)
        #expect(try fixture.follow(answer).body == PacedBody.bytes(Self.size))
        #expect((fixture.s3.objects.values.first?.body.count ?? .max) < Self.size)
    }

    @Test(arguments: [3 << 20, 20 << 20])
    func aBodyThatBreaksOffIsNeverAnObject(at offset: Int) async throws {
        let body = PacedBody(count: Self.size) { made in
            guard made < offset else {
                throw TransportError(.connectionLost, "it broke", request: HTTPRequest(.get, authority: "upstream"))
            }
        }
        let fixture = Self.fixture(body)
        let answer = try await fixture.answer(.example(.get, "/get-artifact"))
        #expect(answer.status == 502)
        #expect(answer.message.contains("broke off"))
        #expect(fixture.s3.objects.isEmpty && fixture.s3.openUploads == 0)
        #expect(fixture.s3.count("AbortMultipartUpload") == (offset > 8 << 20 ? 1 : 0))
        #expect(fixture.log.text.contains("it broke"))
    }

    @Test(arguments: [
        ("PutObject", 3 << 20), ("CreateMultipartUpload", 20 << 20), ("UploadPart", 20 << 20),
        ("CompleteMultipartUpload", 20 << 20),
    ])
    func whatTheBucketRefusesIsSaidAndNotTriedInVain(operation: String, size: Int) async throws {
        let body = PacedBody(count: size)
        let fixture = Self.fixture(body)
        fixture.s3.refuse(operation, with: MemoryS3.error(403, "AccessDenied"))
        let answer = try await fixture.answer(.example(.get, "/get-artifact"))
        #expect(answer.status == 413)
        #expect(!answer.headers.contains("retry-after"))
        #expect(!answer.text.contains("answers"))
        #expect(fixture.log.text.contains("AccessDenied"))
        #expect(fixture.s3.objects.isEmpty && fixture.s3.openUploads == 0)
        #expect(fixture.network.requests.count == 1)
    }

    @Test func aBodyThatDoesNotEndInTimeIsGivenUp() async throws {
        let clock = ManualClock()
        let body = PacedBody(count: Self.size) { made in
            if made >= 20 << 20 { try await clock.sleep(for: .seconds(1_000)) }
        }
        let fixture = Self.fixture(body, clock: clock)
        async let pending = fixture.answer(.example(.get, "/get-artifact"))
        // The body, and the watch over the time.
        try await clock.waitForSleepers(2)
        clock.advance(by: .seconds(58))
        let answer = try await pending
        #expect(answer.status == 504)
        #expect(answer.message.contains("/get-artifact"))
        #expect(fixture.s3.objects.isEmpty && fixture.s3.openUploads == 0)
        #expect(fixture.s3.count("AbortMultipartUpload") == 1)
        #expect(body.isCancelled)
    }

    @Test func aBodyThatWillNotEndInTimeIsGivenUpEarly() async throws {
        let clock = ManualClock()
        let body = PacedBody(count: 400 << 20) { made in
            if made > 0, made % (8 << 20) == 0 { clock.advance(by: .seconds(6)) }
        }
        let fixture = Self.fixture(body, clock: clock)
        let answer = try await fixture.answer(.example(.get, "/get-artifact"))
        #expect(answer.status == 504)
        #expect(body.made < 40 << 20)
        #expect(fixture.s3.openUploads == 0)
    }

    @Test func theServiceMayTakeLongForABodyAndNotForAnAnswer() async throws {
        let clock = ManualClock()
        let fixture = OverflowFixture(clock: clock) { _ in
            try await clock.sleep(for: .seconds(1_000))
            return HTTPIncomingResponse(HTTPResponse(status: 200))
        }
        async let pending = fixture.answer(.example(.get, "/get-artifact"))
        try await clock.waitForSleepers(2)
        clock.advance(by: .seconds(20))
        #expect(try await pending.status == 504)
        #expect(fixture.network.options.map(\.timeout) == [.seconds(59)])
    }

    @Test func withoutABucketReadingStopsWhenItCannotFit() async throws {
        let body = PacedBody(count: Self.size)
        var fixture = Self.fixture(body)
        fixture.hasBucket = false
        let answer = try await fixture.answer(.example(.get, "/get-artifact"))
        #expect(answer.status == 413)
        #expect(!answer.headers.contains("retry-after"))
        #expect(body.made <= 2 << 20)
        #expect(body.isCancelled)
    }

    @Test func withoutABucketACompressedTextIsReadNoFurtherThanItFits() async throws {
        let noise = OverflowAnswerTests.noise(256 << 10)
        let made = Mutex(0)
        var fixture = OverflowFixture { _ in
            HTTPIncomingResponse(
                status: 200, headers: ["content-type": "text/plain"],
                body: HTTPBodyReader(
                    next: {
                        made.withLock { $0 += noise.count }
                        return noise
                    }, cancel: {}))
        }
        fixture.hasBucket = false
        let answer = try await fixture.answer(.example(.get, "/log", headers: ["accept-encoding": "gzip"]))
        #expect(answer.status == 413)
        #expect(made.withLock { $0 } <= 3 << 20)
    }

    @Test func aScriptThatNeverEndsDoesNotFillTheMemory() async throws {
        let body = PacedBody(count: 100 << 20)
        var fixture = Self.fixture(body, ["content-type": "text/javascript"])
        fixture.hasBucket = false
        let answer = try await fixture.answer(
            .example(.get, "/static-files/a.js", headers: ["sec-fetch-dest": "script", "accept-encoding": "gzip"]))
        #expect(answer.status == 413)
        #expect(body.made <= 18 << 20)
    }
}
