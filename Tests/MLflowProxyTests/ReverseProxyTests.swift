import HTTP
import LambdaEvents
import TestSupport
import Testing

/// Rules that hold across the whole way of a request.
@Suite struct ReverseProxyTests {
    /// Servers between here and the service change or drop fields; a signature over one of those would break.
    @Test func onlyWhatStaysTheSameOnTheWayIsSigned() async throws {
        let fixture = Fixture()
        _ = try await fixture.answer(
            .example(
                .post, "/api/2.0/mlflow/runs/search",
                headers: [
                    "content-type": "application/json", "x-amzn-trace-id": "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700",
                    "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "te": "trailers",
                    "range": "bytes=0-1", "accept": "*/*", "user-agent": "client", "via": "1.1 a", "cookie": "mlflow=1",
                    "if-none-match": "x",
                ], body: "{}"))
        let sent = try #require(fixture.transport.requests.first)
        #expect(sent.headers["x-amzn-trace-id"] == "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700")
        let authorization = try #require(sent.headers["authorization"])
        let signed = authorization.split(separator: ", ").first { $0.hasPrefix("SignedHeaders=") }
        #expect(
            signed
                == "SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date;x-amz-security-token;x-mlflow-sm-tracking-server-arn"
        )
    }

    /// Whatever the client calls the site, its links lead back to where the client is.
    @Test(arguments: ["host", "x-forwarded-host", "forwarded", "x-original-host", "x-host", "x-forwarded-proto"])
    func noNameThatTheClientGivesGetsIntoALink(header: String) async throws {
        let own = "https://eu-central-1.experiments.sagemaker.aws/a?b"
        let fixture = Fixture(
            answering: HTTPResponse(status: 302, headers: ["location": own, "link": "</a>; rel=next"]))
        let answer = try await fixture.answer(.example(headers: [header: "evil.example.net"]))
        #expect(answer.headers.values("location") == ["/a?b"])
        #expect(!answer.headers.contains { $0.value.contains("evil") } && !answer.text.contains("evil"))
    }

    /// The service's answer with the headers of one connection in every spelling.
    @Test(arguments: [
        "Proxy-Connection", "HTTP2-Settings", "Proxy-Authorization", "TRANSFER-ENCODING", "transfer_encoding",
        "Keep_Alive",
    ])
    func noAnswerHoldsAFieldOfOneConnection(name: String) async throws {
        let fixture = Fixture(answering: HTTPResponse(status: 200, headers: [name: "x"]))
        #expect(try await !fixture.answer(.example()).headers.contains(name))
    }
}
