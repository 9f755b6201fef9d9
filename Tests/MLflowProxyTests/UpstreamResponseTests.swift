import HTTP
import LambdaEvents
import Logging
import TestSupport
import Testing

@testable import MLflowProxy

@Suite struct UpstreamResponseTests {
    private static func answer(
        _ headers: HTTPHeaders, status: Int = 200, _ method: HTTPMethod = .get
    ) async throws -> Answer {
        try await Fixture(
            answering: HTTPResponse(status: status, headers: headers, body: Array("body".utf8))
        ).answer(.example(method, "/a"))
    }

    @Test(arguments: [
        "Connection", "Keep-Alive", "Transfer-Encoding", "Trailer", "Upgrade", "TE", "Proxy-Authenticate", "Server",
        "Strict-Transport-Security", "Content-Length", "X-Frame-Options", "Access-Control-Allow-Origin",
        "Access-Control-Allow-Credentials", "x-amzn-RequestId", "Content-Location",
    ])
    func aFieldThatIsNotForTheClientIsDropped(name: String) async throws {
        #expect(try await !Self.answer([name: "x"]).headers.contains(name))
    }

    @Test(arguments: [
        "Content-Type", "ETag", "Content-Encoding", "Cache-Control", "Content-Disposition", "Last-Modified",
        "X-Content-Type-Options", "Content-Range", "Accept-Ranges", "Retry-After", "WWW-Authenticate", "Allow", "Vary",
    ])
    func aFieldForTheClientIsKept(name: String) async throws {
        #expect(try await Self.answer([name: "x"]).headers.values(name) == ["x"])
    }

    @Test func fieldsThatConnectionNamesStayOnTheirConnection() async throws {
        let answer = try await Self.answer(["connection": "x-hop", "x-hop": "1", "x-stay": "2"])
        #expect(!answer.headers.contains("x-hop"))
        #expect(answer.headers["x-stay"] == "2")
    }

    @Test func theServicesRequestIDHasANameOfItsOwn() async throws {
        #expect(try await Self.answer(["x-amzn-RequestId": "r-1"]).headers["x-mlflow-request-id"] == "r-1")
    }

    @Test func ofTwoDatesTheFirstIsKept() async throws {
        #expect(try await Self.answer(["date": "one", "Date": "two"]).headers.values("date") == ["one"])
    }

    @Test func aMalformedFieldIsLeftOutAndLogged() async throws {
        let fixture = Fixture(
            answering: HTTPResponse(status: 200, headers: ["x-a": "1\r\nset-cookie: evil=1", "x-b": "2"]))
        let answer = try await fixture.answer(.example())
        #expect(answer.status == 200)
        #expect(!answer.headers.contains("x-a"))
        #expect(answer.headers["x-b"] == "2")
        #expect(fixture.log.records.contains { $0.level == .warning && $0.message.contains("malformed header") })
    }

    @Test func compressedBytesPassUntouched() async throws {
        let gzip: [UInt8] = [0x1F, 0x8B, 0x08, 0, 0xFF, 0x80]
        for mode in [ALBHeaderMode.multiple, .single] {
            let fixture = Fixture(
                answering: HTTPResponse(
                    status: 200, headers: ["content-encoding": "gzip", "content-type": "text/css", "etag": "\"1\""],
                    body: gzip))
            let answer = try await fixture.answer(.example(mode: mode))
            #expect(answer.body == gzip)
            #expect(answer.headers["content-encoding"] == "gzip")
            #expect(answer.headers["etag"] == "\"1\"")
        }
    }

    @Test(arguments: [204, 205, 304])
    func aStatusWithoutBodyHasNone(status: Int) async throws {
        let answer = try await Self.answer(["content-type": "text/plain", "etag": "1"], status: status)
        #expect(answer.status == status)
        #expect(answer.body.isEmpty)
        #expect(!answer.headers.contains("content-type"))
        #expect(answer.headers["etag"] == "1")
    }

