import HTTP
import Timestamps

// The side of the runtime.
extension RuntimeAPI {
    /// Takes one byte more than the largest buffered answer, so that a longer one is known to be too long; streamed
    /// answers may be longer.
    public nonisolated var maximumBodyBytes: Int { Self.maximumStreamBytes }

    /// Nothing is refused before its body is read.
    public nonisolated func refusal(of head: ServerRequestHead) -> ServerResponse? { nil }

    /// 400
    public nonisolated func responseToMalformedRequest() -> ServerResponse { RuntimeAPIAnswers.malformed }

    /// Answers one call.
    public func respond(to request: ServerRequest) async -> ServerResponse {
        let segments = request.head.path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        guard segments.first == "2018-06-01", segments.dropFirst().first == "runtime" else {
            return RuntimeAPIAnswers.notFound
        }
        let resource = segments.dropFirst(2).map(String.init)
        let method = request.head.method
        switch (resource.count, resource.first, resource.last) {
        case (2, "invocation", "next"): return method == .get ? await next() : RuntimeAPIAnswers.methodNotAllowed
        case (2, "init", "error"): return method == .post ? initError(request) : RuntimeAPIAnswers.methodNotAllowed
        case (3, "invocation", "response"):
            return method == .post ? response(request, of: resource[1]) : RuntimeAPIAnswers.methodNotAllowed
        case (3, "invocation", "error"):
            return method == .post ? error(request, of: resource[1]) : RuntimeAPIAnswers.methodNotAllowed
        default: return RuntimeAPIAnswers.notFound
        }
    }

    private func next() async -> ServerResponse {
        switch states.next() {
        case .failure(let refused): return Self.answer(refused.refusal)
        case .success(let again?): return event(again)
        case .success(nil): break
        }
        if start == nil { settleStart(.ready) }
        guard let invocation = await nextInvocation() else { return RuntimeAPIAnswers.shutDown }
        return event(invocation)
    }

    private func nextInvocation() async -> Invocation? {
        let id = nextPollerID
        nextPollerID &+= 1
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                guard !Task.isCancelled else { return continuation.resume(returning: nil) }
                let poller = Poller(id: id, continuation: continuation)
                if queue.isEmpty {
                    pollers.append(poller)
                } else {
                    deliver(queue.removeFirst(), to: poller)
                }
            }
        } onCancel: {
            Task { await self.removePoller(id) }
        }
    }

    private func removePoller(_ id: UInt64) {
        guard let index = pollers.firstIndex(where: { $0.id == id }) else { return }
        pollers.remove(at: index).continuation.resume(returning: nil)
    }

    private func event(_ invocation: Invocation) -> ServerResponse {
        let deadline = now() + invocation.timeout
        var headers: HTTPHeaders = ["Content-Type": invocation.contentType]
        let fields = [
            ("Lambda-Runtime-Aws-Request-Id", invocation.requestID),
            ("Lambda-Runtime-Invocation-Id", invocation.invocationID),
            ("Lambda-Runtime-Deadline-Ms", String(deadline.millisecondsSinceEpoch)),
            ("Lambda-Runtime-Invoked-Function-Arn", invocation.functionARN),
            ("Lambda-Runtime-Trace-Id", invocation.traceID),
            ("Lambda-Runtime-Client-Context", invocation.clientContext),
            ("Lambda-Runtime-Cognito-Identity", invocation.cognitoIdentity),
            ("Lambda-Runtime-Aws-Tenant-Id", invocation.tenantID),
        ]
        for (name, value) in fields where !value.isEmpty { headers.append(name, value) }
        return ServerResponse(status: 200, headers: headers, body: invocation.event)
    }

    private func response(_ request: ServerRequest, of requestID: String) -> ServerResponse {
        if let refused = check(request, requestID, state: "InvocationResponse") { return refused }
        let mode = request.head.headers["lambda-runtime-function-response-mode"] ?? ""
        guard mode.isEmpty || mode == "streaming" else {
            end(
                requestID,
                .failure(.ofLambda("Runtime.InvalidResponseModeHeader", requestID: requestID, "Invalid response mode")))
            return RuntimeAPIAnswers.invalidResponseMode
        }
        let limit = mode.isEmpty ? Self.maximumPayloadBytes : Self.maximumStreamBytes
        guard request.body.count <= limit, !request.bodyIsTooLarge else {
            let message = "Response payload size exceeded maximum allowed payload size (\(limit) bytes)."
            end(requestID, .failure(.ofLambda("Function.ResponseSizeTooLarge", requestID: requestID, message)))
            return RuntimeAPIAnswers.payloadTooLarge(limit)
        }
        let response = FunctionResponse(
            payload: request.body, contentType: request.head.headers["content-type"], isStreamed: mode == "streaming",
            streamFailure: mode.isEmpty ? nil : ErrorReport.failure(inTrailers: request.trailers))
        end(requestID, .success(response))
        return RuntimeAPIAnswers.accepted
    }

    private func error(_ request: ServerRequest, of requestID: String) -> ServerResponse {
        if let refused = check(request, requestID, state: "InvocationErrorResponse") { return refused }
        guard request.body.count <= Self.maximumPayloadBytes, !request.bodyIsTooLarge else {
            let message = "Error payload size exceeded maximum allowed payload size."
            end(requestID, .failure(.ofLambda("Function.ResponseSizeTooLarge", requestID: requestID, message)))
            return RuntimeAPIAnswers.payloadTooLarge(Self.maximumPayloadBytes)
        }
        end(requestID, .failure(ErrorReport.failure(of: request)))
        return RuntimeAPIAnswers.accepted
    }

    private func initError(_ request: ServerRequest) -> ServerResponse {
        if let refused = states.initError() { return Self.answer(refused.refusal) }
        let failure = ErrorReport.failure(of: request)
        settleStart(.failed { _ in failure })
        return RuntimeAPIAnswers.accepted
    }

    private func end(_ requestID: String, _ result: InvocationResult) {
        states.answered(requestID)
        finish(requestID, result)
    }

    /// The request id first, then the state, then the guard against crossed answers.
    private func check(_ request: ServerRequest, _ requestID: String, state: String) -> ServerResponse? {
        switch states.answer(requestID, to: state) {
        case .failure(let refused): return Self.answer(refused.refusal)
        case .success(let invocation):
            let echoed = request.head.headers["lambda-runtime-invocation-id"]
            return echoed == invocation.invocationID ? nil : RuntimeAPIAnswers.wrongInvocationID
        }
    }

    private static func answer(_ refusal: RuntimeStates.Refusal) -> ServerResponse {
        switch refusal {
        case .unknownRequestID: RuntimeAPIAnswers.unknownRequestID
        case .transition(let from, let to): RuntimeAPIAnswers.invalidTransition(from: from, to: to)
        }
    }
}
