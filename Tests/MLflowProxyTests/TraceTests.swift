import HTTP
import JSON
import LambdaEvents
import MLflowProxy
import TestSupport
import Testing

/// Traces and the correlation id.
@Suite struct TraceTests {
    private static let xRay = "Root=1-67e0f1a2-0a1b2c3d4e5f60718293a4b5"
    private static let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

    @Test func lambdasTraceGoesOnInPlaceOfTheLoadBalancers() async throws {
        var fixture = Fixture()
        fixture.traceID =
            "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1;Lineage=a87bd80c:0"
        _ = try await fixture.answer(.example(headers: ["x-amzn-trace-id": Self.xRay]))
        let sent = try #require(fixture.transport.requests.first)
        #expect(sent.headers.values("x-amzn-trace-id") == [try #require(fixture.traceID)])
        #expect(sent.headers["authorization"]?.contains("trace") == false)
        let record = try #require(fixture.log.records.first?.metadata)
        #expect(record["xrayTraceId"] == "1-5759e988-bd862e3fe1be46a994272793")
        #expect(record["albTraceId"] == "1-67e0f1a2-0a1b2c3d4e5f60718293a4b5")
    }

    /// A `Lineage` through several functions, as X-Ray's guide shows it.
    @Test func aTraceThroughSeveralFunctionsGoesOn() async throws {
        var fixture = Fixture()
        fixture.traceID =
            "Root=1-5759e988-bd862e3fe1be46a994272793;Lineage=a87bd80c:1|68fd508a:5|c512fbe3:2"
        _ = try await fixture.answer(.example(headers: ["x-amzn-trace-id": Self.xRay]))
        #expect(fixture.transport.requests.first?.headers["x-amzn-trace-id"] == fixture.traceID)
        #expect(fixture.log.records.first?.metadata["xrayTraceId"] == "1-5759e988-bd862e3fe1be46a994272793")
    }

    @Test func withoutLambdasTraceTheLoadBalancersGoesOn() async throws {
        let fixture = Fixture()
        _ = try await fixture.answer(.example(headers: ["x-amzn-trace-id": "Self=1-67e0f1a2-0a;\(Self.xRay)"]))
        #expect(
            fixture.transport.requests.first?.headers.values("x-amzn-trace-id") == ["Self=1-67e0f1a2-0a;\(Self.xRay)"])
    }

    @Test func aClientsOwnTraceGoesOnUnsigned() async throws {
        let fixture = Fixture()
        _ = try await fixture.answer(.example(headers: ["traceparent": Self.parent, "tracestate": "vendor=1"]))
        let sent = try #require(fixture.transport.requests.first)
        #expect(sent.headers.values("traceparent") == [Self.parent])
        #expect(sent.headers.values("tracestate") == ["vendor=1"])
        #expect(sent.headers["authorization"]?.contains("traceparent") == false)
        #expect(fixture.log.records.first?.metadata["traceId"] == "0af7651916cd43dd8448eb211c80319c")
    }

    @Test(arguments: [
        "", "x", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
        "00-\(String(repeating: "0", count: 32))-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01", "\(parent)-more", "\(parent) \(parent)",
    ])
    func aMalformedTraceGoesNowhere(parent: String) async throws {
        let fixture = Fixture()
        _ = try await fixture.answer(.example(headers: ["traceparent": parent, "tracestate": "vendor=1"]))
        let sent = try #require(fixture.transport.requests.first)
        #expect(!sent.headers.contains("traceparent"))
        #expect(!sent.headers.contains("tracestate"))
        #expect(fixture.log.records.first?.metadata["traceId"] == nil)
    }

    @Test(arguments: [
        "", "Root=1", "Root=2-67e0f1a2-0a1b2c3d4e5f60718293a4b5", "\(xRay);\(xRay)", "Parent=53995c3f42cd8ad8",
        "\(xRay);a", "\(xRay);x=\u{e9}", "\(xRay);x=a b", "\(xRay);x=\(String(repeating: "y", count: 600))",
    ])
    func aMalformedTraceOfXRayGoesNowhere(text: String) async throws {
        var fixture = Fixture()
        fixture.traceID = text
        _ = try await fixture.answer(.example(headers: ["x-amzn-trace-id": text]))
        #expect(fixture.transport.requests.first?.headers.contains("x-amzn-trace-id") == false)
        #expect(fixture.log.records.first?.metadata["albTraceId"] == nil)
    }

    @Test func twoTracesAreNone() async throws {
        let fixture = Fixture()
        var request = ALBTargetRequest.example(headers: ["traceparent": Self.parent, "x-amzn-trace-id": Self.xRay])
        request.headers.append("traceparent", Self.parent)
        request.headers.append("x-amzn-trace-id", Self.xRay)
        _ = try await fixture.answer(request)
        let sent = try #require(fixture.transport.requests.first)
        #expect(!sent.headers.contains("traceparent") && !sent.headers.contains("x-amzn-trace-id"))
    }

    @Test func everyAnswerCarriesTheIdThatTheLogHas() async throws {
        let fixture = Fixture(answering: HTTPResponse(status: 200, headers: ["x-request-id": "upstream"]))
        for path in ["/version", "/_proxy/health", "/_proxy/portal", "/..", "/_proxy/none"] {
            let answer = try await fixture.answer(.example(.get, path, headers: ["x-request-id": "forged"]))
            #expect(answer.headers.values("x-request-id") == ["request-1"], "\(path)")
            if answer.status >= 400 { #expect(answer.json?["request_id"] == "request-1", "\(path)") }
        }
    }

    @Test func aPageOfAnotherOriginMayReadTheId() async throws {
        var fixture = Fixture()
        fixture.configuration.allowedOrigins = [try #require(WebOrigin("https://portal.example.com"))]
        let answer = try await fixture.answer(.example(headers: ["origin": "https://portal.example.com"]))
        #expect(answer.headers["access-control-expose-headers"]?.contains("X-Request-Id") == true)
    }
}
