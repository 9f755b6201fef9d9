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
        let request = try await readyToSend(request)
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

    /// Sends a request in the same way and gives the head of the response. The connection stands still while the reader
    /// takes its time: at most 256 KiB wait to be taken, and as much in libcurl.
    ///
    /// A streamed request body is produced on the event loop's thread, for as long as the transfer lasts.
    public func open(_ request: HTTPRequest, options: TransferOptions) async throws -> HTTPIncomingResponse {
        let request = try await readyToSend(request)
        let transfer = Transfer(request, options, isStreaming: true)
        if case .stream(let stream) = request.body {
            let producer = Task(executorPreference: loop) { await pump(stream, into: transfer) }
            loop.execute { transfer.own(producer) }
        }
        let head = try await run(transfer)
        let reader = HTTPBodyReader(
            expectedLength: Self.bodyLength(of: head, to: request.method),
            next: { [loop] in
                try await withTaskCancellationHandler {
                    try await withCheckedThrowingContinuation { reader in
                        loop.execute { [loop] in transfer.read(reader, on: loop) }
                    }
                } onCancel: {
                    loop.execute { [loop] in transfer.cancel(on: loop) }
                }
            },
            cancel: { [loop] in
                loop.execute { [loop] in transfer.cancel(on: loop) }
            })
        return HTTPIncomingResponse(status: head.status, headers: head.headers, body: reader)
    }

    /// How long the body is, as the head says it (RFC 9112, section 6.3).
    private static func bodyLength(of head: HTTPResponse, to method: HTTPMethod) -> Int? {
        if method == .head || head.status == 204 || head.status == 304 { return 0 }
        guard !head.headers.contains("Transfer-Encoding"), let value = head.headers["Content-Length"] else {
            return nil
        }
        return Int(value).flatMap { $0 < 0 ? nil : $0 }
    }

    /// Refuses what must not be sent, and sees to it that a body has the length that was announced.
    private func readyToSend(_ request: HTTPRequest) async throws -> HTTPRequest {
        try request.validate()
        guard case .stream(let stream) = request.body, let length = stream.contentLength else { return request }
        let checked = stream.checked()
        var request = request
        request.body = .stream(checked)
        guard length == 0 else { return request }
        // libcurl asks for no piece of an empty body.
        do {
            _ = try await checked.next()
        } catch {
            try Task.checkCancellation()
            throw Self.failedProduction(error, request)
        }
        request.body = .empty
        return request
    }

    private static func failedProduction(_ error: any Error, _ request: HTTPRequest) -> TransportError {
        TransportError(.bodyStream, "the request body could not be produced: \(error)", request: request)
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
                    loop.execute { [loop] in transfer.offer(piece, producer, on: loop) }
                }
            }
        } catch {
            // Also when the transfer is over and the piece was not wanted any more: it does not fail twice.
            let failure = Self.failedProduction(error, transfer.request)
            loop.execute { [loop] in transfer.fail(failure, on: loop) }
        }
    }
}
