internal import AWSCore
internal import AWSSigning
internal import HTTP
internal import Lambda
internal import Logging
internal import Timestamps

/// Signs a request and sends it to the MLflow service within the time there is.
struct UpstreamClient: Sendable {
    let endpoint: MLflowEndpoint
    var credentials: any CredentialProvider
    let transport: any HTTPTransport
    let signer: SigV4Signer
    let timeout: Duration
    let now: @Sendable () -> Timestamp

    init(
        endpoint: MLflowEndpoint, credentials: any CredentialProvider, transport: any HTTPTransport,
        timeout: Duration, now: @escaping @Sendable () -> Timestamp
    ) {
        self.endpoint = endpoint
        self.credentials = credentials
        self.transport = transport
        self.timeout = timeout
        self.now = now
        signer = SigV4Signer(
            region: endpoint.region, service: endpoint.signingService,
            // Of the client's headers only the type is signed: what happens to the others between here and the
            // service is not known.
            settings: SigningSettings(
                contentHashHeader: .always, headers: .only(["content-type", endpoint.arnHeaderName])))
    }

    /// The service's answer, whatever its status. When the service says that the credentials have expired, they are
    /// fetched anew and the request is sent once more.
    func send(_ request: HTTPRequest, context: LambdaContext) async throws -> HTTPResponse {
        let used = try await currentCredentials(context)
        let response = try await send(request, with: used, context)
        guard ExpiredCredentials.isSaid(by: response, to: request) else { return response }
        context.logger.warning("the MLflow service says that the credentials have expired; they are fetched anew")
        credentials.discard(used)
        let renewed = try await currentCredentials(context)
        guard renewed != used else { return response }
        return try await send(request, with: renewed, context)
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
    ) async throws
        -> HTTPResponse
    {
        let time = now()
        let options = TransferOptions(
            timeout: try timeLeft(at: time, context), maximumResponseBytes: AnswerLimit.maximumUpstreamBytes)
        do {
            return try await transport.send(signer.sign(request, with: credentials, at: time), options: options)
        } catch let error as TransportError {
            context.logger.error("\(error)")
            throw fault(error, path: request.path)
        }
    }

    /// The time the transfer may take: the last second of the invocation is for the answer.
    private func timeLeft(at time: Timestamp, _ context: LambdaContext) throws(ProxyError) -> Duration {
        guard let remaining = context.remainingTime(at: time) else { return timeout }
        guard remaining > .seconds(1) else {
            throw .gatewayTimeout("The proxy has no time left to ask the MLflow service.")
        }
        return min(timeout, remaining - .seconds(1))
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
