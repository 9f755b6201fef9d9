import HTTP
import Synchronization
import TestSupport
import Testing

@Suite struct HTTPBodyReaderTests {
    /// A reader of pieces that ends, or fails after them, and counts how many were asked for and how often it was aborted.
    private final class Source: Sendable {
        let asked = Mutex(0)
        let aborted = Mutex(0)
        private let pieces: [[UInt8]]
        private let failure: (any Error)?

        init(_ pieces: [[UInt8]], failure: (any Error)? = nil) {
            self.pieces = pieces
            self.failure = failure
        }

        func reader(expectedLength: Int? = nil) -> HTTPBodyReader {
            HTTPBodyReader(
                expectedLength: expectedLength,
                next: { [self] in
                    let number = asked.withLock { asked in
                        defer { asked += 1 }
                        return asked
                    }
                    if number < pieces.count { return pieces[number] }
                    if let failure { throw failure }
                    return nil
                },
                cancel: { [self] in aborted.withLock { $0 += 1 } })
        }
    }

    private struct Broken: Error {}

    @Test func piecesComeInOrderWithoutEmptyOnesAndTheEndStays() async throws {
        let source = Source([[], [1], [], [2, 3]])
        let reader = source.reader()
        #expect(try await reader.next() == [1])
        #expect(try await reader.next() == [2, 3])
        #expect(try await reader.next() == nil)
        #expect(try await reader.next() == nil)
        #expect(source.asked.withLock { $0 } == 5)
    }

    @Test(
        arguments: [
            (0, [], false, [1, 2, 3, 4, 5, 6]), (1, [1], false, [2, 3, 4, 5, 6]), (2, [1, 2], false, [3, 4, 5, 6]),
            (5, [1, 2, 3, 4, 5], false, [6]), (6, [1, 2, 3, 4, 5, 6], true, []),
            (Int.max, [1, 2, 3, 4, 5, 6], true, []), (-1, [], false, [1, 2, 3, 4, 5, 6]),
        ] as [(Int, [UInt8], Bool, [UInt8])])
    func collectingStopsAtTheLimitAndLosesNothing(
        limit: Int, first: [UInt8], isComplete: Bool, rest: [UInt8]
    ) async throws {
        let reader = Source([[1, 2], [3], [4, 5, 6]]).reader(expectedLength: 6)
        let start = try await reader.collect(upTo: limit)
        #expect(start.bytes == first)
        #expect(start.isComplete == isComplete)
        let end = try await reader.collect(upTo: 100)
        #expect(end.bytes == rest)
        #expect(end.isComplete)
    }

    @Test func collectingReadsNoMoreThanOnePieceAhead() async throws {
        let source = Source([[1, 2], [3, 4], [5, 6]])
        let reader = source.reader()
        _ = try await reader.collect(upTo: 2)
        #expect(source.asked.withLock { $0 } == 2)
        #expect(try await reader.next() == [3, 4])
        #expect(source.asked.withLock { $0 } == 2)
    }

    @Test func anEmptyBodyIsCompleteWithinAnyLimit() async throws {
        #expect(try await HTTPBodyReader([]).collect(upTo: 0).isComplete)
        #expect(try await HTTPBodyReader([]).next() == nil)
        #expect(HTTPBodyReader([1, 2]).expectedLength == 2)
    }

    @Test func aFailureComesAfterThePieces() async throws {
        let reader = Source([[1], [2]], failure: Broken()).reader()
        #expect(try await reader.next() == [1])
        #expect(try await reader.next() == [2])
        await #expect(throws: Broken.self) { try await reader.next() }
        await #expect(throws: Broken.self) { try await reader.next() }
    }

    @Test func droppingAbortsOnceUnlessTheEndWasReached() async throws {
        let source = Source([[1], [2]])
        do {
            let reader = source.reader()
            _ = try await reader.next()
            reader.cancel()
            await #expect(throws: CancellationError.self) { try await reader.next() }
        }
        #expect(source.aborted.withLock { $0 } == 1)
        do { _ = try await source.reader().collect(upTo: 0) }
        #expect(source.aborted.withLock { $0 } == 2)
        let whole = Source([[1]])
        do { _ = try await whole.reader().collect(upTo: 10) }
        #expect(whole.aborted.withLock { $0 } == 0)
    }

