import Foundation
import Glibc
import HTTP
import LambdaEmulator
import Synchronization
import Testing

/// Echoes the body, refuses what goes to `/refuse`.
private struct EchoHandler: ServerHandler {
    var maximumBodyBytes: Int { 100_000 }

    func refusal(of head: ServerRequestHead) -> ServerResponse? {
        head.path == "/refuse" ? ServerResponse(status: 413, body: Array("no".utf8)) : nil
    }

    func respond(to request: ServerRequest) async -> ServerResponse {
        ServerResponse(
            status: request.bodyIsTooLarge ? 413 : 200, headers: ["X-Target": request.head.target], body: request.body)
    }

    func responseToMalformedRequest() -> ServerResponse { ServerResponse(status: 400, body: Array("bad".utf8)) }
}

@Suite struct HTTPServerTests {
    private func withServer<Value: Sendable>(
        _ handler: any ServerHandler = EchoHandler(), _ body: @escaping @Sendable (Int) async throws -> Value
    ) async throws -> Value {
        let server = try await HTTPServer()
        return try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask {
                try await server.run(handler)
                return nil
            }
            group.addTask { try await body(server.port) }
            defer { group.cancelAll() }
            while let value = try await group.next() {
                if let value { return value }
            }
            throw CancellationError()
        }
    }

    /// Sends raw bytes and reads until the server closes; on a thread of its own, since it blocks.
    private static func exchange(_ port: Int, _ text: String) async -> String {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
                defer { close(socket) }
                var address = sockaddr_in()
                address.sin_family = sa_family_t(AF_INET)
                address.sin_port = in_port_t(UInt16(port).bigEndian)
                address.sin_addr.s_addr = inet_addr("127.0.0.1")
                let connected = withUnsafePointer(to: &address) {
                    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                    }
                }
                guard connected == 0 else { return continuation.resume(returning: "no connection") }
                _ = send(socket, text, text.utf8.count, Int32(MSG_NOSIGNAL))
                var bytes: [UInt8] = []
                var buffer = [UInt8](repeating: 0, count: 65_536)
                while true {
                    let count = recv(socket, &buffer, buffer.count, 0)
                    guard count > 0 else { break }
                    bytes.append(contentsOf: buffer[..<count])
                }
                continuation.resume(returning: String(decoding: bytes, as: UTF8.self))
            }
        }
    }

    @Test func `Requests sent at once are answered in order, on one connection`() async throws {
        let answer = try await withServer { port in
            await Self.exchange(
                port,
                "POST /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\na"
                    + "POST /2?a=%2f+' HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nb\r\n0\r\n\r\n"
                    + "GET /3 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        }
        #expect(answer.components(separatedBy: "HTTP/1.1 200 OK\r\n").count == 4)
        #expect(answer.contains("X-Target: /2?a=%2f+'\r\n"))
        #expect(answer.contains("Connection: close\r\n"))
    }

    @Test(arguments: [
        "nonsense\r\n\r\n", "GET / HTTP/1.1\r\nBad Header: x\r\n\r\n", "GET / HTTP/1.1\r\nHost : h\r\n\r\n",
    ])
    func `What is not HTTP is answered in the handler's words, and the connection ends`(text: String) async throws {
        let answer = try await withServer { await Self.exchange($0, text) }
        #expect(answer.hasPrefix("HTTP/1.1 400 "))
        #expect(answer.hasSuffix("\r\n\r\nbad"))
    }

    @Test func `A refused request gets its answer though its body is still coming`() async throws {
        let answer = try await withServer { port in
            let body = String(repeating: "x", count: 300_000)
            return await Self.exchange(
                port, "POST /refuse HTTP/1.1\r\nHost: h\r\nContent-Length: 300000\r\n\r\n\(body)")
        }
        #expect(answer.hasPrefix("HTTP/1.1 413 "))
        #expect(answer.hasSuffix("no"))
    }

    @Test func `HEAD has the length, but no body`() async throws {
        let answer = try await withServer { port in
            await Self.exchange(
                port, "HEAD / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc")
        }
        #expect(answer.contains("Content-Length: 3\r\n"))
        #expect(answer.hasSuffix("\r\n\r\n"))
    }

    @Test func `A streamed body of known length arrives whole, or not at all`() async throws {
        try await withServer { port in
            let transport = LoopbackTransport()
            func post(_ pieces: [[UInt8]], length: Int) async throws -> HTTPResponse {
                let rest = Mutex(pieces[...])
                return try await transport.send(
                    HTTPRequest(
                        .post, scheme: "http", authority: "127.0.0.1:\(port)",
                        body: .stream(HTTPBodyStream(contentLength: length) { rest.withLock { $0.popFirst() } })))
            }
            let (whole, empty) = (try await post([[1, 2], [], [3]], length: 3), try await post([], length: 0))
            #expect(whole.body == [1, 2, 3])
            #expect(empty.body.isEmpty)
            for length in [2, 4] {
                let error = await #expect(throws: TransportError.self) {
                    try await post([[1, 2], [3]], length: length)
                }
                #expect(error?.kind == .bodyStream)
            }
        }
    }

    @Test func `A body over the limit is not kept, and the connection goes on`() async throws {
        try await withServer { port in
            let transport = LoopbackTransport()
            func post(_ count: Int) async throws -> HTTPResponse {
                try await transport.send(
                    HTTPRequest(
                        .post, scheme: "http", authority: "127.0.0.1:\(port)",
                        body: .bytes([UInt8](repeating: 0x61, count: count))))
            }
            #expect(try await post(100_000).status == 200)
            let large = try await post(1_000_000)
            #expect(large.status == 413)
            #expect(large.body.count <= 100_000)
            #expect(try await post(1).body == [0x61])
        }
    }

    @Test(arguments: [
        ("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\n", "501 Not Implemented"),
        ("TRACE / HTTP/1.1\r\nHost: h\r\n\r\n", "405 Method Not Allowed"),
        ("GET / HTTP/1.1\r\n\r\n", "400 Bad Request"),
        ("GET /\u{1}x HTTP/1.1\r\nHost: h\r\n\r\n", "400 Bad Request"),
        ("GET / HTTP/1.1\r\nHost: h\r\nX: \(String(repeating: "a", count: 100_000))\r\n\r\n", "400 Bad Request"),
        ("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", "502 Bad Gateway"),
    ])
    func `A load balancer on a socket answers with its own pages`(text: String, status: String) async throws {
        let balancer = LoadBalancer(log: { _ in }) { _ in
            .success(FunctionResponse(payload: Array("not JSON".utf8)))
        }
        let answer = try await withServer(balancer) { await Self.exchange($0, text) }
        #expect(answer.hasPrefix("HTTP/1.1 \(status)\r\n"))
        #expect(answer.contains("\r\nServer: awselb/2.0\r\n"))
        #expect(answer.contains("\r\n\r\n<html>\r\n<head><title>\(status)</title></head>\r\n"))
    }

    @Test func `A port in use is an error with a way out`() async throws {
        let server = try await HTTPServer()
        let error = await #expect(throws: LocalError.self) { try await HTTPServer(port: server.port) }
        #expect(error?.description.contains("--port") == true)
        await server.close()
    }
}
