import CurlHTTP
import HTTP
import Synchronization
import TestSupport
import Testing

/// What every transport does. Each test runs against libcurl with a server on a socket and against the stub that other
/// tests inject.
@Suite struct TransportContractTests {
    enum Kind: String, CaseIterable, CustomTestStringConvertible {
        case curl
        case stub
        var testDescription: String { rawValue }
    }

    /// A transport, the authority to send to, and what must stay alive meanwhile.
    private struct Setup {
        var transport: any HTTPTransport
        var authority: String
        var keepAlive: [any Sendable]
    }

    private static func setUp(
        _ kind: Kind, _ answer: @escaping @Sendable (HTTPRequest) -> HTTPResponse?
    ) throws -> Setup {
        switch kind {
        case .stub:
            let transport = StubTransport { request in
                if let response = answer(request) { return response }
                try await Task.sleep(for: .seconds(60))
                throw TransportError(.timeout, "no answer", request: request)
            }
            return Setup(transport: transport, authority: "stub.test", keepAlive: [])
        case .curl:
            let server = try LoopbackServer { received in
                let parts = received.line.split(separator: " ")
                let target = parts[1].split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
                let request = HTTPRequest(
                    HTTPMethod(rawValue: String(parts[0])), scheme: "http", authority: "server",
                    path: String(target[0]), query: target.count > 1 ? String(target[1]) : nil,
                    headers: received.headers, body: .bytes(received.body))
                return answer(request).map { LoopbackServer.Answer($0, withoutBody: parts[0] == "HEAD") }
            }
            let thread = try LoopThread()
            return Setup(transport: thread.transport, authority: server.authority, keepAlive: [server, thread])
        }
    }

    @Test(arguments: Kind.allCases, [200, 204, 301, 404, 503])
    func theResponseIsGivenWhateverItsStatus(kind: Kind, status: Int) async throws {
        let setup = try Self.setUp(kind) { _ in
            HTTPResponse(status: status, headers: ["X-A": "1", "x-a": "2"], body: status == 204 ? [] : [1, 2, 0])
        }
        let response = try await setup.transport.send(
            HTTPRequest(.get, scheme: "http", authority: setup.authority))
        #expect(response.status == status)
        #expect(response.headers.values("X-a") == ["1", "2"])
        #expect(response.body == (status == 204 ? [] : [1, 2, 0]))
    }

    @Test(arguments: Kind.allCases, ["/", "/a//b/../%7e/./%2F", "/caf%C3%A9/a+b;c=d,e'()*!$&=:@"])
    func pathAndQueryArriveByteForByte(kind: Kind, path: String) async throws {
        let setup = try Self.setUp(kind) { request in
            HTTPResponse(status: 200, body: Array("\(request.path) \(request.query ?? "none")".utf8))
        }
        for query in [nil, "", "a=b+c&a=&&%2f=%zz?/", "x"] {
            let response = try await setup.transport.send(
                HTTPRequest(.get, scheme: "http", authority: setup.authority, path: path, query: query))
            #expect(String(decoding: response.body, as: UTF8.self) == "\(path) \(query ?? "none")")
        }
    }

    @Test(arguments: Kind.allCases, [HTTPMethod.get, .put, .patch, .post, .delete])
    func everyMethodCarriesABodyOfAnySize(kind: Kind, method: HTTPMethod) async throws {
        let setup = try Self.setUp(kind) { request in
            guard case .bytes(let bytes) = request.body else { return nil }
            return HTTPResponse(status: 200, headers: ["X-Method": request.method.rawValue], body: bytes)
        }
        for size in [0, 1, 65_536, 65_537, 3_000_000] {
            let body = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            let response = try await setup.transport.send(
                HTTPRequest(method, scheme: "http", authority: setup.authority, body: .bytes(body)))
            #expect(response.headers["x-method"] == method.rawValue)
            #expect(response.body == body)
        }
    }

    @Test(arguments: Kind.allCases) func headHasHeadersAndNoBody(kind: Kind) async throws {
        let setup = try Self.setUp(kind) { _ in HTTPResponse(status: 200, headers: ["ETag": "e"], body: [1, 2, 3]) }
        let response = try await setup.transport.send(HTTPRequest(.head, scheme: "http", authority: setup.authority))
        #expect(response.status == 200)
        #expect(response.headers["etag"] == "e")
        #expect(response.body.isEmpty)
    }