    @Test func whatWasHeldBackIsGoneAfterCancelling() async throws {
        let reader = HTTPBodyReader([1, 2, 3])
        #expect(try await reader.collect(upTo: 1).bytes == [1])
        reader.cancel()
        await #expect(throws: CancellationError.self) { try await reader.next() }
    }

    @Test func aStubSaysHowMuchOfItsResponsesWasTaken() async throws {
        let stub = StubTransport.streaming { request in
            StubTransport.Pieces(
                headers: ["Content-Length": "3"], [[1], [2], [3]], thenThrow: request.path == "/" ? nil : Broken())
        }
        let request = HTTPRequest(.get, authority: "a.test")
        do { _ = try await stub.open(request).body.collect(upTo: 1) }
        #expect(try await stub.open(request).body.collect(upTo: 10).bytes == [1, 2, 3])
        #expect(stub.opened.map(\.piecesTaken) == [2, 3])
        #expect(stub.opened.map(\.isAbandoned) == [true, false])
        #expect(try await stub.send(request).body == [1, 2, 3])
        let broken = HTTPRequest(.get, authority: "a.test", path: "/broken")
        await #expect(throws: Broken.self) { try await stub.open(broken).body.collect(upTo: 10) }
    }

    @Test func aTransportThatCannotStreamGivesOnePieceWithinItsCap() async throws {
        struct Whole: HTTPTransport {
            let stub = StubTransport { _ in HTTPResponse(status: 206, headers: ["X-A": "1"], body: [1, 2, 3]) }
            func send(_ request: HTTPRequest, options: TransferOptions) async throws -> HTTPResponse {
                try await stub.send(request, options: options)
            }
        }
        let request = HTTPRequest(.get, authority: "a.test")
        let response = try await Whole().open(request)
        #expect(response.status == 206)
        #expect(response.headers == ["X-A": "1"])
        #expect(response.body.expectedLength == 3)
        #expect(try await response.body.next() == [1, 2, 3])
        #expect(try await response.body.next() == nil)
        let error = await #expect(throws: TransportError.self) {
            try await Whole().open(request, options: TransferOptions(maximumResponseBytes: 2))
        }
        #expect(error?.kind == .responseTooLarge)
    }
}

@Suite struct HTTPBodyStreamTests {
    private static func stream(_ pieces: [[UInt8]], of length: Int) -> HTTPBodyStream {
        let pieces = Mutex(pieces[...])
        return HTTPBodyStream(contentLength: length) { pieces.withLock { $0.popFirst() } }.checked()
    }

    @Test(arguments: [([], 0), ([[]], 0), ([[1]], 1), ([[1], [], [2, 3], []], 3)] as [([[UInt8]], Int)])
    func aBodyOfTheAnnouncedLengthPasses(pieces: [[UInt8]], length: Int) async throws {
        let stream = Self.stream(pieces, of: length)
        var bytes: [UInt8] = []
        while let piece = try await stream.next() { bytes += piece }
        #expect(bytes == pieces.flatMap { $0 })
        #expect(try await stream.next() == nil)
    }

    @Test func aShortBodyFailsAtItsEnd() async throws {
        let stream = Self.stream([[1, 2]], of: 5)
        #expect(try await stream.next() == [1, 2])
        let error = await #expect(throws: HTTPBodyLengthError.self) { try await stream.next() }
        #expect(error?.description == "it ended 3 bytes before the announced 5")
    }

    @Test(arguments: [([[1], [2, 3, 4]], 1), ([[1], [2], [], [3]], 1), ([[1, 2, 3]], 0)] as [([[UInt8]], Int)])
    func aLongBodyFailsBeforeItsLastAnnouncedByteIsGiven(pieces: [[UInt8]], given: Int) async throws {
        let stream = Self.stream(pieces, of: 2)
        for _ in 0..<given { _ = try await stream.next() }
        let error = await #expect(throws: HTTPBodyLengthError.self) { try await stream.next() }
        #expect(error?.isLonger == true)
    }
}
