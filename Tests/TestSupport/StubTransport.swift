public import HTTP
import Synchronization

/// A transport that answers from a closure and keeps what it was asked. It keeps a transport's contract: it refuses
/// invalid requests, reads a streamed body to its end and enforces the cap on the response.
public final class StubTransport: HTTPTransport {
    private let answer: @Sendable (HTTPRequest) async throws -> HTTPResponse
    private let log = Mutex<[(request: HTTPRequest, options: TransferOptions)]>([])

    /// Answers every request with the closure, which sees a streamed body as bytes, its trailers among the headers; a
    /// ``TransportError`` it throws is what a failed network looks like.
    public init(_ answer: @escaping @Sendable (HTTPRequest) async throws -> HTTPResponse) {
        self.answer = answer
    }

    /// The requests so far, in order of arrival.
    public var requests: [HTTPRequest] { log.withLock { $0.map(\.request) } }

    /// The options of the requests so far.
    public var options: [TransferOptions] { log.withLock { $0.map(\.options) } }

    /// Keeps the request and answers it.
    public func send(_ request: HTTPRequest, options: TransferOptions) async throws -> HTTPResponse {
        try request.validate()
        try Task.checkCancellation()
        let request = try await withBytes(request)
        log.withLock { $0.append((request, options)) }
        var response = try await answer(request)
        guard response.body.count <= options.maximumResponseBytes else {
            throw TransportError(.responseTooLarge, "the response body is over the limit", request: request)
        }
        if request.method == .head { response.body = [] }
        return response
    }

    private func withBytes(_ request: HTTPRequest) async throws -> HTTPRequest {
        guard case .stream(let stream) = request.body else { return request }
        var request = request
        var bytes: [UInt8] = []
        do {
            while let piece = try await stream.next() { bytes += piece }
        } catch {
            throw TransportError(.bodyStream, "the request body could not be produced: \(error)", request: request)
        }
        for field in stream.trailers() { request.headers.append(field.name, field.value) }
        request.body = .bytes(bytes)
        return request
    }
}
