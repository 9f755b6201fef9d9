import HTTP
import JSON
import LambdaEvents
import MLflowProxy
import TestSupport
import Testing

@Suite struct OpenRouteTests {
    private static let url = "https://team.experiments.sagemaker.aws/auth?authToken=CANARY"

    private static func fixture(_ answer: HTTPResponse? = nil) -> Fixture {
        Fixture(
            answering: answer
                ?? HTTPResponse(status: 200, body: Array(#"{"AuthorizedUrl":"\#(url)"}"#.utf8)))
    }

    private static func request(_ method: HTTPMethod = .get, _ headers: HTTPHeaders = [:]) -> ALBTargetRequest {
        .example(method, "/_proxy/open", headers: headers)
    }

    @Test func aBrowserIsSentToTheTrackingServersOwnAddress() async throws {
        let fixture = Self.fixture()
        let answer = try await fixture.answer(
            Self.request(.get, ["sec-fetch-mode": "navigate", "sec-fetch-dest": "document", "sec-fetch-site": "none"]))
        #expect(answer.status == 302)
        #expect(answer.headers.values("location") == [Self.url])
        #expect(answer.headers["cache-control"] == "no-store")
        #expect(answer.headers["referrer-policy"] == "no-referrer")
        #expect(answer.body.isEmpty)
        let sent = try #require(fixture.transport.requests.first)
        #expect(sent.authority == "api.sagemaker.eu-central-1.amazonaws.com")
        #expect(sent.headers["x-amz-target"] == "SageMaker.CreatePresignedMlflowTrackingServerUrl")
        guard case .bytes(let body) = sent.body else { Issue.record("the body is a stream"); return }
        #expect(try JSONValue(parsing: body) == ["TrackingServerName": "team", "ExpiresInSeconds": 300])
        #expect(sent.headers["authorization"]?.contains("/eu-central-1/sagemaker/aws4_request") == true)
    }

    @Test func anAppIsOpenedByItsARN() async throws {
        var fixture = Self.fixture()
        fixture.endpointARN = "arn:aws:sagemaker:eu-central-1:123456789012:mlflow-app/app-1"
        #expect(try await fixture.answer(Self.request()).status == 302)
        let sent = try #require(fixture.transport.requests.first)
        #expect(sent.headers["x-amz-target"] == "SageMaker.CreatePresignedMlflowAppUrl")
        guard case .bytes(let body) = sent.body else { Issue.record("the body is a stream"); return }
        #expect(try JSONValue(parsing: body)["Arn"]?.string == fixture.endpointARN)
    }

    @Test func theURLIsInNoLog() async throws {
        let fixture = Self.fixture()
        _ = try await fixture.answer(Self.request())
        #expect(!fixture.log.text.contains("CANARY"))
        #expect(fixture.log.records.contains { $0.metadata["path"] == "/_proxy/open" })
    }

    @Test(arguments: [ProxyConfiguration.Access.readOnly, .noDelete])
    func aProxyThatRefusesSomethingOpensNothing(access: ProxyConfiguration.Access) async throws {
        var fixture = Self.fixture()
        fixture.configuration.access = access
        let answer = try await fixture.answer(Self.request())
        #expect(answer.status == 403)
        #expect(answer.message.contains("PROXY_ACCESS of this proxy is \(access.rawValue)"))
        #expect(fixture.transport.requests.isEmpty)
    }

    @Test(
        arguments: [
            ["sec-fetch-mode": "cors", "sec-fetch-dest": "empty"],
            ["sec-fetch-mode": "no-cors", "sec-fetch-dest": "image"],
            ["sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe"],
            ["sec-fetch-mode": "navigate", "sec-fetch-dest": "document", "sec-purpose": "prefetch;prerender"],
        ] as [[String: String]])
    func onlyAPageOfItsOwnMayGoThere(fetch: [String: String]) async throws {
        let fixture = Self.fixture()
        let headers = HTTPHeaders(fetch.map { HTTPHeaders.Field(name: $0.key, value: $0.value) })
        let answer = try await fixture.answer(Self.request(.get, headers))
        #expect(answer.status == 403)
        #expect(!answer.headers.contains("location"))
        #expect(fixture.transport.requests.isEmpty)
    }

    @Test(arguments: [HTTPMethod.head, .post, .put, .delete])
    func itIsForGETAlone(method: HTTPMethod) async throws {
        let fixture = Self.fixture()
        #expect(try await fixture.answer(Self.request(method)).status == 405)
        #expect(fixture.transport.requests.isEmpty)
    }

    @Test func whoIsNotSignedInIsSentNowhere() async throws {
        let fixture = try SignInFixture()
        let answer = try await fixture.answer(Self.request())
        #expect(answer.status == 401)
        #expect(fixture.upstream.isEmpty)
    }

    @Test func aRefusalOfSageMakersIsExplainedWithoutItsNames() async throws {
        let body = #"{"__type":"AccessDeniedException","message":"arn:aws:sts::123456789012:assumed-role/secret-role"}"#
        let fixture = Self.fixture(HTTPResponse(status: 400, body: Array(body.utf8)))
        let answer = try await fixture.answer(Self.request())
        #expect(answer.status == 502)
        #expect(answer.message.contains("AccessDeniedException"))
        #expect(answer.message.contains("lacks a permission"))
        #expect(!answer.message.contains("secret-role"))
        #expect(fixture.log.text.contains("secret-role"))
    }

    @Test(arguments: ["javascript:alert(1)", "http://elsewhere.example/", "//elsewhere.example", ""])
    func whatIsNoSecureAddressIsNotGoneTo(url: String) async throws {
        let fixture = Self.fixture(
            HTTPResponse(status: 200, body: (["AuthorizedUrl": .string(url)] as JSONValue).encoded))
        let answer = try await fixture.answer(Self.request())
        #expect(answer.status == 502)
        #expect(!answer.headers.contains("location"))
    }
}
