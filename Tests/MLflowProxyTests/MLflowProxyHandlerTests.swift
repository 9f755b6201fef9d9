import AWSCore
import AWSSigning
import HTTP
import JSON
import LambdaEvents
import Logging
import MLflowProxy
import Synchronization
import TestSupport
import Testing
import Timestamps

@Suite struct MLflowProxyHandlerTests {
    @Test func aRequestIsSignedAndForwardedAndItsAnswerReturned() async throws {
        let fixture = Fixture(
            answering: HTTPResponse(
                status: 200, headers: ["content-type": "application/json"], body: Array(#"{"runs":[]}"#.utf8)))
        let request = ALBTargetRequest.example(
            .post, "/api/2.0/mlflow/runs/search", query: [.init(name: "a", value: "b+c")],
            headers: ["content-type": "application/json"], body: "{}")
        let answer = try await fixture.answer(request)
        #expect(answer.status == 200)
        #expect(answer.text == #"{"runs":[]}"#)

        let sent = try #require(fixture.transport.requests.first)
        #expect(sent.method == .post)
        #expect(
            sent.url == "https://eu-central-1.experiments.sagemaker.aws/api/2.0/mlflow/runs/search?a=b%20c")
        #expect(sent.headers["x-mlflow-sm-tracking-server-arn"] == Fixture.arn)
        #expect(sent.headers["x-amz-security-token"] == "SESSIONTOKEN")
        #expect(
            sent.headers["x-amz-content-sha256"] == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a")
        guard case .bytes(let body) = sent.body else { Issue.record("the body is a stream"); return }
        #expect(body == Array("{}".utf8))
        let signature = try #require(sent.headers["authorization"])
        #expect(signature.contains("/eu-central-1/sagemaker-mlflow/aws4_request"))
        #expect(
            signature.contains(
                "SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date;x-amz-security-token;"
                    + "x-mlflow-sm-tracking-server-arn,"))
    }

    @Test func theSignatureIsTheOneOfTheSigner() async throws {
        let fixture = Fixture()
        _ = try await fixture.answer(.example(.get, "/a%2Fb", query: [.init(name: "q", value: "x+y")]))
        let sent = try #require(fixture.transport.requests.first)
        let signer = SigV4Signer(
            region: "eu-central-1", service: "sagemaker-mlflow",
            settings: SigningSettings(
                contentHashHeader: .always, headers: .only(["content-type", "x-mlflow-sm-tracking-server-arn"])))
        let again = signer.sign(sent, with: try await FixedCredentials().credentials(), at: Fixture.now)
        #expect(again.headers["authorization"] == sent.headers["authorization"])
    }

    @Test func anAppIsAskedUnderItsOwnName() async throws {
        var fixture = Fixture()
        fixture.endpointARN = "arn:aws:sagemaker:us-east-1:123456789012:mlflow-app/app-1"
        fixture.customEndpoint = "http://127.0.0.1:5000/prefix"
        _ = try await fixture.answer(.example(.get, "/version"))
        let sent = try #require(fixture.transport.requests.first)
        #expect(sent.url == "http://127.0.0.1:5000/prefix/version")
        #expect(sent.headers["x-sm-mlflow-app-arn"] == fixture.endpointARN)
        #expect(sent.headers["authorization"]?.contains("/us-east-1/sagemaker/aws4_request") == true)
    }

    @Test(arguments: ["TRACE", "CONNECT", "PROPFIND", "get", "", "GET /"])
    func aMethodThatMLflowDoesNotKnowIsRefused(method: String) async throws {
        let fixture = Fixture()
        let answer = try await fixture.answer(.example(HTTPMethod(rawValue: method), "/"))
        #expect(answer.status == 405)
        #expect(answer.headers["allow"] == "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")
        #expect(fixture.transport.requests.isEmpty)
    }

    @Test func everyMethodOfMLflowIsForwarded() async throws {
        for method in [HTTPMethod.get, .head, .post, .put, .patch, .delete, .options] {
            let fixture = Fixture()
            let body = method == .head ? "" : "{}"
            #expect(try await fixture.answer(.example(method, "/a", body: body)).status == 200)
            #expect(fixture.transport.requests.map(\.method) == [method])
        }
    }

    @Test func aRequestThatCannotGoOnTheWireIsTheClientsFault() async throws {
        #expect(try await Fixture().answer(.example(.head, "/a", body: "x")).status == 400)
    }

    @Test func aFaultSpeaksMLflowsLanguage() async throws {
        let answer = try await Fixture().answer(.example(.get, "/../a"))
        #expect(answer.headers["content-type"] == "application/json")
        #expect(answer.headers["cache-control"] == "no-store")
        #expect(!answer.text.contains("\n"))
        #expect(answer.json?["error_code"] == "BAD_REQUEST")
        #expect(answer.json?["request_id"] == "request-1")
        #expect(answer.message.hasSuffix("."))
    }

    @Test func anEventOfAnotherKindIsAFunctionError() async throws {
        let fixture = Fixture()
        await #expect(throws: ALBEventError.self) { try await fixture.handle(Array("{}".utf8)) }
    }

    // MARK: Authentication

    @Test(arguments: [
        ([], 401), (["Bearer"], 401), (["Bearer "], 401), (["Basic YTpi"], 401), (["Bearer a.b.c"], 200),
        (["bearer a.b.c"], 200), (["Bearer a b"], 401), (["Bearer a", "Bearer b"], 401), (["a.b.c"], 401), ([""], 401),
        (["AWS4-HMAC-SHA256 x"], 401),
    ])
    func withoutABearerTokenNobodyGetsThrough(values: [String], expected: Int) async throws {
        var fixture = Fixture()
        fixture.configuration.authentication = .bearerTokenAtLoadBalancer
        var request = ALBTargetRequest.example()
        for value in values { request.headers.append("authorization", value) }
        let answer = try await fixture.answer(request)
        #expect(answer.status == expected)
        #expect(fixture.transport.requests.isEmpty == (expected == 401))
        if expected == 401 {
            #expect(answer.headers["www-authenticate"] == "Bearer")
            #expect(answer.json?["error_code"] == "UNAUTHENTICATED")
        }
    }

    @Test func theTokenStaysHere() async throws {
        var fixture = Fixture()
        fixture.configuration.authentication = .bearerTokenAtLoadBalancer
        _ = try await fixture.answer(.example(headers: ["authorization": "Bearer TOKEN"]))
        let sent = try #require(fixture.transport.requests.first)
        #expect(!sent.headers.contains { $0.value.contains("TOKEN") && $0.name != "x-amz-security-token" })
        #expect(!fixture.log.text.contains("TOKEN"))
    }

    // MARK: Own routes

    @Test func healthIsAnsweredWithoutAskingMLflow() async throws {
        var fixture = Fixture()
        fixture.configuration.authentication = .bearerTokenAtLoadBalancer
        fixture.configuration.publicOrigin = WebOrigin("https://mlflow.example.com")
        for method in [HTTPMethod.get, .head] {
            let answer = try await fixture.answer(.example(method, "/_proxy/health"))
            #expect(answer.status == 200)
            #expect(answer.text == (method == .get ? #"{"status":"ok"}"# : ""))
        }
        for path in ["/", "/health"] {
            let check = ALBTargetRequest(
                method: .get, path: path, headers: ["user-agent": "ELB-HealthChecker/2.0"], headerMode: .single)
            #expect(try await fixture.answer(check).text == #"{"status":"ok"}"#)
        }
        #expect(fixture.transport.requests.isEmpty)
        #expect(try await fixture.answer(.example(.post, "/_proxy/health")).status == 405)
    }

    @Test func whoeverComesThroughTheLoadBalancerIsNoHealthCheck() async throws {
        let fixture = Fixture(answering: HTTPResponse(status: 200, body: Array("MLflow".utf8)))
        for headers: HTTPHeaders in [
            ["host": "h", "user-agent": "ELB-HealthChecker/2.0"],
            ["x-forwarded-for": "1.2.3.4", "user-agent": "ELB-HealthChecker/2.0"], ["user-agent": "curl"],
        ] {
            let request = ALBTargetRequest(method: .get, path: "/", headers: headers)
            #expect(try await fixture.answer(request).text == "MLflow")
        }
    }

    @Test(arguments: [
        "/_proxy", "/_proxy/", "/_proxy/x", "/_proxy;/health", "/%5Fproxy%3Bx", "/%5fproxy/health", "/_proxy%2Fhealth",
        "/_proxy/health/", "/_proxy/../a", "/%255fproxy/health", "/_proxy%252Fopen", "/_proxy/%CC%81health",
        "/_proxy/parts/0-2/_proxy/open", "/_proxy/parts/0-2/%5fproxy/open",
        "/_proxy/parts/0-2/_proxy/parts/0-2/static-files/main.js",
    ])
    func noOtherPathOfTheProxysOwnReachesMLflow(path: String) async throws {
        let fixture = Fixture()
        #expect(try await fixture.answer(.example(.get, path)).status == 404)
        #expect(fixture.transport.requests.isEmpty)
    }

    // MARK: Size

    @Test(arguments: [1_048_577, 900_000])
    func anAnswerThatDoesNotFitSaysSo(size: Int) async throws {
        var random = SeededGenerator(seed: 1)
        let body = (0..<size).map { _ in UInt8.random(in: 128...255, using: &random) }
        let answer = try await Fixture(answering: HTTPResponse(status: 200, body: body)).answer(
            .example(.get, "/get-artifact", query: [.init(name: "path", value: "secret")]))
        #expect(answer.status == 413)
        #expect(!answer.headers.contains("retry-after"))
        #expect(answer.message.contains("/get-artifact"))
        #expect(answer.message.contains("1048576"))
        #expect(!answer.message.contains("secret"))
    }

    @Test func theLargestTextThatFitsGoesThrough() async throws {
        let body = [UInt8](repeating: UInt8(ascii: "a"), count: 1_048_000)
        let answer = try await Fixture(answering: HTTPResponse(status: 200, body: body)).answer(.example())
        #expect(answer.status == 200)
        #expect(answer.body == body)
        #expect(answer.size <= ALBTargetResponse.maximumBytes)
    }

    @Test func anAnswerCutOffByTheTransportSaysTheSame() async throws {
        let fixture = Fixture { throw TransportError(.responseTooLarge, "over the cap", request: $0) }
        #expect(try await fixture.answer(.example()).status == 413)
        #expect(fixture.transport.options.map(\.maximumResponseBytes) == [16 << 20])
    }

    // MARK: Time

    @Test(arguments: [(30.0, 29.0), (1_000, 120), (1.5, 0.5)])
    func theTransferEndsBeforeTheInvocationDoes(left: Double, expected: Double) async throws {
        var fixture = Fixture()
        fixture.deadline = Fixture.now + .milliseconds(Int64(left * 1000))
        _ = try await fixture.answer(.example())
        #expect(fixture.transport.options.map(\.timeout) == [.milliseconds(Int64(expected * 1000))])
    }

    @Test func withoutADeadlineTheConfiguredTimeHolds() async throws {
        var fixture = Fixture()
        fixture.deadline = nil
        _ = try await fixture.answer(.example())
        #expect(fixture.transport.options.map(\.timeout) == [.seconds(120)])
    }

    /// The head of an answer that is streamed comes at once, and its first byte when a model has thought.
    @Test func anAnswerMayKeepSilentForAsLongAsItMayTake() async throws {
        var fixture = Fixture()
        fixture.deadline = nil
        _ = try await fixture.answer(.example(.post, "/gateway/openai/v1/chat/completions"))
        #expect(fixture.transport.options.map(\.stallTimeout) == [.seconds(120)])
    }

    @Test func withoutTimeNothingIsSent() async throws {
        for left in [Duration.seconds(1), .zero, .seconds(-5)] {
            var fixture = Fixture()
            fixture.deadline = Fixture.now + left
            #expect(try await fixture.answer(.example()).status == 504)
            #expect(fixture.transport.requests.isEmpty)
        }
    }

    // MARK: Faults upstream

    @Test(arguments: [
        (TransportError.Kind.timeout, 504), (.connect, 502), (.nameLookup, 502), (.tls, 502), (.connectionLost, 502),
        (.malformedResponse, 502), (.other, 502), (.bodyStream, 502), (.invalidRequest, 400),
    ])
    func aTransferThatFailsIsAnsweredAndLogged(kind: TransportError.Kind, expected: Int) async throws {
        var fixture = Fixture { throw TransportError(kind, "it broke", request: $0) }
        fixture.clock = ManualClock(jumps: true)
        let answer = try await fixture.answer(.example(query: [.init(name: "q", value: "secret")]))
        #expect(answer.status == expected)
        #expect(answer.message.hasSuffix("."))
        #expect(fixture.log.records.contains { $0.level == .error && $0.message.contains("it broke") })
        #expect(!fixture.log.text.contains("secret"))
    }

    @Test func missingCredentialsAreTheProxysFaultAndItsLogsBusiness() async throws {
        struct Broken: CredentialProvider, Error, CustomStringConvertible {
            var description: String { "role arn:secret cannot be assumed" }
            func credentials() async throws -> Credentials { throw self }
        }
        var fixture = Fixture()
        fixture.credentials = Broken()
        let answer = try await fixture.answer(.example())
        #expect(answer.status == 503)
        #expect(!answer.text.contains("arn:secret"))
        #expect(fixture.log.text.contains("arn:secret"))
    }

    @Test func aCancelledInvocationStaysCancelled() async throws {
        let fixture = Fixture { _ in throw CancellationError() }
        await #expect(throws: CancellationError.self) { try await fixture.answer(.example()) }
    }

    @Test(arguments: [400, 401, 403, 404, 429, 500, 503])
    func theServicesOwnFaultsPassThrough(status: Int) async throws {
        let body = Array(#"{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"No such run"}"#.utf8)
        let fixture = Fixture(answering: HTTPResponse(status: status, headers: ["retry-after": "30"], body: body))
        let answer = try await fixture.answer(.example())
        #expect(answer.status == status)
        #expect(answer.body == body)
        #expect(answer.headers["retry-after"] == "30")
        #expect(fixture.transport.requests.count == 1)
    }

    // MARK: Log

    @Test func aRequestIsOneRecordWithoutSecrets() async throws {
        let fixture = Fixture(answering: HTTPResponse(status: 201, body: Array("12345".utf8)))
        _ = try await fixture.answer(
            .example(
                .put, "/a%2Fb", query: [.init(name: "token", value: "CANARY")],
                headers: ["cookie": "CANARY", "authorization": "CANARY", "x-amzn-oidc-data": "CANARY"], body: "CANARY"))
        let records = fixture.log.records
        #expect(records.count == 1)
        var metadata = try #require(records.first?.metadata)
        #expect(metadata.removeValue(forKey: "_aws") != nil)
        #expect(
            metadata == [
                "method": "PUT", "path": "/a%2Fb", "status": "201", "requestBytes": "6", "answerBytes": "5",
                "TotalLatency": "0.0", "UpstreamLatency": "0.0", "Requests": "1", "FunctionName": "proxy",
                "StatusClass": "2xx",
            ])
        #expect(!fixture.log.text.contains("CANARY"))
        for secret in Fixture.secrets { #expect(!fixture.log.text.contains(secret)) }
    }

    @Test(arguments: ["/a?token=CANARY", "/a#CANARY", "?CANARY"])
    func aQueryInThePathStaysOutOfTheLog(path: String) async throws {
        let fixture = Fixture()
        #expect(try await fixture.answer(.example(.get, path)).status == 400)
        #expect(fixture.log.records.first?.metadata["path"] == (path.hasPrefix("/") ? "/a" : ""))
        #expect(!fixture.log.text.contains("CANARY"))
    }

    @Test func aPathCannotForgeALineOfTheLog() async throws {
        let fixture = Fixture()
        _ = try await fixture.answer(
            .example(.get, "/a\n{\"level\":\"info\"} é" + String(repeating: "x", count: 2_000)))
        let metadata = try #require(fixture.log.records.first?.metadata)
        #expect(metadata["path"]?.utf8.count == 512)
        #expect(metadata["path"]?.hasPrefix(#"/a?{"level":"info"}???x"#) == true)
        #expect(metadata["fault"] == "BAD_REQUEST")
        #expect(metadata["UpstreamLatency"] == nil)
    }
}
