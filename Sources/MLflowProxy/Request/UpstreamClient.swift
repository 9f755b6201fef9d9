internal import AWSCore
internal import AWSSigning
internal import HTTP
internal import Lambda
internal import Logging
internal import Timestamps

/// Signs a request and sends it to the MLflow service within the time there is, again where that is safe.
struct UpstreamClient: Sendable {
    let endpoint: MLflowEndpoint
    var credentials: any CredentialProvider
    let transport: any HTTPTransport
    let signer: SigV4Signer
    let timeout: Duration
    /// Whether the body of an answer may take as long as the invocation does, since it goes to the bucket while it comes.
    let takesLongBodies: Bool
    let clock: any Clock<Duration>
    let now: @Sendable () -> Timestamp
    var retry = UpstreamRetry()
    private let skew = ClockSkew()

    init(
        endpoint: MLflowEndpoint, credentials: any CredentialProvider, transport: any HTTPTransport,
        timeout: Duration, takesLongBodies: Bool, clock: any Clock<Duration>, now: @escaping @Sendable () -> Timestamp
    ) {
        self.endpoint = endpoint
        self.credentials = credentials
        self.transport = transport
        self.timeout = timeout
        self.takesLongBodies = takesLongBodies
        self.clock = clock
        self.now = now
        signer = SigV4Signer(
            region: endpoint.region, service: endpoint.signingService,
            // Of the client's headers only the type is signed: what happens to the others between here and the
            // service is not known.
            settings: SigningSettings(
                contentHashHeader: .always, headers: .only(["content-type", endpoint.arnHeaderName])))
    }

    /// The service's answer, whatever its status, with the first ``AnswerLimit/wholeBytes`` of its body.
    ///
    /// The request is sent again when it did not arrive, when the service asks to come back soon, and once each when it
    /// says that the credentials have expired or that this machine's clock is wrong.
    func send(_ request: HTTPRequest, context: LambdaContext) async throws -> UpstreamAnswer {
        var attempt = 1
        var hasRenewedCredentials = false
        var hasCorrectedTime = false
        while true {
            let used = try await currentCredentials(context)
            let wait: Duration
            do {
                let answer = try await send(request, with: used, context)
                if !hasCorrectedTime, hasLearntTime(from: answer, to: request) {
                    hasCorrectedTime = true
                    context.logger.warning("the MLflow service has another time; requests are signed with that")
                    continue
                }
                if !hasRenewedCredentials, ExpiredCredentials.isSaid(by: answer.head, to: request) {
                    hasRenewedCredentials = true
                    context.logger.warning(
                        "the MLflow service says that the credentials have expired; they are fetched anew")
                    credentials.discard(used)
                    if try await currentCredentials(context) != used { continue }
                }
                guard let asked = retry.wait(after: answer.head, to: request, attempt: attempt, now: now()),
                    isTimeLeft(after: asked, context)
                else { return answer }
                context.logger.notice("the MLflow service answered \(answer.status); it is asked again in \(asked)")
                wait = asked
            } catch let error as TransportError {
                guard let pause = retry.wait(after: error, to: request, attempt: attempt),
                    isTimeLeft(after: pause, context)
                else { throw fault(error, path: request.path, context) }
                context.logger.notice("\(error); it is sent again in \(pause)")
                wait = pause
            }
            try await clock.sleep(for: wait)
            attempt += 1
        }
    }

    private func currentCredentials(_ context: LambdaContext) async throws -> Credentials {
        do {
            return try await credentials.credentials()
        } catch let error as CancellationError {
            throw error
        } catch {
            // The reason names roles and hosts: it is for the log, not for the caller.
            context.logger.error("no AWS credentials to sign with: \(error)")
            throw ProxyError.unavailable(
                "The proxy has no AWS credentials to sign the request with; its log has the reason.")
        }
    }