    @Test(arguments: Kind.allCases) func emptyAndOddHeaderValuesArrive(kind: Kind) async throws {
        let setup = try Self.setUp(kind) { request in
            HTTPResponse(status: 200, body: Array(request.headers.values("X-Odd").joined(separator: "|").utf8))
        }
        let response = try await setup.transport.send(
            HTTPRequest(
                .get, scheme: "http", authority: setup.authority,
                headers: ["X-Odd": "", "x-odd": "a;b, c", "X-Odd": "é"]))
        #expect(String(decoding: response.body, as: UTF8.self) == "|a;b, c|é")
    }

    @Test(arguments: Kind.allCases) func aStreamedBodyArrivesWholeWithItsTrailers(kind: Kind) async throws {
        let setup = try Self.setUp(kind) { request in
            guard case .bytes(let bytes) = request.body else { return nil }
            return HTTPResponse(status: 200, headers: ["X-Sum": request.headers["X-Checksum"] ?? "none"], body: bytes)
        }
        // The next one on the same connection as the first.
        for _ in 1...5 {
            let pieces = PieceSource((0..<50).map { [UInt8](repeating: UInt8($0), count: $0 * 1_000) })
            let response = try await setup.transport.send(
                HTTPRequest(
                    .post, scheme: "http", authority: setup.authority, headers: ["Trailer": "X-Checksum"],
                    body: .stream(HTTPBodyStream(trailers: { ["X-Checksum": "abc"] }, next: { await pieces.next() }))))
            #expect(response.body == (0..<50).flatMap { [UInt8](repeating: UInt8($0), count: $0 * 1_000) })
            #expect(response.headers["x-sum"] == "abc")
        }
    }

