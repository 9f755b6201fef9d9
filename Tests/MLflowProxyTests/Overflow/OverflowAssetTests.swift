import AWSCore
import AWSSigning
import HTTP
import LambdaEvents
import MLflowProxy
import TestSupport
import Testing
import Timestamps

@testable import MLflowProxy

/// Files of the user interface that are too large even when they are compressed.
@Suite struct OverflowAssetTests {
    private static let path = "/static-files/static/js/main.c2f5f8d4.js"
    private static let page: HTTPHeaders = ["accept-encoding": "gzip, br", "sec-fetch-dest": "script"]
    private static let script = OverflowAnswerTests.json(4_500_000)
    private static let headers: HTTPHeaders = [
        "content-type": "text/javascript; charset=utf-8", "cache-control": "max-age=2419200", "etag": "\"1\"",
    ]

    private static func fixture() -> OverflowFixture {
        OverflowFixture(answering: headers, script)
    }

    private static func request(_ path: String = path, _ headers: HTTPHeaders = page) -> ALBTargetRequest {
        .example(.get, path, headers: headers)
    }

    @Test func itIsReadAndStoredOnceHoweverManyAskAndInstancesAnswer() async throws {
        let fixture = Self.fixture()
        for _ in 0..<3 {
            let handler = try fixture.handler()
            for _ in 0..<3 {
                let answer = try await fixture.answer(Self.request(), from: handler)
                #expect(answer.status == 307)
                #expect(try fixture.follow(answer).body == Self.script)
            }
        }
        #expect(fixture.network.requests.count == 1)
        #expect(fixture.s3.count("PutObject") == 1)
        // Each instance asks once.
        #expect(fixture.s3.count("HeadObject") == 3)
    }

    @Test func theBrowserMayKeepBothTheRedirectAndTheFile() async throws {
        let fixture = Self.fixture()
        let answer = try await fixture.answer(Self.request())
        #expect(answer.headers["cache-control"] == "private, max-age=3300")
        for name in ["accept-encoding", "sec-fetch-dest", "sec-fetch-mode", "range"] {
            #expect(answer.headers["vary"]?.contains(name) == true)
        }
        let stored = try fixture.follow(answer)
        #expect(stored.headers["cache-control"] == "private, max-age=31536000, immutable")
        #expect(stored.headers["content-type"] == "text/javascript; charset=utf-8")
        #expect(stored.headers["content-encoding"] == "gzip")
        #expect(!stored.headers.contains("content-disposition"))
        fixture.clock.advance(by: .seconds(3_300))
        #expect(try fixture.follow(answer).status == 200)
    }

    @Test func theAddressIsTheSameForHalfItsLife() async throws {
        var fixture = Self.fixture()
        fixture.deadline = nil
        let handler = try fixture.handler()
        let first = try await fixture.answer(Self.request(), from: handler)
        fixture.clock.advance(by: .seconds(1_000))
        let second = try await fixture.answer(Self.request(), from: handler)
        #expect(second.headers["location"] == first.headers["location"])
        #expect(second.headers["cache-control"] == "private, max-age=2300")
        fixture.clock.advance(by: .seconds(1_000))
        let third = try await fixture.answer(Self.request(), from: handler)
        #expect(third.headers["location"] != first.headers["location"])
        #expect(try fixture.follow(third).status == 200)
    }

    @Test func anAddressDoesNotOutliveItsCredentials() async throws {
        struct Ending: CredentialProvider {
            func credentials() async throws -> Credentials {
                Credentials(
                    accessKeyID: "AKID", secretAccessKey: "SECRETKEY", sessionToken: "SESSIONTOKEN",
                    expiration: Fixture.now + .seconds(900))
            }
        }
        var fixture = Self.fixture()
        fixture.credentials = Ending()
        #expect(try await fixture.answer(Self.request()).headers["cache-control"] == "private, max-age=600")
    }

