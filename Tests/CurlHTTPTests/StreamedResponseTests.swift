import CurlHTTP
import Glibc
import HTTP
import Synchronization
import TestSupport
import Testing

/// Responses that are read while they come, from servers that are slow, fast, huge or broken.
@Suite struct StreamedResponseTests {
    private func get(_ server: LoopbackServer, _ method: HTTPMethod = .get, path: String = "/") -> HTTPRequest {
        HTTPRequest(method, scheme: "http", authority: server.authority, path: path)
    }

    /// A server whose body has so many bytes of the pattern.
    private func server(ofLength length: Int, isChunked: Bool = false) throws -> LoopbackServer {
        try LoopbackServer { _ in
            let framing = isChunked ? "Transfer-Encoding: chunked" : "Content-Length: \(length)"
            return .init(raw: "HTTP/1.1 200 OK\r\n\(framing)\r\n\r\n") { number in
                let start = number * 100_000
                guard start < length else {
                    return isChunked && start < length + 100_000 ? Array("0\r\n\r\n".utf8) : nil
                }
                let bytes = Pattern.bytes(start..<min(start + 100_000, length))
                guard isChunked else { return bytes }
                return Array("\(String(bytes.count, radix: 16))\r\n".utf8) + bytes + Array("\r\n".utf8)
            }
        }
    }

    /// Reads to the end and compares with the pattern.
    ///
    /// - Returns: how many bytes there were.
    private func readPattern(_ body: HTTPBodyReader, from start: Int = 0) async throws -> Int {
        var position = start
        while let piece = try await body.next() {
            #expect(piece.count <= 256 << 10)
            try #require(Pattern.matches(piece, at: position))
            position += piece.count
        }
        return position
    }

    @Test(arguments: [false, true]) func aSlowReaderHoldsUpTheServerAndGetsEveryByte(isChunked: Bool) async throws {
        let length = 64 << 20
        let server = try server(ofLength: length, isChunked: isChunked)
        let thread = try LoopThread()
        // No time limit, no cap on the whole: they are for responses that are kept.
        let options = TransferOptions(timeout: nil, maximumResponseBytes: 1_000)
        let response = try await thread.transport.open(get(server), options: options)
        #expect(response.body.expectedLength == (isChunked ? nil : length))
        let first = try #require(try await response.body.next())
        #expect(Pattern.matches(first, at: 0))
        try await standstill(of: server)
        // What the kernel holds on a loopback connection (6 MiB to receive, by default, and the sender's) and 1 MiB.
        #expect(server.pieceBytesWritten < 12 << 20)
        var position = first.count
        for _ in 0..<20 {
            let piece = try #require(try await response.body.next())
            try #require(Pattern.matches(piece, at: position))
            position += piece.count
            try await Task.sleep(for: .milliseconds(2))
            #expect(server.pieceBytesWritten - position < 12 << 20)
        }
        #expect(try await readPattern(response.body, from: position) == length)
    }

    @Test func aPausedTransferDoesNotKeepTheLoopBusy() async throws {
        let server = try server(ofLength: 64 << 20)
        let thread = try LoopThread()
        let response = try await thread.transport.open(get(server))
        try await standstill(of: server)
        let before = await thread.processorTime()
        try await Task.sleep(for: .milliseconds(300))
        #expect(await thread.processorTime() - before < .milliseconds(60))
        response.body.cancel()
    }

    @Test func theStartIsCollectedAndTheRestStreamed() async throws {
        let length = 3_000_000
        let server = try server(ofLength: length)
        let thread = try LoopThread()
        let response = try await thread.transport.open(get(server))
        let start = try await response.body.collect(upTo: 1_000_001)
        #expect(start.bytes == Pattern.bytes(0..<1_000_001))
        #expect(!start.isComplete)
        #expect(try await readPattern(response.body, from: 1_000_001) == length)
    }

    @Test func theHeadComesBeforeTheBody() async throws {
        let gate = Gate()
        let server = try LoopbackServer { _ in
            .init(raw: "HTTP/1.1 103 Early\r\nX-A: early\r\n\r\nHTTP/1.1 200 OK\r\nX-B: b\r\nContent-Length: 2\r\n\r\n")
            {
                gate.wait(for: $0)
                return $0 < 2 ? [UInt8($0)] : nil
            }
        }
        let thread = try LoopThread()
        let response = try await thread.transport.open(get(server))
        #expect(response.status == 200)
        #expect(response.headers == ["X-B": "b", "Content-Length": "2"])
        gate.open(upTo: 0)
        #expect(try await response.body.next() == [0])
        gate.open(upTo: 2)
        #expect(try await response.body.next() == [1])
        #expect(try await response.body.next() == nil)
    }

