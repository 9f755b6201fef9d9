import Foundation
import HTTP
import JSON
import LambdaEvents
import MLflowProxy
import TestSupport
import Testing

/// The sample events, each through the proxy before a stub that answers as MLflow does.
@Suite struct SampleEventTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "events/mlflow-proxy")

    private static func read(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: folder.appending(path: name)))
    }

    static let expected: [(name: String, status: Int)] = {
        guard let json = try? JSONValue(parsing: read("expected.json")), let object = json.object else { return [] }
        return object.map { ($0.name, Int($0.value.integer ?? 0)) }
    }()

    @Test func everyEventHasAnExpectedStatus() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path).filter {
            $0.hasSuffix(".json") && $0 != "expected.json"
        }
        #expect(files.sorted() == Self.expected.map(\.name).sorted())
        #expect(files.count >= 20)
    }

    @Test(arguments: expected)
    func anEventIsAnsweredAsExpected(name: String, status: Int) async throws {
        let event = try Self.read(name)
        let request = try ALBTargetRequest(parsing: event)
        let fixture = Fixture { request in
            switch (request.path, request.headers["content-type"]) {
            case ("/api/2.0/mlflow/experiments/get", _): HTTPResponse(status: 404)
            case (_, "application/x-www-form-urlencoded"): HTTPResponse(status: 400)
            default: HTTPResponse(status: 200, headers: ["content-type": "text/plain"], body: Array("ok".utf8))
            }
        }
        let bytes = try await fixture.handle(event)
        #expect(try Answer(bytes).status == status)
        let modeMember = request.headerMode == .single ? "headers" : "multiValueHeaders"
        #expect(try JSONValue(parsing: bytes)[modeMember]?.object != nil)

        if request.path.hasPrefix("/_proxy/") { return }
        if let sent = fixture.transport.requests.first {
            #expect(sent.path == request.path)
            #expect(sent.authority == "eu-central-1.experiments.sagemaker.aws")
            #expect(sent.headers.values("x-mlflow-sm-tracking-server-arn") == [Fixture.arn])
            #expect(!sent.headers.contains("x-sm-mlflow-app-arn"))
            #expect(!sent.headers.contains { $0.value.contains("forged") || $0.value.contains("evil") })
        } else {
            #expect(status >= 400 || name.hasPrefix("health-check"))
        }
    }

    /// The events that change something are refused by a read-only proxy; the others are answered as ever.
    @Test(arguments: expected)
    func aReadOnlyProxyRefusesTheEventsThatWrite(name: String, status: Int) async throws {
        var fixture = Fixture(answering: HTTPResponse(status: status))
        fixture.configuration.access = .readOnly
        let answer = try Answer(try await fixture.handle(try Self.read(name)))
        let isWrite = Self.writing.contains(name)
        #expect(answer.status == (isWrite ? 403 : status))
        #expect(answer.message.contains("PROXY_ACCESS of this proxy is read-only") == isWrite)
    }

    private static let writing = [
        "artifact-put-binary.json", "artifact-put-unicode-path.json", "attack-open-in-a-frame.json", "form-body.json",
        "upload-not-configured.json",
    ]

    @Test func theOddQueryArrivesAsItWasMeant() async throws {
        let fixture = Fixture()
        _ = try await fixture.handle(try Self.read("repeated-keys-odd-encodings.json"))
        #expect(
            fixture.transport.requests.first?.query
                == "order_by=name%20ASC&order_by=creation_time%20DESC"
                + "&filter=name%20LIKE%20%27caf%C3%A9%20%26%20more%25%27%20AND%20name%20%21%3D%20%27a%2Bb%3Dc%27"
                + "&max_results=5&view_type=ALL")
    }
}
