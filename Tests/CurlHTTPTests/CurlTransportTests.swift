import CurlHTTP
import Glibc
import HTTP
import Synchronization
import TestSupport
import Testing

/// What only the real client can show: connections, broken servers, clocks.
@Suite struct CurlTransportTests {
    private func get(_ server: LoopbackServer, path: String = "/") -> HTTPRequest {
        HTTPRequest(.get, scheme: "http", authority: server.authority, path: path)
    }

    @Test func connectionsAreKeptAndReused() async throws {
        let server = try LoopbackServer { _ in .init(HTTPResponse(status: 200)) }
        let thread = try LoopThread()
        for _ in 0..<10 { _ = try await thread.transport.send(get(server)) }
        #expect(server.connectionCount == 1)
        #expect(server.requests.count == 10)
    }

    @Test func aKeptConnectionThatTheServerClosedIsReplaced() async throws {
        let server = try LoopbackServer { _ in
            .init(raw: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", then: .close)
        }
        let thread = try LoopThread()
        for size in [0, 10, 200_000, 0] {
            let request = HTTPRequest(
                .post, scheme: "http", authority: server.authority,
                body: .bytes([UInt8](repeating: 7, count: size)))
            #expect(
                try await thread.transport.send(request, options: TransferOptions(mayRepeat: true)).body
                    == Array("ok".utf8))
        }
        #expect(server.requests.map(\.body.count) == [0, 10, 200_000, 0])
    }