    @Test(arguments: [
        (HTTPMethod.head, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"), (.get, "HTTP/1.1 204 No Content\r\n\r\n"),
        (.get, "HTTP/1.1 304 Not Modified\r\nContent-Length: 1000\r\n\r\n"),
        (.get, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
        (.get, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-T: 1\r\n\r\n"),
    ])
    func aResponseWithoutBodyEndsAtOnceAndItsConnectionIsKept(method: HTTPMethod, raw: String) async throws {
        let server = try LoopbackServer { _ in .init(raw: raw) }
        let thread = try LoopThread()
        for _ in 0..<3 {
            let response = try await thread.transport.open(get(server, method))
            #expect(try await response.body.next() == nil)
            #expect(try await response.body.next() == nil)
        }
        #expect(server.connectionCount == 1)
    }

    @Test func aBodyThatEndedBeforeItIsReadIsWhole() async throws {
        let server = try LoopbackServer { received in
            if received.line.contains("/close") {
                return .init(HTTPResponse(status: 200, headers: ["Connection": "close"]))
            }
            return .init(HTTPResponse(status: 200, body: Pattern.bytes(0..<100_000)))
        }
        let thread = try LoopThread()
        let response = try await thread.transport.open(get(server))
        // Once its connection serves another request, the transfer is over.
        repeat {
            try #require(server.requests.count < 1_000)
            _ = try await thread.transport.send(get(server, path: "/close"))
        } while server.requests.last?.connection != 0
        #expect(try await readPattern(response.body) == 100_000)
    }

    @Test func aBodyThatTheConnectionsEndEndsIsWhole() async throws {
        let server = try LoopbackServer { _ in
            .init(raw: "HTTP/1.1 200 OK\r\n\r\n", then: .close) {
                $0 < 30 ? Pattern.bytes($0 * 50_000..<($0 + 1) * 50_000) : nil
            }
        }
        let thread = try LoopThread()
        let response = try await thread.transport.open(get(server))
        #expect(response.body.expectedLength == nil)
        #expect(try await readPattern(response.body) == 1_500_000)
    }

    @Test(arguments: [
        ("Content-Length: 900000", LoopbackServer.Then.close), ("Content-Length: 900000", .reset),
        ("Transfer-Encoding: chunked", .close),
    ])
    func aServerThatBreaksOffFailsTheReaderAfterThePieces(framing: String, then: LoopbackServer.Then) async throws {
        let isRead = Gate()
        let server = try LoopbackServer { _ in
            .init(raw: "HTTP/1.1 200 OK\r\n\(framing)\r\n\r\n", then: then) { number in
                if number > 0 { isRead.wait(for: number) }
                let bytes = Pattern.bytes(0..<600_000)
                return number > 0
                    ? nil : framing.hasPrefix("T") ? Array("927C0\r\n".utf8) + bytes + Array("\r\n".utf8) : bytes
            }
        }
        let thread = try LoopThread()
        let response = try await thread.transport.open(get(server))
        var position = 0
        while position < 600_000, let piece = try await response.body.next() {
            try #require(Pattern.matches(piece, at: position))
            position += piece.count
        }
        isRead.open(upTo: 1)
        for _ in 0..<2 {
            let error = await #expect(throws: TransportError.self) { try await response.body.next() }
            #expect(error?.kind == .connectionLost)
        }
        #expect(try await thread.transport.open(get(server)).status == 200)
    }

    @Test(arguments: ["", "HTTP/1.1 200 OK\r\nX-A: 1\r\n", "HTTP/1.1 200 OK\r\nno colon\r\n\r\n"])
    func withoutAHeadThereIsNoResponse(raw: String) async throws {
        let server = try LoopbackServer { _ in .init(raw: raw, then: .close) }
        let thread = try LoopThread()
        await #expect(throws: TransportError.self) { try await thread.transport.open(get(server)) }
        let nobody = await #expect(throws: TransportError.self) {
            try await thread.transport.open(HTTPRequest(.get, scheme: "http", authority: "127.0.0.1:1"))
        }
        #expect(nobody?.kind == .connect)
    }

    enum Leaving: CaseIterable { case cancelReader, dropReader, cancelTask, cancelWaitingTask }

    @Test(arguments: Leaving.allCases)
    func leavingABodyClosesItsConnectionAndTheNextRequestIsClean(_ leaving: Leaving) async throws {
        let gate = Gate()
        let server = try LoopbackServer { received in
            if received.line.contains("/ok") { return .init(HTTPResponse(status: 200, body: [1, 2, 3])) }
            return .init(raw: "HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n") { number in
                // The waiting task shall have nothing to read.
                if leaving == .cancelWaitingTask { gate.wait(for: number) }
                return [UInt8](repeating: 9, count: 100_000)
            }
        }
        gate.open(upTo: 0)
        defer { gate.open(upTo: .max) }
        let thread = try LoopThread()
        for count in 1...3 {
            let isReading = Mutex(false)
            let task = Task {
                let response = try await thread.transport.open(get(server))
                _ = try await response.body.next()
                switch leaving {
                case .cancelReader:
                    try await standstill(of: server)
                    response.body.cancel()
                    await #expect(throws: CancellationError.self) { try await response.body.next() }
                case .dropReader: try await standstill(of: server)
                case .cancelTask, .cancelWaitingTask:
                    isReading.withLock { $0 = true }
                    while try await response.body.next() != nil {}
                }
            }
            if leaving == .cancelTask || leaving == .cancelWaitingTask {
                try await eventually { isReading.withLock { $0 } }
                task.cancel()
                await #expect(throws: CancellationError.self) { try await task.value }
            } else {
                try await task.value
            }
            if leaving != .cancelWaitingTask { try await eventually { server.closedConnectionCount == count } }
            #expect(try await thread.transport.send(get(server, path: "/ok")).body == [1, 2, 3])
            #expect(try await thread.transport.open(get(server, path: "/ok")).body.collect(upTo: 9).bytes == [1, 2, 3])
        }
    }

    @Test func aTaskThatIsCancelledWhileItOpensGetsItsError() async throws {
        let server = try LoopbackServer { _ in nil }
        let thread = try LoopThread()
        let task = Task { try await thread.transport.open(get(server)) }
        try await eventually { server.requests.count == 1 }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        let early = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            _ = try await thread.transport.open(get(server))
        }
        await #expect(throws: CancellationError.self) { try await early.value }
    }

    @Test func theTimeLimitHoldsWhileTheTransferIsPaused() async throws {
        let server = try server(ofLength: 64 << 20)
        let thread = try LoopThread()
        let response = try await thread.transport.open(
            get(server), options: TransferOptions(timeout: .milliseconds(150)))
        try await eventually { server.closedConnectionCount == 1 }
        let error = await #expect(throws: TransportError.self) { while try await response.body.next() != nil {} }
        #expect(error?.kind == .timeout)
    }

    @Test func aServerThatGoesSilentIsATimeoutButASlowReaderIsNot() async throws {
        let gate = Gate()
        let server = try LoopbackServer { _ in
            .init(raw: "HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n") { number in
                gate.wait(for: number)
                return [UInt8](repeating: 9, count: 100_000)
            }
        }
        gate.open(upTo: 10)
        defer { gate.open(upTo: .max) }
        let thread = try LoopThread()
        let options = TransferOptions(timeout: nil, stallTimeout: .milliseconds(100))
        let response = try await thread.transport.open(get(server), options: options)
        var count = 0
        _ = try await response.body.collect(upTo: 1)
        try await Task.sleep(for: .milliseconds(250))
        let error = await #expect(throws: TransportError.self) {
            while let piece = try await response.body.next() { count += piece.count }
        }
        #expect(error?.kind == .timeout)
        #expect(error?.reason.contains("0.1 seconds") == true)
        #expect(count == 1_099_999)
    }

