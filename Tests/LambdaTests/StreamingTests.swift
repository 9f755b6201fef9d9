import Foundation
import HTTP
import JSON
import Lambda
import Synchronization
import TestSupport
import Testing

private struct Broken: Error, CustomStringConvertible { var description = "The disk is full." }

@Suite struct StreamingTests {
    @Test func piecesArriveInOrderWithoutTrailers() async throws {
        let service = FakeService([.event("1")])
        try await service.run(
            streaming: StreamClosure { response in
                try response.start(contentType: "text/csv")
                for number in 0..<100 { try await response.write("\(number),") }
            })
        let post = try #require(service.posts.first)
        #expect(post.request.path == "/2018-06-01/runtime/invocation/1/response")
        #expect(post.request.headers["Content-Type"] == "text/csv")
        #expect(post.request.headers["Lambda-Runtime-Function-Response-Mode"] == "streaming")
        #expect(
            post.request.headers["Trailer"]
                == "Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body")
        #expect(String(decoding: post.body, as: UTF8.self) == (0..<100).map { "\($0)," }.joined())
        #expect(post.trailers.fields.isEmpty)
    }

    @Test func statusAndHeadersGoBeforeTheFirstPiece() async throws {
        let service = FakeService([.event("1")])
        try await service.run(
            streaming: StreamClosure { response in
                try response.start(
                    status: 201, headers: ["X-A": "1", "x-a": "2", "Set-Cookie": "c=1", "set-cookie": "d=2"])
                try await response.write("body")
            })
        let post = try #require(service.posts.first)
        #expect(post.request.headers["Content-Type"] == "application/vnd.awslambda.http-integration-response")
        let head = #"{"statusCode":201,"headers":{"x-a":"1, 2"},"cookies":["c=1","d=2"]}"#
        #expect(post.body == Array(head.utf8) + [UInt8](repeating: 0, count: 8) + Array("body".utf8))
    }

    @Test func aHeadAloneIsSentToo() async throws {
        let service = FakeService([.event("1")])
        try await service.run(streaming: StreamClosure { response in try response.start(status: 204) })
        #expect(service.posts.first?.body.suffix(8) == ArraySlice([UInt8](repeating: 0, count: 8)))
    }

    @Test func anErrorBeforeTheFirstPieceIsAnOrdinaryError() async throws {
        let service = FakeService([.event("1")])
        try await service.run(
            streaming: StreamClosure { response in
                try response.start(status: 200)
                throw Broken()
            })
        #expect(service.posts.map(\.request.path) == ["/2018-06-01/runtime/invocation/1/error"])
        #expect(service.posts.first?.request.headers["Lambda-Runtime-Function-Error-Type"] == "Function.Broken")
    }

    @Test func anErrorAfterwardsIsInTheTrailers() async throws {
        let service = FakeService([.event("1"), .event("2")])
        try await service.run(
            streaming: StreamClosure { response in
                try await response.write("half")
                throw Broken()
            })
        #expect(service.posts.count == 2)
        let post = try #require(service.posts.first)
        #expect(post.body == Array("half".utf8))
        #expect(post.trailers["Lambda-Runtime-Function-Error-Type"] == "Function.Broken")
        let text = try #require(post.trailers["Lambda-Runtime-Function-Error-Body"])
        let body = try JSONValue(parsing: [UInt8](try #require(Data(base64Encoded: text))))
        #expect(body["errorMessage"] == "The disk is full.")
        #expect(body["errorType"] == "Function.Broken")
    }

    @Test func aSlowReceiverSlowsTheWriter() async throws {
        let written = Mutex(0)
        let most = Mutex(0)
        let taken = Mutex(0)
        let transport = RawTransport { request in
            guard case .stream(let stream) = request.body else {
                try await FakeService.untilCancelled()
                return HTTPResponse(status: 500)
            }
            while try await stream.next() != nil {
                let count = taken.withLock {
                    $0 += 1; return $0
                }
                // Whoever can run, runs before the next piece is taken.
                for _ in 0..<20 { await Task.yield() }
                most.withLock { $0 = max($0, written.withLock { $0 } - count) }
            }
            return HTTPResponse(status: 202)
        }
        let service = FakeService([.event("1")])
        let first = service.transport
        let both = RawTransport { request in
            request.method == .get
                ? try await first.send(request, options: TransferOptions())
                : try await transport.send(request, options: TransferOptions())
        }
        let runtime = LambdaRuntime(
            .streamed(
                StreamClosure { response in
                    for _ in 0..<50 {
                        try await response.write([1])
                        written.withLock { $0 += 1 }
                    }
                }), client: try service.client(both), clock: service.clock, logger: service.log.logger)
        await service.run(runtime)
        #expect(taken.withLock { $0 } == 50)
        #expect(most.withLock { $0 } <= 1)
    }

    @Test func aWriterLearnsThatNobodyReads() async throws {
        let failure = Mutex<String?>(nil)
        let service = FakeService([.event("1"), .event("2")])
        let reading = service.transport
        let transport = RawTransport { request in
            guard case .stream(let stream) = request.body else {
                return try await reading.send(request, options: TransferOptions())
            }
            _ = try await stream.next()
            throw TransportError(.connectionLost, "the test says so", request: request)
        }
        let runtime = LambdaRuntime(
            .streamed(
                StreamClosure { response in
                    do {
                        while true { try await response.write([1]) }
                    } catch {
                        failure.withLock { $0 = "\(error)" }
                        throw error
                    }
                }), client: try service.client(transport), clock: service.clock, logger: service.log.logger)
        await service.run(runtime)
        #expect(failure.withLock { $0 }?.contains("the connection broke") == true)
        #expect(transport.requests.filter { $0.path.hasSuffix("/error") }.isEmpty)
        #expect(transport.requests.filter { $0.path.hasSuffix("/2/response") }.count == 1)
    }

    @Test func aHeadAfterTheFirstPieceAndHeadersThatAreNoneAreRefused() async throws {
        let service = FakeService([.event("1")])
        try await service.run(
            streaming: StreamClosure { response in
                #expect(throws: ResponseStreamError.self) { try response.start(contentType: "a\r\nb: c") }
                #expect(throws: ResponseStreamError.self) { try response.start(status: 99) }
                #expect(throws: ResponseStreamError.self) { try response.start(status: 200, headers: ["a": "b\n"]) }
                try await response.write("x")
                #expect(throws: ResponseStreamError.self) { try response.start(status: 200) }
            })
        #expect(service.posts.first?.request.headers["Content-Type"] == "application/octet-stream")
    }
}