    /// Of three requests the second is taken and its connection closed without an answer.
    @Test(
        arguments: [
            (HTTPMethod.get, nil, true), (.put, nil, true), (.delete, nil, true), (.post, nil, false),
            (.patch, nil, false),
            (.post, true, true), (.get, false, false),
        ] as [(HTTPMethod, Bool?, Bool)])
    func onlyWhatMayBeRepeatedGoesOutTwice(method: HTTPMethod, mayRepeat: Bool?, isRepeated: Bool) async throws {
        let count = Mutex(0)
        let server = try LoopbackServer { _ in
            let number = count.withLock { count in
                count += 1
                return count
            }
            return number == 2 ? .init(raw: "", then: .close) : .init(HTTPResponse(status: 200))
        }
        let thread = try LoopThread()
        let options = TransferOptions(mayRepeat: mayRepeat)
        let request = HTTPRequest(method, scheme: "http", authority: server.authority)
        _ = try await thread.transport.send(request, options: options)
        if isRepeated {
            #expect(try await thread.transport.send(request, options: options).status == 200)
            #expect(server.requests.count == 3)
        } else {
            let error = await #expect(throws: TransportError.self) {
                try await thread.transport.send(request, options: options)
            }
            #expect(error?.kind == .connectionLost)
            #expect(error?.nothingWasSent == false)
            #expect(server.requests.count == 2)
        }
    }

    /// Of two requests the second is taken and its connection closed without an answer, and there is no other to be had.
    /// Whoever heard that nothing was sent would send it again.
    @Test(arguments: [HTTPMethod.get, .post])
    func whatWentOutWasSentThoughItCouldNotGoOutAgain(method: HTTPMethod) async throws {
        let ending = Mutex<LoopbackServer?>(nil)
        let server = try LoopbackServer { _ in
            guard let server = ending.withLock({ $0 }) else { return .init(HTTPResponse(status: 200)) }
            server.stopListening()
            return .init(raw: "", then: .close)
        }
        let thread = try LoopThread()
        let request = HTTPRequest(method, scheme: "http", authority: server.authority)
        _ = try await thread.transport.send(request)
        ending.withLock { $0 = server }
        let error = await #expect(throws: TransportError.self) { try await thread.transport.send(request) }
        ending.withLock { $0 = nil }
        #expect(server.requests.count == 2)
        #expect(error?.kind == .connectionLost)
        #expect(error?.nothingWasSent == false)
    }

    @Test func requestsRunSideBySide() async throws {
        // Nobody is answered until all have arrived.
        let arrivals = Arrivals(expected: 20)
        let server = try LoopbackServer { _ in
            arrivals.arriveAndWait()
            return .init(HTTPResponse(status: 200))
        }
        let thread = try LoopThread()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<20 { group.addTask { _ = try await thread.transport.send(get(server)) } }
            try await group.waitForAll()
        }
        #expect(server.connectionCount == 20)
    }

    @Test func nothingIsAddedToTheRequestButHostAndLength() async throws {
        let server = try LoopbackServer { _ in .init(HTTPResponse(status: 200)) }
        let thread = try LoopThread()
        _ = try await thread.transport.send(get(server, path: "/a"))
        _ = try await thread.transport.send(
            HTTPRequest(.post, scheme: "http", authority: server.authority, body: .bytes([1])))
        _ = try await thread.transport.send(HTTPRequest(.put, scheme: "http", authority: server.authority))
        #expect(server.requests[0].headerLines == ["Host: \(server.authority)"])
        #expect(server.requests[1].headerLines == ["Host: \(server.authority)", "Content-Length: 1"])
        #expect(server.requests[2].headerLines == ["Host: \(server.authority)", "Content-Length: 0"])
    }

    @Test func aCallersFramingHeadersAreNotSent() async throws {
        let server = try LoopbackServer { _ in .init(HTTPResponse(status: 200)) }
        let thread = try LoopThread()
        _ = try await thread.transport.send(
            HTTPRequest(
                .post, scheme: "http", authority: server.authority,
                headers: ["Content-Length": "99", "Transfer-Encoding": "chunked", "Expect": "100-continue"],
                body: .bytes([1, 2])))
        #expect(server.requests[0].headers.values("content-length") == ["2"])
        #expect(!server.requests[0].headers.contains("transfer-encoding"))
        #expect(!server.requests[0].headers.contains("expect"))
    }

    @Test func interimResponsesAreDropped() async throws {
        let server = try LoopbackServer { _ in
            .init(
                raw: "HTTP/1.1 103 Early\r\nX-A: early\r\n\r\nHTTP/1.1 200 OK\r\nX-B:  b \r\nContent-Length: 0\r\n\r\n")
        }
        let thread = try LoopThread()
        let response = try await thread.transport.send(get(server))
        #expect(response.status == 200)
        #expect(response.headers == ["X-B": "b", "Content-Length": "0"])
    }

    @Test func aChunkedResponseIsJoinedAndItsTrailersPassedOver() async throws {
        let server = try LoopbackServer { _ in
            .init(
                raw: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nX-T: 1\r\n\r\n")
        }
        let thread = try LoopThread()
        let response = try await thread.transport.send(get(server))
        #expect(response.body == Array("abcde".utf8))
        #expect(!response.headers.contains("x-t"))
    }

    @Test func compressedBytesAreLeftAlone() async throws {
        let server = try LoopbackServer { _ in
            .init(HTTPResponse(status: 200, headers: ["Content-Encoding": "gzip"], body: [0x1F, 0x8B, 8, 0]))
        }
        let thread = try LoopThread()
        #expect(try await thread.transport.send(get(server)).body == [0x1F, 0x8B, 8, 0])
    }

    @Test func aRedirectIsGivenNotFollowed() async throws {
        let server = try LoopbackServer { _ in
            .init(HTTPResponse(status: 302, headers: ["Location": "http://127.0.0.1:1/"]))
        }
        let thread = try LoopThread()
        #expect(try await thread.transport.send(get(server)).status == 302)
    }

    @Test(arguments: [
        ("", LoopbackServer.Then.close, TransportError.Kind.connectionLost),
        ("", .reset, .connectionLost),
        ("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", .close, .connectionLost),
        ("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", .reset, .connectionLost),
        ("HTTP/1.1 200 OK\r\nX-A: 1\r\n", .close, .connectionLost),
        ("HTTP/1.1 200 OK\r\nX-A: 1\r\n folded\r\nContent-Length: 0\r\n\r\n", .close, .malformedResponse),
        ("HTTP/1.1 200 OK\r\nno colon\r\nContent-Length: 0\r\n\r\n", .close, .malformedResponse),
        ("SSH-2.0-OpenSSH_9.2\r\n", .close, .malformedResponse),
    ])
    func aBrokenServerIsAnErrorOfItsKind(raw: String, then: LoopbackServer.Then, kind: TransportError.Kind) async throws
    {
        let server = try LoopbackServer { _ in .init(raw: raw, then: then) }
        let thread = try LoopThread()
        let error = await #expect(throws: TransportError.self) {
            try await thread.transport.send(
                HTTPRequest(.post, scheme: "http", authority: server.authority, query: "secret=1"))
        }
        #expect(error?.kind == kind)
        #expect(error?.nothingWasSent == false)
        #expect(error?.description.contains("secret") == false)
        #expect(error?.description.hasPrefix("POST http://\(server.authority)/ failed: ") == true)
    }

    @Test func aServerThatNeverAnswersIsATimeout() async throws {
        let server = try LoopbackServer { _ in nil }
        let thread = try LoopThread()
        let error = await #expect(throws: TransportError.self) {
            try await thread.transport.send(get(server), options: TransferOptions(timeout: .milliseconds(80)))
        }
        #expect(error?.kind == .timeout)
    }

    @Test func whereNobodyListensNothingIsSent() async throws {
        let thread = try LoopThread()
        let error = await #expect(throws: TransportError.self) {
            try await thread.transport.send(HTTPRequest(.get, scheme: "http", authority: "127.0.0.1:1"))
        }
        #expect(error?.kind == .connect)
        #expect(error?.nothingWasSent == true)
    }

    @Test func cancellingFreesTheConnectionAndTheNextRequestWorks() async throws {
        let server = try LoopbackServer { $0.line.contains("hang") ? nil : .init(HTTPResponse(status: 200)) }
        let thread = try LoopThread()
        for _ in 0..<20 {
            let task = Task { try await thread.transport.send(get(server, path: "/hang")) }
            while server.requests.last?.line.contains("hang") != true { await Task.yield() }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            #expect(try await thread.transport.send(get(server, path: "/ok")).status == 200)
        }
    }
}

/// Holds threads back until a number of them have come.
private final class Arrivals: Sendable {
    private let expected: Int
    private let count = Mutex(0)

    init(expected: Int) {
        self.expected = expected
    }

    func arriveAndWait() {
        count.withLock { $0 += 1 }
        while count.withLock({ $0 }) < expected { usleep(500) }
    }
}