    @Test func theAnswerToHeadHasHeadersAlone() async throws {
        let answer = try await Self.answer(["content-type": "text/plain"], .head)
        #expect(answer.body.isEmpty)
        #expect(answer.headers["content-type"] == "text/plain")
        let fault = try await Fixture().answer(.example(.head, "/../x"))
        #expect(fault.status == 400)
        #expect(fault.body.isEmpty)
    }

    @Test(arguments: [0, 99, 100, 101, 199, 600, 999, -1])
    func anImpossibleStatusIsABadGateway(status: Int) async throws {
        #expect(try await Self.answer([:], status: status).status == 502)
    }

    @Test(arguments: [
        ([], "frame-ancestors 'self' https://portal.example.com"),
        (["default-src 'self'"], "default-src 'self', frame-ancestors 'self' https://portal.example.com"),
        (["frame-ancestors *; img-src *"], "img-src *, frame-ancestors 'self' https://portal.example.com"),
        (["FRAME-Ancestors *", "a b; frame-ancestors\t*"], "a b, frame-ancestors 'self' https://portal.example.com"),
        (["a b, frame-ancestors *"], "a b, frame-ancestors 'self' https://portal.example.com"),
    ])
    func whoMayFrameIsOursToSay(policies: [String], expected: String) async throws {
        var fixture = Fixture(
            answering: HTTPResponse(
                status: 200,
                headers: HTTPHeaders(policies.map { .init(name: "Content-Security-Policy", value: $0) })))
        fixture.configuration.frameAncestors = [WebOrigin("https://portal.example.com")].compactMap(\.self)
        #expect(try await fixture.answer(.example()).headers.values("content-security-policy") == [expected])
    }

    @Test func byDefaultOnlyOurOwnPagesMayFrame() async throws {
        #expect(try await Self.answer([:]).headers["content-security-policy"] == "frame-ancestors 'self'")
    }
}

@Suite struct SetCookieRuleTests {
    @Test(arguments: [
        ("a=1", "a=1; Path=/; Secure; HttpOnly"),
        ("a=1; Domain=.aws; Path=/x; SameSite=Lax", "a=1; SameSite=Lax; Path=/; Secure; HttpOnly"),
        ("a=1;secure;HTTPONLY; domain = x ;Max-Age=5", "a=1; Max-Age=5; Path=/; Secure; HttpOnly"),
        (
            "a=b=c; Expires=Sun, 06 Nov 1994 08:49:37 GMT",
            "a=b=c; Expires=Sun, 06 Nov 1994 08:49:37 GMT; Path=/; Secure; HttpOnly"
        ),
        // To Swift, a semicolon is one character with what stands around it here, and to a browser it is a semicolon.
        ("a=\u{600}; Domain=.aws; Path=/x", "a=\u{600}; Path=/; Secure; HttpOnly"),
        ("a=1;\u{301}x; Domain=.aws", "a=1; \u{301}x; Path=/; Secure; HttpOnly"),
        ("a=", "a=; Path=/; Secure; HttpOnly"), ("AWSELBAuthSessionCookie-0=x", nil), ("awsalbcors=1", nil), ("", nil),
        ("a", nil), ("=1", nil),
        ("; Domain=x", nil),
    ])
    func aCookieBelongsToTheSite(value: String, expected: String?) {
        #expect(SetCookieRule.rewrite(value) == expected)
    }

    @Test func severalCookiesStaySeveral() async throws {
        for mode in [ALBHeaderMode.multiple, .single] {
            let fixture = Fixture(
                answering: HTTPResponse(status: 200, headers: ["set-cookie": "a=1", "Set-Cookie": "b=2"]))
            let answer = try await fixture.answer(.example(mode: mode))
            #expect(answer.headers.values("set-cookie").count == 2)
        }
    }
}

