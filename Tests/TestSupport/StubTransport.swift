public import HTTP
import Synchronization

/// A transport that answers from a closure and keeps what it was asked. It keeps a transport's contract: it refuses
/// invalid requests, reads a streamed body to its end and enforces the cap on the response.
public final class StubTransport: HTTPTransport {
    /// A response whose body comes in pieces.
    public struct Pieces: Sendable {
        /// The status code.
        public var status: Int
        /// The header fields; a `Content-Length` among them is what the reader expects.
        public var headers: HTTPHeaders
        /// Gives the piece of a number, counted from 0, or nil at the end; an error breaks the body off.
        public var piece: @Sendable (Int) async throws -> [UInt8]?

        /// A body that is made while it is read.
        public init(
            status: Int = 200, headers: HTTPHeaders = [:], piece: @escaping @Sendable (Int) async throws -> [UInt8]?
        ) {
            self.status = status
            self.headers = headers
            self.piece = piece
        }

        /// A body at hand, which ends with the error if there is one.
        public init(
            status: Int = 200, headers: HTTPHeaders = [:], _ pieces: [[UInt8]], thenThrow error: (any Error)? = nil
        ) {
            self.init(status: status, headers: headers) { number in
                if number < pieces.count { return pieces[number] }
                if let error { throw error }
                return nil
            }
        }
    }

    /// What became of a response that was opened.
    public struct Opened: Sendable {
        /// How many pieces were taken, the end not counted.
        public var piecesTaken = 0
        /// Whether the reader was dropped or cancelled before the end.
        public var isAbandoned = false
    }

    private let answer: @Sendable (HTTPRequest) async throws -> Pieces
    private let log = Mutex<[(request: HTTPRequest, options: TransferOptions)]>([])
    private let openings = Mutex<[Opened]>([])

    private init(pieces answer: @escaping @Sendable (HTTPRequest) async throws -> Pieces) {
        self.answer = answer
    }

    /// Answers every request with the closure, which sees a streamed body as bytes, its trailers among the headers; a
    /// ``TransportError`` it throws is what a failed network looks like. `open` gives the body in one piece.
    public convenience init(_ answer: @escaping @Sendable (HTTPRequest) async throws -> HTTPResponse) {
        self.init(pieces: { request in
            let response = try await answer(request)
            return Pieces(status: response.status, headers: response.headers, [response.body])
        })
    }

    /// Answers every request with pieces, which `send` joins.
    public static func streaming(_ answer: @escaping @Sendable (HTTPRequest) async throws -> Pieces) -> StubTransport {
        StubTransport(pieces: answer)
    }

    /// The requests so far, in order of arrival.
    public var requests: [HTTPRequest] { log.withLock { $0.map(\.request) } }

    /// The options of the requests so far.
    public var options: [TransferOptions] { log.withLock { $0.map(\.options) } }

    /// What became of the responses that were opened, in order.
    public var opened: [Opened] { openings.withLock { $0 } }

    /// Keeps the request and answers it.
    public func send(_ request: HTTPRequest, options: TransferOptions) async throws -> HTTPResponse {
        let (request, pieces) = try await exchange(request, options)
        var body: [UInt8] = []
        var number = 0
        while let piece = try await pieces.piece(number) {
            body += piece
            number += 1
            guard body.count <= options.maximumResponseBytes else {
                throw TransportError(.responseTooLarge, "the response body is over the limit", request: request)
            }
        }
        if request.method == .head { body = [] }
        return HTTPResponse(status: pieces.status, headers: pieces.headers, body: body)
    }

    /// Keeps the request and answers it with a body that is made as it is read.
    public func open(_ request: HTTPRequest, options: TransferOptions) async throws -> HTTPIncomingResponse {
        let (request, pieces) = try await exchange(request, options)
        let index = openings.withLock { openings in
            openings.append(Opened())
            return openings.count - 1
        }
        let hasBody = request.method != .head
        let reader = HTTPBodyReader(
            expectedLength: hasBody ? pieces.headers["Content-Length"].flatMap { Int($0) } : 0,
            next: { [self] in
                try Task.checkCancellation()
                let number = openings.withLock { $0[index].piecesTaken }
                guard hasBody, let piece = try await pieces.piece(number) else { return nil }
                openings.withLock { $0[index].piecesTaken += 1 }
                return piece
            },
            cancel: { [self] in openings.withLock { $0[index].isAbandoned = true } })
        return HTTPIncomingResponse(status: pieces.status, headers: pieces.headers, body: reader)
    }

    private func exchange(
        _ request: HTTPRequest, _ options: TransferOptions
    ) async throws -> (HTTPRequest, Pieces) {
        try request.validate()
        try Task.checkCancellation()
        let request = try await withBytes(request)
        log.withLock { $0.append((request, options)) }
        return (request, try await answer(request))
    }

    private func withBytes(_ request: HTTPRequest) async throws -> HTTPRequest {
        guard case .stream(let stream) = request.body else { return request }
        let checked = stream.checked()
        var request = request
        var bytes: [UInt8] = []
        do {
            while let piece = try await checked.next() { bytes += piece }
        } catch {
            throw TransportError(.bodyStream, "the request body could not be produced: \(error)", request: request)
        }
        if stream.contentLength == nil {
            for field in stream.trailers() { request.headers.append(field.name, field.value) }
        }
        request.body = .bytes(bytes)
        return request
    }
}