    @Test func whoeverTakesNoGzipHasAFormOfTheirOwn() async throws {
        let fixture = Self.fixture()
        let handler = try fixture.handler()
        let plain = try await fixture.answer(Self.request(Self.path, [:]), from: handler)
        let compressed = try await fixture.answer(Self.request(), from: handler)
        #expect(try fixture.follow(plain).headers["content-encoding"] == nil)
        #expect(try fixture.follow(plain).body == Self.script)
        #expect(try fixture.follow(compressed).headers["content-encoding"] == "gzip")
        #expect(fixture.s3.objects.count == 2)
        #expect(
            fixture.s3.objects.keys.allSatisfy { $0.hasPrefix("over/static/") && $0.hasSuffix("/main.c2f5f8d4.js") })
    }

    @Test func aRangeOfItIsOfThePlainForm() async throws {
        let fixture = Self.fixture()
        let range: HTTPHeaders = ["range": "bytes=10-19", "accept-encoding": "gzip"]
        let answer = try await fixture.answer(Self.request(Self.path, range))
        #expect(try fixture.follow(answer, headers: range).body == Array(Self.script[10...19]))
    }

    @Test func aFileThatFitsCostsOneLookAtMost() async throws {
        let fixture = OverflowFixture(answering: Self.headers, Array("small".utf8))
        let handler = try fixture.handler()
        for _ in 0..<3 {
            #expect(try await fixture.answer(Self.request(), from: handler).text == "small")
        }
        #expect(fixture.s3.operations == ["HeadObject"])
        #expect(fixture.network.requests.count == 3)
    }

    @Test func anHourLaterTheBucketIsLookedIntoAgain() async throws {
        var fixture = Self.fixture()
        fixture.deadline = nil
        let handler = try fixture.handler()
        _ = try await fixture.answer(Self.request(), from: handler)
        fixture.s3.empty()
        fixture.clock.advance(by: .seconds(3_601))
        let answer = try await fixture.answer(Self.request(), from: handler)
        #expect(try fixture.follow(answer).body == Self.script)
        #expect(fixture.s3.count("PutObject") == 2)
    }

    @Test func whoMayNotListTheBucketStoresAllTheSame() async throws {
        let fixture = Self.fixture()
        fixture.s3.refuse("HeadObject", with: HTTPResponse(status: 403))
        let answer = try await fixture.answer(Self.request())
        #expect(try fixture.follow(answer).body == Self.script)
    }

    @Test func aBucketThatDoesNotAnswerIsLeftAloneForAWhile() async throws {
        let fixture = OverflowFixture(answering: Self.headers, Array("small".utf8))
        fixture.s3.refuse("HeadObject", with: HTTPResponse(status: 400))
        let handler = try fixture.handler()
        for index in 0..<3 {
            let path = "/static-files/static/js/\(index).c2f5f8d4.chunk.js"
            #expect(try await fixture.answer(Self.request(path), from: handler).text == "small")
        }
        #expect(fixture.s3.count("HeadObject") == 1)
        fixture.clock.advance(by: .seconds(31))
        _ = try await fixture.answer(Self.request("/static-files/static/js/9.c2f5f8d4.chunk.js"), from: handler)
        #expect(fixture.s3.count("HeadObject") == 2)
    }

    @Test func aMissingFileIsNotTakenForASmallOne() async throws {
        let fixture = OverflowFixture { request in
            HTTPIncomingResponse(
                request.headers.contains("if-none-match")
                    ? HTTPResponse(status: 304) : HTTPResponse(status: 200, headers: Self.headers, body: Self.script))
        }
        let handler = try fixture.handler()
        var headers = Self.page
        headers["if-none-match"] = "W/\"1\""
        #expect(try await fixture.answer(Self.request(Self.path, headers), from: handler).status == 304)
        #expect(try await fixture.answer(Self.request(), from: handler).status == 307)
        #expect(fixture.s3.count("HeadObject") == 2)
    }

    @Test func twoServersThatShareABucketShareNothingInIt() {
        guard let asset = ImmutableAsset(path: Self.path, query: nil) else { Issue.record("no asset"); return }
        let keys = ["arn:1", "arn:2"].flatMap { arn in
            [true, false].map { OverflowKey.asset(asset, of: arn, takesGzip: $0) }
        }
        #expect(Set(keys).count == 4)
        #expect(
            keys
                == ["arn:1", "arn:2"].flatMap { arn in
                    [true, false].map { OverflowKey.asset(asset, of: arn, takesGzip: $0) }
                })
    }

    @Test(arguments: [
        "/static-files/static/js/main.c2f5f8d4.js", "/static-files/static/js/8116.9014d23e.chunk.js",
        "/static-files/static/css/main.b0f58ef9.css", "/static-files/static/js/main.c2f5f8d4.js.LICENSE.txt",
        "/static-files/static/media/fontawesome-webfont.20fd1704ea223900efa9.woff2",
        "/static-files/static/media/pdf.worker.min.16b289c2599c81a29db9.mjs",
    ])
    func aNameWithAHashStaysWhatItIs(path: String) {
        #expect(ImmutableAsset(path: path, query: nil) != nil)
        #expect(ImmutableAsset(path: path, query: "v=1") == nil)
    }

    @Test(arguments: [
        "/", "/static-files/index.html", "/static-files/main.js", "/static-files/main.c2f5f8d.js",
        "/static-files/main.C2F5F8D4.js", "/static-files/main.c2f5f8d4", "/static-files/c2f5f8d4.js",
        "/main.c2f5f8d4.js",
        "/get-artifact/main.c2f5f8d4.js", "/static-files/main.c2f5f8d4.js/", "/static-files/a%2Fmain.c2f5f8d4.js",
        "/static-files/main.c2f5f8d4.js;x", "/static-files/main.gggggggg.js",
    ])
    func anyOtherMayBeAnotherThingTomorrow(path: String) {
        #expect(ImmutableAsset(path: path, query: nil) == nil)
    }
}
