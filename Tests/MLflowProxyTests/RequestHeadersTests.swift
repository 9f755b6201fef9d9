import HTTP
import LambdaEvents
import TestSupport
import Testing

@testable import MLflowProxy

@Suite struct RequestHeadersTests {
    /// Names that must never reach the service with a value of the client's.
    static let forbidden = [
        "Connection", "Proxy-Connection", "Keep-Alive", "TE", "Trailer", "Transfer-Encoding", "Upgrade",
        "HTTP2-Settings",
        "Proxy-Authorization", "Proxy-Authenticate", "Content-Length", "Expect", "Authorization", "X-Amz-Date",
        "X-Amz-Security-Token", "X-Amz-Content-SHA256", "X-Amz-Target", "x-amzn-oidc-data", "x-amzn-oidc-identity",
        "x-amzn-oidc-accesstoken", "x-sm-mlflow-app-arn", "x-mlflow-sm-tracking-server-arn", "X-Forwarded-For",
        "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Port", "Forwarded", "X-Real-IP", "x-amzn-mtls-clientcert",
        "x-amzn-tls-version", "X-Original-URL", "X-Rewrite-URL", "X-HTTP-Method-Override", "X-HTTP-Method",
        "X-Method-Override", "Origin", "Referer", "x_forwarded_for", "X_Amz_Date", "x_sm_mlflow_app_arn",
        "X-Forwarded_Host", "x_http_method_override", "Host", "transfer_encoding", "Keep_Alive", "proxy_authorization",
    ]

    @Test(arguments: forbidden)
    func aFieldThatIsNotTheClientsToSetIsDropped(name: String) throws {
        let output = try RequestHeaders.upstream([name: "client-value"])
        #expect(!output.contains { $0.value.contains("client-value") })
    }

    @Test(arguments: [
        "content-type", "accept", "accept-language", "if-none-match", "if-modified-since", "range", "x-amzn-trace-id",
        "traceparent", "tracestate", "x-mlflow-client-version", "x-mlflow-experiment-id", "x-requested-with",
        "content-encoding", "x-custom",
    ])
    func aFieldOfTheClientsIsKept(name: String) throws {
        #expect(try RequestHeaders.upstream([name: "v; w=1, x"]).values(name) == ["v; w=1, x"])
    }

    @Test func fieldsThatConnectionNamesStayOnTheirConnection() throws {
        let output = try RequestHeaders.upstream([
            "Connection": "close, X-One ,\tx-two", "connection": "x-three", "x-one": "1", "X-Two": "2", "x-three": "3",
            "x-four": "4", "CONNECTION": "x-five $\tclose", "x-five": "5",
        ])
        #expect(!["x-one", "x-two", "x-three", "x-five"].contains { output.contains($0) })
        #expect(output["x-four"] == "4")
    }

    @Test(arguments: ["cookie", "user-agent", "via", "accept-encoding"])
    func whatConnectionNamesIsNoPartOfAFieldMadeAnewEither(name: String) throws {
        let output = try RequestHeaders.upstream(["connection": name, name: "mlflow-hop=gzip"])
        #expect(!output.contains { $0.value.contains("hop=gzip") })
        #expect(output["accept-encoding"] == "identity")
    }

    @Test(arguments: [
        ([], "identity"), (["gzip, deflate, br, zstd"], "gzip"), (["br"], "identity"), (["GZIP"], "gzip"),
        (["*"], "gzip"),
        (["x-gzip"], "gzip"), (["gzip;q=0"], "identity"), (["gzip; q=0.0, *"], "identity"), (["gzip;q=0.5"], "gzip"),
        (["br", "gzip"], "gzip"), (["identity"], "identity"), (["*;q=0"], "identity"), (["gzip;q=x"], "identity"),
        ([""], "identity"),
    ])
    func onlyGzipIsAskedForWhereTheClientTakesIt(values: [String], expected: String) throws {
        let headers = HTTPHeaders(values.map { HTTPHeaders.Field(name: "accept-encoding", value: $0) })
        #expect(try RequestHeaders.upstream(headers).values("accept-encoding") == [expected])
    }

