import HTTP
import Testing

@testable import LambdaEmulator

/// Answers with what came: the target, the Host and the body.
private struct Mirror: ServerHandler {
    var maximumBodyBytes: Int { 1_000 }

    func refusal(of head: ServerRequestHead) -> ServerResponse? { nil }

    func respond(to request: ServerRequest) async -> ServerResponse {
        let host = request.head.headers.values("host").joined(separator: " and ")
        return ServerResponse(
            status: 207, headers: ["X-Target": request.head.target, "X-Host": host], body: request.body)
    }

    func responseToMalformedRequest() -> ServerResponse { ServerResponse(status: 400) }
}

@Suite(.timeLimit(.minutes(1))) struct ForwarderTests {
    private static let request = ServerRequest(
        head: ServerRequestHead(
            method: .post, target: "/2015-03-31/functions/?Marker=a%2Bb",
            headers: ["Host": "127.0.0.1:9", "Content-Length": "3", "Connection": "close"]), body: [1, 2, 3])

    @Test func `A request arrives as it was signed, and its answer comes back`() async throws {
        let server = try await HTTPServer()
        let answer = try await withThrowingTaskGroup(of: ServerResponse?.self) { group in
            group.addTask {
                try await server.run(Mirror())
                return nil
            }
            group.addTask { await Forwarder(to: "http://127.0.0.1:\(server.port)/")?.send(Self.request) }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
        #expect(answer?.status == 207)
        #expect(answer?.headers["x-target"] == Self.request.head.target)
        #expect(answer?.headers["x-host"] == "127.0.0.1:9")
        #expect(answer?.body == [1, 2, 3])
    }

    @Test func `A server that is not there is said to be`() async {
        let answer = await Forwarder(to: "http://127.0.0.1:1")?.send(Self.request)
        #expect(answer?.status == 502)
    }

    @Test(arguments: ["https://lambda.eu-west-1.amazonaws.com", "http://127.0.0.1:1/base", "127.0.0.1:1", ""])
    func `Nothing goes to anything but a plain server`(url: String) {
        #expect(Forwarder(to: url) == nil)
    }
}
