import Compression
import HTTP
import LambdaEvents
import TestSupport
import Testing

@testable import MLflowProxy

/// Answers against the load balancer's limit of 1 MiB.
@Suite struct AnswerFittingTests {
    /// JavaScript of about a size that compresses to a third, with characters of several bytes in it.
    private static func script(bytes: Int) -> [UInt8] {
        var generator = SeededGenerator(seed: 7)
        var text = ""
        while text.utf8.count < bytes {
            text +=
                "var é\(UInt64.random(in: 0 ... .max, using: &generator))=\"日本\(Int.random(in: 0...9, using: &generator))\";\n"
        }
        return Array(text.utf8)
    }

    private static func fixture(_ body: [UInt8], _ headers: HTTPHeaders) -> Fixture {
        Fixture(answering: HTTPResponse(status: 200, headers: headers, body: body))
    }

    private static let scriptHeaders: HTTPHeaders = [
        "content-type": "text/javascript; charset=utf-8", "etag": "\"1\"", "cache-control": "max-age=60",
    ]
    private static let browser: HTTPHeaders = ["accept-encoding": "gzip, br", "sec-fetch-dest": "script"]

    @Test func textIsCompressedForAClientThatTakesIt() async throws {
        let body = Array(String(repeating: "{\"a\": 1}", count: 1_000).utf8)
        let fixture = Self.fixture(body, ["content-type": "application/json", "etag": "\"1\""])
        let answer = try await fixture.answer(.example(headers: ["accept-encoding": "gzip"]))
        #expect(answer.headers["content-encoding"] == "gzip")
        #expect(answer.headers["etag"] == "W/\"1\"")
        #expect(answer.headers["vary"]?.contains("accept-encoding") == true)
        #expect(try Gzip.decompress(answer.body, limit: body.count) == body)
        let plain = try await fixture.answer(.example())
        #expect(plain.body == body)
        #expect(plain.headers["etag"] == "\"1\"")
    }

    @Test(
        arguments: [
            ["content-type": "image/png"], ["content-type": "text/css", "content-encoding": "br"],
            ["content-type": "text/css", "cache-control": "no-transform"],
            ["content-type": "text/css", "content-range": "bytes 0-9/10"], [:],
        ] as [HTTPHeaders])
    func whatMustNotOrNeedNotBeCompressedIsLeftAlone(headers: HTTPHeaders) async throws {
        let body = [UInt8](repeating: 65, count: 10_000)
        let answer = try await Self.fixture(body, headers).answer(.example(headers: ["accept-encoding": "gzip"]))
        #expect(answer.body == body)
        #expect(answer.headers["content-encoding"] == headers["content-encoding"])
    }

    @Test func anAnswerOverTheLimitFitsWhenCompressed() async throws {
        let body = Self.script(bytes: 1_900_000)
        let answer = try await Self.fixture(body, Self.scriptHeaders).answer(.example(headers: Self.browser))
        #expect(answer.size <= ALBTargetResponse.maximumBytes)
        #expect(try Gzip.decompress(answer.body, limit: body.count) == body)
    }

    @Test(arguments: [true, false])
    func aScriptTooLargeEvenSoComesInPartsThatJoinToTheWhole(takesGzip: Bool) async throws {
        let body = Self.script(bytes: 4_500_000)
        let fixture = Self.fixture(body, Self.scriptHeaders)
        var headers = Self.browser
        if !takesGzip { headers["accept-encoding"] = nil }
        let loader = try await fixture.answer(.example(.get, "/static-files/main.js", headers: headers))
        #expect(loader.status == 200)
        #expect(loader.headers["content-type"] == "text/javascript; charset=utf-8")
        #expect(loader.headers["etag"] == nil)
        let text =
            loader.headers["content-encoding"] == "gzip" ? try Gzip.decompress(loader.body, limit: 10_000) : loader.body
        let match = try #require(String(decoding: text, as: UTF8.self).firstMatch(of: /index < (\d+);/))
        let count = try #require(Int(match.1))
        var joined: [UInt8] = []
        for index in 0..<count {
            let part = try await fixture.answer(
                .example(.get, "/_proxy/parts/\(index)-\(count)/static-files/main.js", headers: headers))
            #expect(part.status == 200)
            #expect(part.size <= ALBTargetResponse.maximumBytes)
            let plain = takesGzip ? try Gzip.decompress(part.body, limit: body.count) : part.body
            // The browser decodes each part by itself.
            #expect(String(validating: plain, as: UTF8.self) != nil)
            joined += plain
        }
        #expect(joined == body)
        #expect(fixture.transport.requests.allSatisfy { $0.path == "/static-files/main.js" })
    }

    @Test(arguments: [["sec-fetch-dest": "empty"], ["sec-fetch-dest": "worker"], [:]] as [HTTPHeaders])
    func whoeverIsNoPageGetsAClearRefusalInstead(headers: HTTPHeaders) async throws {
        let answer = try await Self.fixture(Self.script(bytes: 4_500_000), Self.scriptHeaders)
            .answer(.example(.get, "/static-files/main.js", headers: headers))
        #expect(answer.status == 413)
        #expect(!answer.headers.contains("retry-after"))
        #expect(answer.message.contains("/static-files/main.js"))
    }

    @Test func theRefusalFitsWhateverThePath() async throws {
        let body = (0..<2_000_000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 11) }
        let path = "/" + String(repeating: "a", count: 1_048_576)
        let answer = try await Fixture(answering: HTTPResponse(status: 200, body: body)).answer(.example(.get, path))
        #expect(answer.status == 413)
        #expect(answer.size < 10_000)
    }

    @Test func aBodyOverTheCapIsTheSameRefusal() async throws {
        let answer = try await Self.fixture(
            [UInt8](repeating: 0, count: AnswerLimit.maximumScriptBytes + 1), ["content-type": "application/zip"]
        ).answer(.example(.get, "/get-artifact"))
        #expect(answer.status == 413)
    }

    @Test(arguments: [
        "/_proxy/parts/2-2/a.js", "/_proxy/parts/0-1/a.js", "/_proxy/parts/0-99/a.js", "/_proxy/parts/-1-2/a.js",
        "/_proxy/parts/0/a.js", "/_proxy/parts/0-2", "/_proxy/parts/x-y/a.js",
    ])
    func anAddressThatIsNoPartIsNotFoundAndNotForwarded(path: String) async throws {
        let fixture = Self.fixture([1], [:])
        #expect(try await fixture.answer(.example(.get, path)).status == 404)
        #expect(fixture.transport.requests.isEmpty)
    }

    @Test(arguments: ["/_proxy/parts/0-2/../secret", "/_proxy/parts/0-2//host/x", "/_proxy/parts/0-2/%2e%2e/x"])
    func aPartsPathIsCheckedLikeAnyOther(path: String) async throws {
        let fixture = Self.fixture([1], [:])
        #expect(try await fixture.answer(.example(.get, path)).status == 400)
        #expect(fixture.transport.requests.isEmpty)
    }

    @Test func theLoaderCannotBeBrokenOutOf() {
        let loader = ScriptParts.loader(path: "/a\"</script>\\\u{2028}b.js", query: "q=';", count: 2)
        #expect(loader.contains(#""/a\u0022\u003c/script\u003e\u005c\u2028b.js?q=\u0027\u003b""#))
    }
}