    @Test func theProxyNamesItself() throws {
        let output = try RequestHeaders.upstream(["user-agent": "mlflow-python-client/3", "via": "1.1 a", "Via": "2 b"])
        #expect(output.values("user-agent") == ["mlflow-python-client/3 mlflow-proxy"])
        #expect(output.values("via") == ["1.1 a, 2 b, 1.1 mlflow-proxy"])
        #expect(try RequestHeaders.upstream([:])["user-agent"] == "mlflow-proxy")
    }

    @Test func onlyMLflowsCookiesGoOn() throws {
        let output = try RequestHeaders.upstream([
            "cookie": "AWSELBAuthSessionCookie-0=x; theme=dark;mlflow-request=1", "Cookie": "AWSALB=y; MLFLOW_b=2",
        ])
        #expect(output.values("cookie") == ["mlflow-request=1; MLFLOW_b=2"])
        #expect(try RequestHeaders.upstream(["cookie": "session=1"])["cookie"] == nil)
    }

    /// To Swift, a separator is one character with some of what may stand around it.
    @Test(arguments: ["\u{600}", "\u{110BD}"])
    func aSeparatorIsAByteWhateverStandsAroundIt(mark: String) throws {
        let output = try RequestHeaders.upstream([
            "cookie": "mlflow=\(mark); AWSELBAuthSessionCookie-0=x", "connection": "close\(mark),x-one", "x-one": "1",
        ])
        #expect(output.values("cookie") == ["mlflow=\(mark)"])
        #expect(!output.contains("x-one"))
    }

    @Test(arguments: [
        HTTPHeaders.Field(name: "x-a", value: "b\r\nx-amz-date: 1"), .init(name: "x-a", value: "b\nc"),
        .init(name: "x-a", value: "\0"), .init(name: "x a", value: "1"), .init(name: "", value: "1"),
        .init(name: "x-a\r\nhost", value: "1"), .init(name: "x:a", value: "1"), .init(name: "é", value: "1"),
        .init(name: "x-a", value: "folded\r\n line"),
    ])
    func aMalformedFieldIsRefused(field: HTTPHeaders.Field) async throws {
        let fixture = Fixture()
        var request = ALBTargetRequest.example()
        request.headers.append(field.name, field.value)
        #expect(try await fixture.answer(request).status == 400)
        #expect(fixture.transport.requests.isEmpty)
    }

    @Test func twoContentTypesAreRefused() async throws {
        let answer = try await Fixture().answer(
            .example(.post, "/a", headers: ["content-type": "a/b", "Content-Type": "c/d"]))
        #expect(answer.status == 400)
    }

    /// Whatever headers come, the request goes to the one authority, signed by us for the one resource.
    @Test func noHeaderOfTheClientsMovesOrSignsTheRequest() async throws {
        var random = SeededGenerator(seed: 17)
        let ordinary = ["accept", "x-a", "content-type", "range", "x-amzn-trace-id", "cookie", "via", "user-agent"]
        let values = [
            "evil", "close", "x-a, accept", "upgrade", "a\r\nb", "é", "", "chunked", "evil.example:443", "evil@b",
        ]
        var sent = 0
        for _ in 0..<5_000 {
            var request = ALBTargetRequest.example(
                [.get, .post, .put, .delete].randomElement(using: &random) ?? .get, "/version")
            for _ in 0..<Int.random(in: 0...8, using: &random) {
                var name = (Bool.random(using: &random) ? Self.forbidden : ordinary).randomElement(using: &random) ?? ""
                if Bool.random(using: &random) { name = name.uppercased() }
                request.headers.append(name, "evil-" + (values.randomElement(using: &random) ?? ""))
            }
            let fixture = Fixture()
            let answer = try await fixture.answer(request)
            guard let outgoing = fixture.transport.requests.first else {
                #expect([400, 403].contains(answer.status))
                continue
            }
            sent += 1
            #expect(outgoing.scheme == "https")
            #expect(outgoing.authority == "eu-central-1.experiments.sagemaker.aws")
            #expect(outgoing.headers.values("x-mlflow-sm-tracking-server-arn") == [Fixture.arn])
            #expect(outgoing.headers.values("authorization").count == 1)
            for field in outgoing.headers where field.value.contains("evil") {
                let isOrdinary = (ordinary + ["x-custom"]).contains { HTTPHeaders.sameName($0, field.name) }
                #expect(isOrdinary, "\(field)")
            }
        }
        #expect(sent > 500)
    }
}