    @Test(arguments: Kind.allCases) func aStreamThatFailsFailsTheTransfer(kind: Kind) async throws {
        struct Broken: Error {}
        let setup = try Self.setUp(kind) { _ in HTTPResponse(status: 200) }
        let pieces = PieceSource([[1], [2]])
        let error = await #expect(throws: TransportError.self) {
            try await setup.transport.send(
                HTTPRequest(
                    .post, scheme: "http", authority: setup.authority,
                    body: .stream(
                        HTTPBodyStream(next: {
                            if let piece = await pieces.next() { return piece }
                            throw Broken()
                        }))))
        }
        #expect(error?.kind == .bodyStream)
    }

    @Test(arguments: Kind.allCases) func aStreamOfKnownLengthArrivesWithItsLengthAndNotInChunks(kind: Kind) async throws
    {
        let setup = try Self.setUp(kind) { request in
            guard case .bytes(let bytes) = request.body else { return nil }
            let framing = request.headers["Content-Length"] ?? request.headers["Transfer-Encoding"] ?? "none"
            return HTTPResponse(status: 200, headers: ["X-Framing": framing], body: bytes)
        }
        for sizes in [[], [0], [5], [200_000, 0, 3, 1_500_000, 0]] {
            let length = sizes.reduce(0, +)
            let pieces = PieceSource(sizes.map { [UInt8](repeating: UInt8($0 % 251), count: $0) })
            let response = try await setup.transport.send(
                HTTPRequest(
                    .put, scheme: "http", authority: setup.authority,
                    body: .stream(
                        HTTPBodyStream(
                            contentLength: length, trailers: { ["X-Never": "sent"] }, next: { await pieces.next() }))))
            #expect(response.body == sizes.flatMap { [UInt8](repeating: UInt8($0 % 251), count: $0) })
            #expect(response.headers["x-framing"] == (kind == .curl ? "\(length)" : "none"))
        }
    }

    @Test(
        arguments: Kind.allCases,
        [([[1, 2], [3]], 4), ([[1, 2], [3]], 2), ([[1]], 0), ([], 1)] as [([[UInt8]], Int)])
    func aStreamOfAnotherLengthThanAnnouncedNeverArrivesWhole(kind: Kind, body: ([[UInt8]], Int)) async throws {
        let arrived = Mutex(0)
        let setup = try Self.setUp(kind) { _ in
            arrived.withLock { $0 += 1 }
            return HTTPResponse(status: 200)
        }
        let pieces = PieceSource(body.0)
        let error = await #expect(throws: TransportError.self) {
            try await setup.transport.send(
                HTTPRequest(
                    .put, scheme: "http", authority: setup.authority,
                    body: .stream(HTTPBodyStream(contentLength: body.1) { await pieces.next() })))
        }
        #expect(error?.kind == .bodyStream)
        #expect(error?.reason.contains("announced \(body.1)") == true)
        #expect(arrived.withLock { $0 } == 0)
    }

    @Test(arguments: Kind.allCases) func anOpenedResponseIsTheSameAsAWholeOne(kind: Kind) async throws {
        let setup = try Self.setUp(kind) { request in
            HTTPResponse(status: 201, headers: ["X-A": "1"], body: [UInt8](repeating: 4, count: 300_000))
        }
        for method in [HTTPMethod.get, .head, .post] {
            let request = HTTPRequest(method, scheme: "http", authority: setup.authority)
            let whole = try await setup.transport.send(request)
            let opened = try await setup.transport.open(request, options: TransferOptions(maximumResponseBytes: 10))
            #expect(opened.status == whole.status)
            #expect(opened.headers == whole.headers)
            let body = try await opened.body.collect(upTo: 1_000_000)
            #expect(body.bytes == whole.body)
            #expect(body.isComplete)
        }
    }

    @Test(arguments: Kind.allCases) func aBodyOverTheCapIsRefused(kind: Kind) async throws {
        let setup = try Self.setUp(kind) { _ in HTTPResponse(status: 200, body: [UInt8](repeating: 1, count: 1_001)) }
        let request = HTTPRequest(.get, scheme: "http", authority: setup.authority)
        let error = await #expect(throws: TransportError.self) {
            try await setup.transport.send(request, options: TransferOptions(maximumResponseBytes: 1_000))
        }
        #expect(error?.kind == .responseTooLarge)
        let whole = try await setup.transport.send(request, options: TransferOptions(maximumResponseBytes: 1_001))
        #expect(whole.body.count == 1_001)
    }

    @Test(arguments: Kind.allCases) func aCancelledTaskGetsItsErrorAtOnce(kind: Kind) async throws {
        let setup = try Self.setUp(kind) { _ in nil }
        let task = Task {
            try await setup.transport.send(HTTPRequest(.get, scheme: "http", authority: setup.authority))
        }
        try await Task.sleep(for: .milliseconds(50))
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        let early = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            _ = try await setup.transport.send(HTTPRequest(.get, scheme: "http", authority: setup.authority))
        }
        await #expect(throws: CancellationError.self) { try await early.value }
    }

    @Test(arguments: Kind.allCases)
    func whatWouldSplitTheMessageIsNeverSent(kind: Kind) async throws {
        let setup = try Self.setUp(kind) { _ in HTTPResponse(status: 200) }
        let good = HTTPRequest(.get, scheme: "http", authority: setup.authority)
        var bad: [HTTPRequest] = []
        for value in ["a\r\nX-Evil: 1", "a\nb", "a\0b"] {
            var request = good
            request.headers.append("X-A", value)
            bad.append(request)
        }
        for path in ["", "a", "/a b", "/a\r\nHost: evil", "/a?b", "/a#b", "/é"] {
            var request = good
            request.path = path
            bad.append(request)
        }
        for authority in ["", "a b", "user@host", "host:99999", "host/path", "h\r\n"] {
            var request = good
            request.authority = authority
            bad.append(request)
        }
        bad.append(HTTPRequest(.get, scheme: "file", authority: setup.authority))
        bad.append(HTTPRequest(HTTPMethod(rawValue: "GET /x HTTP/1.1\r\n"), scheme: "http", authority: setup.authority))
        bad.append(HTTPRequest(.get, scheme: "http", authority: setup.authority, query: "a b"))
        bad.append(HTTPRequest(.head, scheme: "http", authority: setup.authority, body: .bytes([1])))
        bad.append(
            HTTPRequest(.head, scheme: "http", authority: setup.authority, body: .stream(HTTPBodyStream { nil })))
        bad.append(
            HTTPRequest(
                .put, scheme: "http", authority: setup.authority,
                body: .stream(HTTPBodyStream(contentLength: -1) { nil })))
        for request in bad {
            let error = await #expect(throws: TransportError.self) { try await setup.transport.send(request) }
            #expect(error?.kind == .invalidRequest)
            #expect(error?.description.utf8.allSatisfy { $0 >= 0x20 } == true)
        }
    }
}

/// Gives pieces one by one.
private actor PieceSource {
    private var pieces: [[UInt8]]

    init(_ pieces: [[UInt8]]) {
        self.pieces = pieces.reversed()
    }

    func next() -> [UInt8]? {
        pieces.popLast()
    }
}
