public import HTTP
import Synchronization

/// A transport that answers from a closure and keeps what it was asked.
public final class StubTransport: HTTPTransport {
    private let answer: @Sendable (HTTPRequest) async throws -> HTTPResponse
    private let log = Mutex<[(request: HTTPRequest, options: TransferOptions)]>([])

    /// Answers every request with the closure; a ``TransportError`` it throws is what a failed network looks like.
    public init(_ answer: @escaping @Sendable (HTTPRequest) async throws -> HTTPResponse) {
        self.answer = answer
    }

    /// The requests so far, in order of arrival.
    public var requests: [HTTPRequest] { log.withLock { $0.map(\.request) } }

    /// The options of the requests so far.
    public var options: [TransferOptions] { log.withLock { $0.map(\.options) } }

    /// Keeps the request and answers it.
    public func send(_ request: HTTPRequest, options: TransferOptions) async throws -> HTTPResponse {
        log.withLock { $0.append((request, options)) }
        try Task.checkCancellation()
        return try await answer(request)
    }
}
