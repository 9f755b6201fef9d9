import Compression
import HTTP
import LambdaEvents
import MLflowProxy
import TestSupport
import Testing

/// Answers that do not fit through the load balancer, with a bucket for them.
@Suite struct OverflowAnswerTests {
    /// Bytes that no coding makes smaller.
    static func noise(_ count: Int) -> [UInt8] {
        PacedBody.words(count) { $0 }
    }

    /// Text that gets smaller by a quarter, which is not small.
    static func json(_ count: Int) -> [UInt8] {
        PacedBody.words(count) { $0 & 0x3F3F_3F3F_3F3F_3F3F | 0x4040_4040_4040_4040 }
    }

    @Test func anArtifactGoesToTheBucketAndTheClientAfterIt() async throws {
        let body = Self.noise(2_000_000)
        let fixture = OverflowFixture(
            answering: [
                "content-type": "application/octet-stream", "content-disposition": "attachment; filename=a.bin",
                "x-amzn-requestid": "id-1",
            ], body)
        let answer = try await fixture.answer(.example(.get, "/get-artifact", query: [.init(name: "path", value: "a")]))
        #expect(answer.status == 307)
        #expect(answer.body.isEmpty)
        #expect(answer.headers["cache-control"] == "no-store")
        #expect(answer.headers["referrer-policy"] == "no-referrer")
        #expect(answer.headers["x-mlflow-request-id"] == "id-1")
        let stored = try fixture.follow(answer)
        #expect(stored.status == 200)
        #expect(stored.body == body)
        #expect(stored.headers["content-type"] == "application/octet-stream")
        #expect(stored.headers["content-disposition"] == "attachment; filename=a.bin")
        #expect(stored.headers["cache-control"] == "private, no-store")
        #expect(fixture.s3.objects.keys.allSatisfy { $0.hasPrefix("over/private/") && $0.utf8.count == 45 })
        #expect(fixture.s3.operations.filter { $0 != "GetObject" } == ["PutObject"])
    }

    @Test func theAddressEndsAndNamesNothingOfTheRequest() async throws {
        let fixture = OverflowFixture(answering: [:], Self.noise(1_100_000))
        let answer = try await fixture.answer(
            .example(.get, "/get-artifact", query: [.init(name: "path", value: "CANARY")]))
        let location = try #require(answer.headers["location"])
        #expect(!location.contains("CANARY"))
        #expect(!fixture.log.text.contains("X-Amz-Signature"))
        fixture.clock.advance(by: .seconds(299))
        #expect(try fixture.follow(answer).status == 200)
        fixture.clock.advance(by: .seconds(2))
        #expect(try fixture.follow(answer).status == 403)
    }

    @Test func twoAnswersAreTwoObjects() async throws {
        let fixture = OverflowFixture(answering: [:], Self.noise(1_100_000))
        let handler = try fixture.handler()
        for _ in 0..<2 { _ = try await fixture.answer(.example(.get, "/get-artifact"), from: handler) }
        #expect(fixture.s3.objects.count == 2)
    }

    @Test(arguments: [HTTPMethod.post, .put, .patch, .delete])
    func theAnswerToAChangeIsFetchedWithGet(method: HTTPMethod) async throws {
        let body = Self.json(4_000_000)
        let fixture = OverflowFixture(answering: ["content-type": "application/json"], body)
        let answer = try await fixture.answer(
            .example(method, "/api/2.0/mlflow/runs/search", headers: ["accept-encoding": "gzip"], body: "{}"))
        #expect(answer.status == 303)
        let stored = try fixture.follow(answer, method: method)
        #expect(stored.headers["content-type"] == "application/json")
        #expect(stored.headers["content-encoding"] == "gzip")
        #expect(stored.body == body)
        #expect(fixture.network.requests.map(\.method) == [method])
    }

    @Test func whoeverTakesNoGzipGetsNone() async throws {
        let body = Self.json(4_000_000)
        let fixture = OverflowFixture(answering: ["content-type": "application/json"], body)
        let answer = try await fixture.answer(.example(.post, "/api/2.0/mlflow/runs/search", body: "{}"))
        #expect(try fixture.follow(answer).body == body)
        #expect(fixture.s3.objects.values.first?.headers.contains("content-encoding") == false)
    }