    @Test func manyBodiesAreReadSideBySide() async throws {
        let server = try server(ofLength: 2_000_000)
        let thread = try LoopThread()
        try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<24 {
                group.addTask(executorPreference: number.isMultiple(of: 2) ? thread.loop : nil) {
                    let response = try await thread.transport.open(get(server))
                    if number.isMultiple(of: 6) {
                        _ = try await response.body.next()
                        return 2_000_000
                    }
                    return try await readPattern(response.body)
                }
            }
            for try await count in group { #expect(count == 2_000_000) }
        }
        #expect(try await readPattern(thread.transport.open(get(server)).body) == 2_000_000)
    }

    @Test func aSecondReaderIsRefusedAndTheFirstGoesOn() async throws {
        let gate = Gate()
        let server = try LoopbackServer { _ in
            .init(raw: "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n") {
                gate.wait(for: $0)
                return $0 == 0 ? [7] : nil
            }
        }
        let thread = try LoopThread()
        let body = try await thread.transport.open(get(server)).body
        let results = await withTaskGroup(of: Result<[UInt8]?, any Error>.self) { group in
            for _ in 0..<2 {
                group.addTask {
                    do { return .success(try await body.next()) } catch { return .failure(error) }
                }
            }
            let refused = await group.next()
            gate.open(upTo: 1)
            return [refused, await group.next()].compactMap { $0 }
        }
        #expect(throws: TransportError.self) { try results[0].get() }
        #expect(try results[1].get() == [7])
    }

    @Test func aStreamedRequestGoesOutWhileItsResponseIsRead() async throws {
        let server = try LoopbackServer { .init(HTTPResponse(status: 200, body: $0.body)) }
        let thread = try LoopThread()
        let number = Mutex(0)
        let stream = HTTPBodyStream {
            let start = number.withLock { number in
                defer { number += 1 }
                return number * 50_000
            }
            return start < 1_000_000 ? Pattern.bytes(start..<start + 50_000) : nil
        }
        var request = get(server, .post)
        request.body = .stream(stream)
        #expect(try await readPattern(thread.transport.open(request).body) == 1_000_000)
        struct Broken: Error {}
        request.body = .stream(HTTPBodyStream { throw Broken() })
        let error = await #expect(throws: TransportError.self) { try await thread.transport.open(request) }
        #expect(error?.kind == .bodyStream)
    }

    /// Waits until the server cannot write any more.
    private func standstill(of server: LoopbackServer) async throws {
        var last = -1
        while server.pieceBytesWritten != last {
            last = server.pieceBytesWritten
            try await Task.sleep(for: .milliseconds(60))
        }
    }
}
