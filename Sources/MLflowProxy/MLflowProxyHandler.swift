public import AWSCore
public import HTTP
public import Lambda
internal import LambdaEvents
internal import Logging
public import Timestamps

/// Answers a load balancer's requests with those of Amazon SageMaker MLflow.
///
/// Each request goes through the same steps: read the event, answer a browser's preflight, tell whoever asks that the
/// function is there, check the site it was sent to and from, know the caller, answer the proxy's own routes, make the
/// request upstream, see whether it is allowed, sign and send it, make the answer, make it fit the load balancer's limit
/// or put it where it need not. A step that refuses ends in an HTTP answer that says why; only an event that no load
/// balancer sent is a function error.
public struct MLflowProxyHandler: LambdaHandler {
    private let origins: OriginPolicy
    private let authenticator: Authenticator
    private let access: AccessPolicy
    private let upstreamRequest: UpstreamRequest
    private let delivery: AnswerDelivery
    private let ownRoutes: OwnRoutes
    private let services: ProxyServices
    private let sessions: CallerSessions?
    private let metrics: RequestMetrics?
    private let now: @Sendable () -> Timestamp
    private let clock: any Clock<Duration>

    /// Makes a handler.
    ///
    /// - Parameters:
    ///   - configuration: The proxy's settings.
    ///   - endpoint: The MLflow service that is asked.
    ///   - services: Where the other AWS services are.
    ///   - credentials: What requests are signed with; asked for each request, so it should cache.
    ///   - sessions: What the requests of known callers are signed with instead.
    ///   - transport: Sends the requests, those for the load balancer's keys included.
    ///   - storage: Calls S3, for ``ProxyConfiguration/overflow``; without it nothing is stored.
    ///   - functionName: The name under which the metrics are counted.
    ///   - now: The time, for signatures, deadlines and the ends of tokens.
    ///   - clock: Measures the times in the log, and how long a missing key is not asked for again; waits between tries,
    ///     and ends what takes too long.
    public init(
        configuration: ProxyConfiguration, endpoint: MLflowEndpoint, services: ProxyServices,
        credentials: any CredentialProvider, sessions: CallerSessions? = nil, transport: any HTTPTransport,
        storage: AWSClient? = nil, functionName: String = "mlflow-proxy",
        now: @escaping @Sendable () -> Timestamp = { .now() }, clock: any Clock<Duration> = ContinuousClock()
    ) {
        origins = OriginPolicy(publicOrigin: configuration.publicOrigin, allowed: configuration.allowedOrigins)
        authenticator = Authenticator(
            mode: configuration.authentication, transport: transport, now: now, clock: clock)
        access = AccessPolicy(allowed: configuration.access)
        upstreamRequest = UpstreamRequest(endpoint: endpoint)
        let overflow = configuration.overflow.flatMap { place in
            storage.map { OverflowStore(place, client: $0, upstreamARN: endpoint.arn, now: now) }
        }
        delivery = AnswerDelivery(
            client: UpstreamClient(
                endpoint: endpoint, credentials: credentials, transport: transport,
                timeout: configuration.upstreamTimeout, takesLongBodies: overflow != nil, clock: clock, now: now),
            response: UpstreamResponse(
                location: LocationRule(
                    endpoint: endpoint,
                    origins: configuration.allowedOrigins + [configuration.publicOrigin].compactMap(\.self)),
                frameAncestors: configuration.frameAncestors, storage: overflow?.origin),
            overflow: overflow, clock: clock)
        ownRoutes = OwnRoutes(endpoint: endpoint, configuration: configuration, storage: storage)
        self.services = services
        self.sessions = sessions
        metrics = configuration.hasMetrics ? RequestMetrics(functionName: functionName) : nil
        self.now = now
        self.clock = clock
    }

    /// Answers one request.
    ///
    /// - Throws: `ALBEventError` for an event that no load balancer sent; `CancellationError`.
    public func handle(_ event: [UInt8], context: LambdaContext) async throws -> [UInt8] {
        let watch = Stopwatch(clock)
        let request = try ALBTargetRequest(parsing: event)
        var log = AccessLog(request, trace: TraceContext(request.headers, runtime: context.traceID))
        var response: HTTPResponse
        do {
            response = try await answer(request, context, &log)
        } catch let error as ProxyError {
            log.fault = error
            response = error.answer(requestID: context.requestID)
        }
        response.headers["x-request-id"] = context.requestID
        var encoded = encode(response, for: request)
        if encoded.count > ALBTargetResponse.maximumBytes {
            let error = AnswerLimit.fault(path: request.path)
            log.fault = error
            response = error.answer(requestID: context.requestID)
            encoded = encode(response, for: request)
        }
        log.status = response.status
        log.answerBytes = response.body.count
        log.total = watch.elapsed
        log.write(to: context.logger, metrics: metrics?.metadata(of: log, at: now()) ?? [:])
        return encoded
    }

    private func answer(
        _ request: ALBTargetRequest, _ context: LambdaContext, _ log: inout AccessLog
    ) async throws
        -> HTTPResponse
    {
        if let response = try CrossOrigin(policy: origins).preflight(request) { return response }
        let part = ScriptPart(request.path)
        if part == nil, let response = try OwnRoutes.liveness(request) {
            log.isHealthCheck = true
            return response
        }
        try origins.check(request)
        let caller = try await authenticator.authenticate(request, context: context)
        log.subject = caller?.pseudonym
        var delivery = delivery
        if let caller, let sessions { delivery.client.credentials = sessions.credentials(of: caller) }
        let own = OwnRequest(
            event: request, client: delivery.client, services: services, trace: log.trace, clock: clock,
            context: context)
        if part == nil, let response = try await ownRoutes.answer(own) { return response }
        let outgoing = try upstreamRequest.make(from: request, part: part, trace: log.trace)
        try access.check(request, path: part?.path ?? request.path)
        return try await delivery.answer(to: AnswerUse(request, outgoing: outgoing, part: part), context, &log)
    }

    private func encode(_ response: HTTPResponse, for request: ALBTargetRequest) -> [UInt8] {
        var response = response
        CrossOrigin(policy: origins).decorate(&response, for: request)
        return ALBTargetResponse(
            status: response.status, headers: response.headers, body: request.method == .head ? [] : response.body,
            headerMode: request.headerMode
        ).encoded()
    }
}