    @Test func aCodingOfTheServiceStays() async throws {
        let body = try Gzip.compress(Self.noise(1_500_000))
        let fixture = OverflowFixture(answering: ["content-type": "text/css", "content-encoding": "gzip"], body)
        let answer = try await fixture.answer(.example(.get, "/big", headers: ["accept-encoding": "gzip"]))
        #expect(try fixture.follow(answer).body == Self.noise(1_500_000))
        #expect(fixture.s3.objects.values.first?.body == body)
    }

    @Test func whatFitsCompressedNeverLeaves() async throws {
        let text = [UInt8](repeating: UInt8(ascii: "a"), count: 30 << 20)
        let fixture = OverflowFixture(answering: ["content-type": "text/plain", "etag": "\"1\""], text)
        let answer = try await fixture.answer(.example(.get, "/log", headers: ["accept-encoding": "gzip"]))
        #expect(answer.status == 200)
        #expect(answer.headers["etag"] == "W/\"1\"")
        #expect(try Gzip.decompress(answer.body, limit: text.count) == text)
        #expect(fixture.s3.operations.isEmpty)
    }

    @Test(arguments: [1_048_000, 700_000])
    func whatFitsAsItIsNeverLeavesEither(size: Int) async throws {
        let text = [UInt8](repeating: UInt8(ascii: "a"), count: size)
        let fixture = OverflowFixture(answering: ["content-type": "text/plain"], text)
        let answer = try await fixture.answer(.example(.get, "/log"))
        #expect(answer.size <= ALBTargetResponse.maximumBytes)
        #expect((answer.status == 200) == (size < 1_000_000))
        if answer.status != 200 { #expect(try fixture.follow(answer).body == text) }
    }

    @Test(
        arguments: [
            (["content-type": "text/html"], "attachment"), (["content-type": "image/svg+xml"], "attachment"),
            (["content-type": "application/javascript"], "attachment"),
            (["content-type": "Application/XHTML+xml"], "attachment"),
            (["content-type": "text/html", "content-disposition": "inline; filename=x"], "attachment"),
            (["content-type": "text/html", "content-disposition": "Attachment; filename=x"], "Attachment; filename=x"),
            (["content-type": "image/png"], nil), (["content-type": "application/json"], nil), ([:], nil),
            (["content-disposition": "attachment; filename=\u{E9}"], nil),
        ] as [(HTTPHeaders, String?)])
    func whatCouldRunAsAPageIsADownload(headers: HTTPHeaders, expected: String?) async throws {
        let fixture = OverflowFixture(answering: headers, Self.noise(1_100_000))
        _ = try await fixture.answer(.example(.get, "/get-artifact"))
        let object = try #require(fixture.s3.objects.values.first)
        #expect(object.headers["content-disposition"] == expected)
        #expect(object.headers["content-type"] == headers["content-type"] ?? "application/octet-stream")
    }

    @Test(arguments: [404, 500, 201, 403])
    func aStatusThatS3CannotGiveIsNotHandedToIt(status: Int) async throws {
        let fixture = OverflowFixture(answering: [:], Self.noise(1_100_000), status: status)
        let answer = try await fixture.answer(.example(.get, "/get-artifact"))
        #expect(answer.status == 413)
        #expect(fixture.s3.operations.isEmpty)
    }

    @Test(
        arguments: [
            ["sec-fetch-dest": "worker"], ["sec-fetch-dest": "sharedworker"], ["sec-fetch-dest": "serviceworker"],
            ["sec-fetch-mode": "same-origin"], ["service-worker": "script"],
        ] as [HTTPHeaders])
    func aWorkerIsNeverSentAway(headers: HTTPHeaders) async throws {
        let path = "/static-files/static/js/monaco.worker.b4f4ced3.js"
        var headers = headers
        headers["accept-encoding"] = "gzip"
        let small = OverflowFixture(
            answering: ["content-type": "text/javascript"], Array(repeating: UInt8(ascii: " "), count: 3_000_000))
        #expect(try await small.answer(.example(.get, path, headers: headers)).status == 200)
        let large = OverflowFixture(answering: ["content-type": "text/javascript"], Self.noise(3_000_000))
        #expect(try await large.answer(.example(.get, path, headers: headers)).status == 413)
        #expect(small.s3.operations.isEmpty && large.s3.operations.isEmpty)
    }

    @Test func headIsAnsweredHere() async throws {
        let fixture = OverflowFixture(
            answering: ["content-type": "text/javascript", "etag": "\"1\""], Self.noise(2_000_000))
        let answer = try await fixture.answer(.example(.head, "/static-files/static/js/main.c2f5f8d4.js"))
        #expect(answer.status == 200)
        #expect(answer.headers["etag"] == "\"1\"")
        #expect(fixture.network.requests.map(\.method) == [.head])
        #expect(fixture.s3.operations.isEmpty)
    }

    @Test func whatIsNotModifiedNeedsNoBucket() async throws {
        let fixture = OverflowFixture { request in
            #expect(request.headers["if-none-match"] == "\"1\"")
            return HTTPIncomingResponse(HTTPResponse(status: 304, headers: ["etag": "\"1\""]))
        }
        let answer = try await fixture.answer(.example(.get, "/get-artifact", headers: ["if-none-match": "\"1\""]))
        #expect(answer.status == 304)
        #expect(answer.headers["etag"] == "\"1\"")
        #expect(fixture.s3.operations.isEmpty)
    }

    @Test(arguments: [
        ("script-src 'self'", "script-src 'self' https://answers.s3.eu-central-1.amazonaws.com"),
        (
            "default-src 'self' data:; frame-src 'self'; object-src 'none'",
            "default-src 'self' data: https://answers.s3.eu-central-1.amazonaws.com; frame-src 'self'; object-src 'none'"
        ),
        (
            "font-src 'none'; style-src 'nonce-x'; worker-src 'self'",
            "font-src 'none'; style-src 'nonce-x'; worker-src 'self'"
        ),
        (
            "img-src https:, connect-src 'SELF'",
            "img-src https:, connect-src 'SELF' https://answers.s3.eu-central-1.amazonaws.com"
        ),
    ])
    func aPageMayLoadFromTheBucketWhatItMayLoadFromItsSite(policy: String, expected: String) async throws {
        let fixture = OverflowFixture(answering: ["content-security-policy": policy], Array("page".utf8))
        let answer = try await fixture.answer(.example())
        #expect(answer.headers["content-security-policy"] == "\(expected), frame-ancestors 'self'")
        var bare = fixture
        bare.hasBucket = false
        let without = try await bare.answer(.example())
        #expect(without.headers["content-security-policy"] == "\(policy), frame-ancestors 'self'")
    }

    // MARK: Ranges

    /// A service that gives ranges of an artifact.
    private static func ranges(of body: [UInt8]) -> OverflowFixture {
        OverflowFixture { request in
            guard let range = request.headers["range"]?.wholeMatch(of: /bytes=(\d+)-(\d+)/), let from = Int(range.1),
                let to = Int(range.2)
            else { return HTTPIncomingResponse(HTTPResponse(status: 200, body: body)) }
            return HTTPIncomingResponse(
                HTTPResponse(
                    status: 206, headers: ["content-range": "bytes \(from)-\(to)/\(body.count)"],
                    body: Array(body[from...to])))
        }
    }

    @Test func aRangeThatFitsIsTheServicesOwn() async throws {
        let body = Self.noise(3_000_000)
        let fixture = Self.ranges(of: body)
        let answer = try await fixture.answer(.example(.get, "/get-artifact", headers: ["range": "bytes=10-19"]))
        #expect(answer.status == 206)
        #expect(answer.headers["content-range"] == "bytes 10-19/3000000")
        #expect(answer.body == Array(body[10...19]))
        #expect(fixture.s3.operations.isEmpty)
    }

    @Test(arguments: [900_000, 2_500_000])
    func aRangeThatDoesNotFitIsCutByS3(count: Int) async throws {
        let body = Self.noise(3_000_000)
        let fixture = Self.ranges(of: body)
        let range: HTTPHeaders = ["range": "bytes=100-\(99 + count)", "accept-encoding": "gzip", "if-range": "\"1\""]
        let answer = try await fixture.answer(.example(.get, "/get-artifact", headers: range))
        #expect(answer.status == 307)
        let stored = try fixture.follow(answer, headers: range)
        #expect(stored.status == 206)
        #expect(stored.body == Array(body[100..<(100 + count)]))
        #expect(fixture.network.requests.map { $0.headers["range"] != nil } == [true, false])
        #expect(fixture.network.requests.allSatisfy { $0.headers["accept-encoding"] == "identity" })
    }

    @Test func aRangeOfSomethingThatHasChangedIsNotLeftToS3() async throws {
        let fixture = OverflowFixture(answering: [:], Self.noise(2_000_000))
        let answer = try await fixture.answer(
            .example(.get, "/get-artifact", headers: ["range": "bytes=5-", "if-range": "\"old\""]))
        #expect(answer.status == 413)
        #expect(fixture.s3.operations.isEmpty)
    }
}