@Suite struct LocationRuleTests {
    private static func rewrite(_ target: String, endpoint: String? = nil) throws -> String? {
        LocationRule(
            endpoint: try MLflowEndpoint(arn: Fixture.arn, customEndpoint: endpoint),
            origins: [WebOrigin("https://mlflow.example.com")].compactMap(\.self)
        ).rewrite(target)
    }

    private static let s3 = "https://bucket.s3.eu-central-1.amazonaws.com/a?X-Amz-Date=1&X-Amz-Signature=00"

    @Test(arguments: [
        ("/a?b=c#d", "/a?b=c#d"), ("a/b", "a/b"), ("?q=1:2", "?q=1:2"), ("#/experiments/0", "#/experiments/0"),
        ("../x", "../x"),
        ("https://eu-central-1.experiments.sagemaker.aws/a?b#c", "/a?b#c"),
        ("https://EU-central-1.experiments.sagemaker.aws:443", "/"),
        ("//eu-central-1.experiments.sagemaker.aws/a", "/a"),
        ("https://mlflow.example.com/a", "https://mlflow.example.com/a"),
        (s3, s3),
        (
            "https://s3.eu-central-1.amazonaws.com/b/a?X-Amz-Signature=0",
            "https://s3.eu-central-1.amazonaws.com/b/a?X-Amz-Signature=0"
        ),
        (
            "https://b.s3.dualstack.us-east-1.amazonaws.com/a?X-Amz-Signature=0",
            "https://b.s3.dualstack.us-east-1.amazonaws.com/a?X-Amz-Signature=0"
        ),
        ("https://b.s3.amazonaws.com/a?X-Amz-Signature=0", "https://b.s3.amazonaws.com/a?X-Amz-Signature=0"),
    ])
    func aGoodTargetIsMadePublic(target: String, expected: String) throws {
        #expect(try Self.rewrite(target) == expected)
    }

    @Test(arguments: [
        "https://evil.example.net/", "//evil.example.net/", "///evil.example.net", "/\\evil.example.net", "\\\\evil",
        "javascript:alert(1)", "data:text/html,x", "http://eu-central-1.experiments.sagemaker.aws/a",
        "https:evil.example.net",
        "https://eu-central-1.experiments.sagemaker.aws//evil.example.net",
        "https://eu-central-1.experiments.sagemaker.aws@evil/",
        "https://eu-central-1.experiments.sagemaker.aws.evil.net/", "/a b", "/\t/evil", " https://evil", "http://[::1",
        "ftp://x/",
        "https://bucket.s3.eu-central-1.amazonaws.com/a",
        "http://bucket.s3.eu-central-1.amazonaws.com/a?X-Amz-Signature=0",
        "https://s3.evil.net/a?X-Amz-Signature=0", "https://s3.amazonaws.com.evil.net/?X-Amz-Signature=0",
        "https://s3.evil-1.eu-central-1.elb.amazonaws.com/?X-Amz-Signature=0",
        "https://a.execute-api.us-east-1.amazonaws.com/?X-Amz-Signature=0",
        "https://evil.example.net/?X-Amz-Signature=0",
    ])
    func aTargetElsewhereIsNobodysTarget(target: String) async throws {
        #expect(try Self.rewrite(target) == nil)
        let fixture = Fixture(answering: HTTPResponse(status: 302, headers: ["location": target]))
        let answer = try await fixture.answer(.example())
        #expect(answer.status == 502)
        #expect(!answer.headers.contains("location"))
    }

    @Test(arguments: [
        ("/mlflow/a", "/a"), ("http://127.0.0.1:5000/mlflow/a?b", "/a?b"), ("/mlflow", "/"), ("/other", "/other"),
        ("/mlflowers", "/mlflowers"), ("/mlflow?x", "/?x"), ("/mlflow//evil", nil),
    ])
    func thePrefixOfACustomEndpointStaysInside(target: String, expected: String?) throws {
        #expect(try Self.rewrite(target, endpoint: "http://127.0.0.1:5000/mlflow/") == expected)
    }
}
