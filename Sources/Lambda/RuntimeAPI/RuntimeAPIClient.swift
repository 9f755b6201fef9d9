public import HTTP

/// The Lambda Runtime API over a transport: one method a call, no retries, no logs (those are ``LambdaRuntime``'s).
public struct RuntimeAPIClient: Sendable {
    private let transport: any HTTPTransport
    private let endpoint: RuntimeAPIEndpoint

    /// A waiting call has no time limit: Lambda freezes the sandbox in the middle of it, for hours. The API is on the
    /// same machine, so no proxy of the environment may take the call away. An event has at most 6 MiB; the cap leaves
    /// room for the service to raise that.
    private static let nextOptions = TransferOptions(
        timeout: nil, connectTimeout: .seconds(2), maximumResponseBytes: 256 << 20, proxy: .none)

    /// An answer of many megabytes may be taken slowly, and the invocation's own deadline ends everything anyway. Lambda
    /// takes one answer a request and refuses the second, so that repeating does no harm and a lost answer would.
    private static let answerOptions = TransferOptions(
        timeout: nil, connectTimeout: .seconds(2), maximumResponseBytes: 1 << 20, proxy: .none, mayRepeat: true)

    /// Makes a client of the API at an endpoint.
    public init(transport: any HTTPTransport, endpoint: RuntimeAPIEndpoint) {
        self.transport = transport
        self.endpoint = endpoint
    }

    /// Waits for the next event.
    ///
    /// - Throws: ``RuntimeAPIError``, or `CancellationError` when the task was cancelled.
    public func next() async throws -> Invocation {
        let response = try await exchange(endpoint.next, options: Self.nextOptions)
        // 204 is a success of HTTP, not of this call: there is no event in it.
        guard response.status == 200 else { throw RuntimeAPIError(endpoint.next, answered: response) }
        guard let invocation = Invocation(response) else {
            throw RuntimeAPIError(missingRequestIDIn: endpoint.next)
        }
        return invocation
    }

    /// Delivers an answer.
    ///
    /// - Throws: ``RuntimeAPIError`` unless it was accepted, or `CancellationError`.
    public func respond(to invocation: Invocation, with body: [UInt8]) async throws {
        try await post(endpoint.response(to: invocation, body: body))
    }

    /// Delivers an answer while it is made.
    ///
    /// - Throws: ``RuntimeAPIError`` unless it was accepted, or `CancellationError`.
    public func respond(to invocation: Invocation, contentType: String, streaming body: HTTPBodyStream) async throws {
        try await post(endpoint.streamedResponse(to: invocation, contentType: contentType, body: body))
    }

    /// Reports that the handler failed.
    ///
    /// - Throws: ``RuntimeAPIError`` unless it was accepted, or `CancellationError`.
    public func report(_ report: ErrorReport, of invocation: Invocation) async throws {
        try await post(endpoint.error(report, of: invocation))
    }

    /// Reports that the function cannot start.
    ///
    /// - Throws: ``RuntimeAPIError`` unless it was accepted, or `CancellationError`.
    public func reportInit(_ report: ErrorReport) async throws {
        try await post(endpoint.initError(report))
    }

    /// Says that the function is ready for its snapshot and waits until it was restored, which may take days.
    ///
    /// - Throws: ``RuntimeAPIError``, or `CancellationError` when the task was cancelled.
    public func waitForRestore() async throws {
        let response = try await exchange(endpoint.restoreNext, options: Self.nextOptions)
        guard response.status == 200 else { throw RuntimeAPIError(endpoint.restoreNext, answered: response) }
    }

    /// Reports that the function cannot go on after its snapshot was restored.
    ///
    /// - Throws: ``RuntimeAPIError`` unless it was accepted, or `CancellationError`.
    public func reportRestore(_ report: ErrorReport) async throws {
        try await post(endpoint.restoreError(report))
    }

    private func post(_ request: HTTPRequest) async throws {
        let response = try await exchange(request, options: Self.answerOptions)
        guard (200...299).contains(response.status) else { throw RuntimeAPIError(request, answered: response) }
    }

    private func exchange(_ request: HTTPRequest, options: TransferOptions) async throws -> HTTPResponse {
        do {
            return try await transport.send(request, options: options)
        } catch {
            if error is CancellationError, Task.isCancelled { throw error }
            throw RuntimeAPIError(request, failed: error)
        }
    }
}
