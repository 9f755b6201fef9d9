public import HTTP

/// The transport on libcurl and an event loop. Connections are kept and shared by all requests.
///
/// A task that runs on the loop (by executor preference) sends without a thread hop; any other task may send too.
public struct CurlTransport: HTTPTransport {
    private let loop: EventLoop

    /// A transport whose transfers the loop drives.
    public init(_ loop: EventLoop) {
        self.loop = loop
    }

    /// Sends a request: only HTTP/1.1, redirects not followed, certificates always verified, the bytes of path, query,
    /// headers and body as given.
    ///
    /// - Throws: ``TransportError``, or `CancellationError` when the task was cancelled, which aborts the transfer.
    public func send(_ request: HTTPRequest, options: TransferOptions) async throws -> HTTPResponse {
        try request.validate()
        let transfer = Transfer(request, options)
        guard case .stream(let stream) = request.body else { return try await run(transfer) }
        return try await withThrowingTaskGroup(of: HTTPResponse?.self) { group in
            group.addTask { try await run(transfer) }
            group.addTask {
                await pump(stream, into: transfer)
                return nil
            }
            defer { group.cancelAll() }
            while let response = try await group.next() {
                if let response { return response }
            }
            throw CancellationError()
        }
    }

    private func run(_ transfer: Transfer) async throws -> HTTPResponse {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                loop.execute { [loop] in transfer.begin(on: loop, continuation) }
            }
        } onCancel: {
            loop.execute { [loop] in transfer.cancel(on: loop) }
        }
    }

    /// Carries the pieces of a body to the transfer, one at a time.
    private func pump(_ stream: HTTPBodyStream, into transfer: Transfer) async {
        do {
            var isAtEnd = false
            while !isAtEnd {
                let piece = try await stream.next()
                isAtEnd = piece == nil
                try await withCheckedThrowingContinuation { producer in
                    loop.execute { transfer.offer(piece, producer) }
                }
            }
        } catch {
            // Also when the transfer is over and the piece was not wanted any more: it does not fail twice.
            let failure = TransportError(
                .bodyStream, "the request body could not be produced: \(error)", request: transfer.request)
            loop.execute { [loop] in transfer.fail(failure, on: loop) }
        }
    }
}
