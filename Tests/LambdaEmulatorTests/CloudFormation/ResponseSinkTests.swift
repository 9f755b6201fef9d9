import HTTP
import LambdaEmulator
import Synchronization
import TestSupport
import Testing
import Timestamps

/// A body in two pieces.
private final class Pieces: Sendable {
    private let rest = Mutex([Array("}".utf8), Array("{".utf8)])
    func next() -> [UInt8]? { rest.withLock { $0.popLast() } }
}

@Suite(.timeLimit(.minutes(1))) struct ResponseSinkTests {
    private static let signedAt = Timestamp(secondsSinceEpoch: 1_795_233_600)
    private static let object = "arn:aws:cloudformation:us-east-1:123456789012:stack/s/1|Thing|r-1"

    private static func url(authority: String = "127.0.0.1:4000") -> ResponseURL {
        ResponseURL(authority: authority, object: object, region: "us-east-1", at: signedAt)
    }

    private static func head(
        _ url: ResponseURL, _ change: (inout ServerRequestHead) -> Void = { _ in }
    ) -> ServerRequestHead {
        var head = ServerRequestHead(
            method: .put, target: url.target,
            headers: ["Host": url.authority, "Content-Type": "", "Content-Length": "2"])
        change(&head)
        return head
    }

    private static func sink(
        _ url: ResponseURL, _ fault: ResponseFault? = nil, clock: (any Clock<Duration>)? = nil, after: Duration = .zero
    ) -> ResponseSink {
        ResponseSink(url, fault: fault, clock: clock, now: { signedAt + after }, log: { _ in })
    }

    /// What a PUT to a running sink is answered with, and the sink.
    private static func put(
        _ fault: ResponseFault? = nil, count: Int = 1, headers: HTTPHeaders = ["Content-Type": ""], body: HTTPBody
    ) async throws -> (answers: [Int?], sink: ResponseSink) {
        let server = try await HTTPServer()
        let url = url(authority: "127.0.0.1:\(server.port)")
        let sink = sink(url, fault)
        let parts = try #require(URLParts(url.text))
        let request = HTTPRequest(
            .put, scheme: "http", authority: parts.authority, path: parts.path, query: parts.query, headers: headers,
            body: body)
        let running = Task { try await server.run(sink) }
        var answers: [Int?] = []
        for _ in 0..<count { answers.append(try? await LoopbackTransport().send(request, options: .init()).status) }
        running.cancel()
        _ = await running.result
        return (answers, sink)
    }

    @Test func `The URL looks like CloudFormation's`() {
        let text = Self.url().text
        #expect(
            text.hasPrefix(
                "http://127.0.0.1:4000/arn%3Aaws%3Acloudformation%3Aus-east-1%3A123456789012%3Astack/s/1%7CThing%7Cr-1?"
            ))
        #expect(text.contains("&X-Amz-Date=20261121T040000Z&X-Amz-SignedHeaders=host&X-Amz-Expires=7200&"))
        #expect(text.contains("X-Amz-Signature="))
    }

    @Test func `An answer with an empty or no type is stored, the first one first`() async throws {
        let url = Self.url()
        let sink = Self.sink(url)
        for (body, type) in [("1", ""), ("2", nil)] as [(String, String?)] {
            let head = Self.head(url) { $0.headers["content-type"] = type }
            #expect(sink.refusal(of: head) == nil)
            #expect(await sink.respond(to: ServerRequest(head: head, body: Array(body.utf8))).status == 200)
        }
        #expect(sink.record.answers.map(\.body) == [Array("1".utf8), Array("2".utf8)])
        #expect(sink.record.puts == 2)
        #expect(sink.record.refusals.isEmpty)
    }

    @Test func `What the signature does not cover is refused, byte for byte`() throws {
        let url = Self.url()
        let changes: [(String, (inout ServerRequestHead) -> Void)] = [
            ("method", { $0.method = .post }),
            ("type", { $0.headers["content-type"] = "application/json" }),
            ("host", { $0.headers["host"] = "localhost:4000" }),
            ("no host", { $0.headers.remove("host") }),
            ("colons decoded", { $0.target.replace("%3A", with: ":") }),
            ("bar decoded", { $0.target.replace("%7C", with: "|") }),
            ("small digits", { $0.target.replace("%7C", with: "%7c") }),
            ("expiry", { $0.target.replace("7200", with: "7201") }),
            ("more query", { $0.target += "&a=1" }),
        ]
        for (name, change) in changes {
            let sink = Self.sink(url)
            let response = try #require(sink.refusal(of: Self.head(url, change)), "\(name)")
            #expect(response.status == 403, "\(name)")
            #expect(String(decoding: response.body, as: UTF8.self).contains("<Code>SignatureDoesNotMatch</Code>"))
            #expect(sink.record.puts == 1)
            #expect(sink.record.refusals.count == 1)
        }
    }

    @Test func `Another way to sign, an unsigned header of Amazon and a missing length are refused as in S3`() {
        let url = Self.url()
        func refusal(_ change: (inout ServerRequestHead) -> Void) -> (Int?, Bool, String) {
            let sink = Self.sink(url)
            let response = sink.refusal(of: Self.head(url, change))
            return (response?.status, sink.record.answers.isEmpty, sink.record.refusals.first ?? "")
        }
        #expect(
            refusal { $0.headers["authorization"] = "AWS4-HMAC-SHA256 …" } == (
                400, true, "400 InvalidArgument: Only one auth mechanism allowed"
            ))
        #expect(refusal { $0.headers["x-amz-acl"] = "private" }.0 == 403)
        #expect(
            refusal { $0.headers.remove("content-length") }
                == (411, true, "411 MissingContentLength: You must provide the Content-Length HTTP header."))
    }

    @Test func `The URL holds for two hours`() {
        let url = Self.url()
        #expect(Self.sink(url, after: .seconds(7_199)).refusal(of: Self.head(url)) == nil)
        let late = Self.sink(url, after: .seconds(7_200))
        #expect(late.refusal(of: Self.head(url))?.status == 403)
        #expect(late.record.refusals == ["403 AccessDenied: Request has expired"])
    }

    @Test func `On the wire, a body in chunks is 501 and one with a length is taken`() async throws {
        let plain = try await Self.put(body: .bytes(Array("{}".utf8)))
        #expect(plain.answers == [200])
        #expect(plain.sink.record.answers.map(\.body) == [Array("{}".utf8)])
        let pieces = Pieces()
        let chunked = try await Self.put(body: .stream(HTTPBodyStream { pieces.next() }))
        #expect(chunked.answers == [501])
        #expect(chunked.sink.record.answers.isEmpty)
    }

    @Test func `Faults strike the first PUTs and no more`() async throws {
        let faults: [(String, [Int?])] = [
            ("500:2", [500, 500, 200]), ("403", [403, 200, 200]), ("reset:2", [nil, nil, 200]),
        ]
        for (text, expected) in faults {
            let result = try await Self.put(
                ResponseFault(parsing: text), count: 3, body: .bytes(Array("{}".utf8)))
            #expect(result.answers == expected, "\(text)")
            #expect(result.sink.record.puts == 3)
            #expect(result.sink.record.answers.count == expected.count { $0 == 200 })
        }
    }

    @Test func `A slow PUT is stored when its time has come, and not when the client went away before`() async throws {
        let url = Self.url()
        let clock = ManualClock()
        let sink = Self.sink(url, ResponseFault(.slow(.seconds(15)), count: 2), clock: clock)
        let request = ServerRequest(head: Self.head(url), body: Array("{}".utf8))
        let waiting = Task { await sink.respond(to: request) }
        try await clock.waitForSleepers(1)
        clock.advance(by: .seconds(14))
        #expect(sink.record.answers.isEmpty)
        clock.advance(by: .seconds(1))
        #expect(await waiting.value.status == 200)
        let leaving = Task { await sink.respond(to: request) }
        try await clock.waitForSleepers(1)
        leaving.cancel()
        _ = await leaving.value
        #expect(sink.record.answers.count == 1)
        #expect(sink.record.puts == 2)
    }

    @Test(arguments: ["", "404", "500:", "500:0", "500:-1", "500:x", "reset:1:2", "Slow"])
    func `A fault that is none is not read`(text: String) {
        #expect(ResponseFault(parsing: text) == nil)
    }
}