    private func send(
        _ request: HTTPRequest, with credentials: Credentials, _ context: LambdaContext
    ) async throws -> UpstreamAnswer {
        let time = now()
        let left = try timeLeft(at: time, context)
        let signed = signer.sign(request, with: credentials, at: skew.corrected(time))
        let limit = min(left, timeout)
        let options = TransferOptions(
            timeout: takesLongBodies ? left : limit, maximumResponseBytes: AnswerLimit.maximumScriptBytes,
            // The head of an answer that a model makes comes long before its first byte.
            stallTimeout: limit)
        guard takesLongBodies, left > limit else { return try await start(signed, options) }
        do {
            return try await TimeLimit.run(limit, clock: clock) { try await start(signed, options) }
        } catch is TimeLimit.Exceeded {
            throw TransportError(.timeout, "no answer came in \(limit.components.seconds) seconds", request: request)
        }
    }

    /// The answer's start: what an answer of ordinary size has is then here, and a failure can still be made good.
    private func start(_ request: HTTPRequest, _ options: TransferOptions) async throws -> UpstreamAnswer {
        let incoming = try await transport.open(request, options: options)
        let (bytes, isComplete) = try await incoming.body.collect(upTo: AnswerLimit.wholeBytes)
        return UpstreamAnswer(
            head: HTTPResponse(status: incoming.status, headers: incoming.headers, body: bytes),
            rest: isComplete ? nil : incoming.body)
    }

    /// Learns the service's time from a refusal of ours. Only a refusal by the service's gate, which names the error in a
    /// header, says that nothing was carried out.
    private func hasLearntTime(from answer: UpstreamAnswer, to request: HTTPRequest) -> Bool {
        guard [400, 401, 403].contains(answer.status), answer.rest == nil,
            answer.head.headers.contains("x-amzn-errortype")
        else { return false }
        let error = ServiceError(service: endpoint.signingService, operation: "request", json: answer.head)
        return skew.learn(from: error, answer.head, now: now())
    }

    /// The time the transfer may take: the last second of the invocation is for the answer.
    private func timeLeft(at time: Timestamp, _ context: LambdaContext) throws(ProxyError) -> Duration {
        guard let remaining = context.remainingTime(at: time) else { return timeout }
        guard remaining > .seconds(1) else {
            throw .gatewayTimeout("The proxy has no time left to ask the MLflow service.")
        }
        return remaining - .seconds(1)
    }

    /// Whether a wait leaves time for another try.
    private func isTimeLeft(after wait: Duration, _ context: LambdaContext) -> Bool {
        context.remainingTime(at: now()).map { $0 - wait > .seconds(2) } ?? true
    }

    /// The fault of a transfer that failed; the log has the reason.
    func fault(_ error: TransportError, path: String, _ context: LambdaContext) -> ProxyError {
        context.logger.error("\(error)")
        return fault(error, path: path)
    }

    private func fault(_ error: TransportError, path: String) -> ProxyError {
        switch error.kind {
        case .timeout:
            .gatewayTimeout("The MLflow service did not answer in time. Try a smaller request, or try again.")
        case .responseTooLarge: AnswerLimit.fault(path: path)
        case .nameLookup, .connect:
            .badGateway("The MLflow service at \(endpoint.authority) cannot be reached. Check the function's network.")
        case .tls:
            .badGateway(
                "No secure connection to the MLflow service at \(endpoint.authority) could be made. Check the "
                    + "function's CA bundle and endpoint.")
        case .invalidRequest: .badRequest("The request is refused: \(error.reason).")
        case .connectionLost, .malformedResponse, .bodyStream, .other:
            .badGateway("The MLflow service at \(endpoint.authority) broke off without a whole answer.")
        }
    }
}

/// Recognises the answer of AWS to credentials that have expired.
enum ExpiredCredentials {
    /// Whether the answer says so and the request may be sent again. The service's gate names the error in a header,
    /// and then nothing was carried out; an answer that only speaks of it in its body may come from behind the gate, so
    /// only a request that may be repeated anyway is.
    static func isSaid(by response: HTTPResponse, to request: HTTPRequest) -> Bool {
        guard response.status == 403 || response.status == 401 || response.status == 400 else { return false }
        if let type = response.headers["x-amzn-errortype"] { return names.contains { type.hasPrefix($0) } }
        guard response.status == 403, request.method.isIdempotent, response.body.count <= 4_096 else { return false }
        let text = String(decoding: response.body, as: UTF8.self)
        return names.contains { text.contains($0) }
            || text.contains("security token included in the request is expired")
    }

    private static let names = ["ExpiredToken", "ExpiredTokenException", "RequestExpired"]
}
