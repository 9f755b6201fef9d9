internal import AWSCore
internal import HTTP
internal import JSON
internal import Lambda
internal import LambdaEvents

/// The proxy's own routes, under `/_proxy/`; every other path is MLflow's.
struct OwnRoutes: Sendable {
    private let portal: PortalPage
    private let open: OpenRoute
    private let health: DeepHealth
    private let uploads: UploadRoutes

    /// - Parameter storage: Calls the bucket of large answers.
    init(endpoint: MLflowEndpoint, configuration: ProxyConfiguration, storage: AWSClient?) {
        let access = AccessPolicy(allowed: configuration.access)
        portal = PortalPage(endpoint: endpoint, configuration: configuration)
        open = OpenRoute(endpoint: endpoint, access: access)
        health = DeepHealth(configuration: configuration, storage: storage)
        uploads = UploadRoutes(locations: configuration.uploadLocations, access: access)
    }

    /// The answer to whoever asks whether the function is there: none of it asks MLflow, or needs to know the caller. Nil
    /// for all other requests.
    ///
    /// - Throws: ``ProxyError`` for a path under `/_proxy` that is none of the proxy's.
    static func liveness(_ request: ALBTargetRequest) throws(ProxyError) -> HTTPResponse? {
        if isLoadBalancerHealthCheck(request) { return alive }
        guard isOwn(request.path) else { return nil }
        guard let route = Route(request.path) else {
            throw .notFound("The proxy has no such route; it has \(Route.paths.joined(separator: ", ")).")
        }
        guard route == .health else { return nil }
        try route.checkMethod(request.method)
        return DeepHealth.isAsked(by: request) ? nil : alive
    }

    /// The answer to a caller who is known, or nil when the request is for MLflow.
    ///
    /// - Throws: ``ProxyError``, `CancellationError`.
    func answer(_ request: OwnRequest) async throws -> HTTPResponse? {
        guard let route = Route(request.event.path) else { return nil }
        try route.checkMethod(request.event.method)
        return switch route {
        case .portal: portal.answer(request.event)
        case .open: try await open.answer(request)
        case .health: try await health.answer(request)
        case .uploads(let step): try await uploads.answer(request, step)
        }
    }

    private static var alive: HTTPResponse { .json(status: 200, ["status": "ok"]) }

    /// However it is encoded, and with whatever parameters some servers read behind a semicolon, a path under `/_proxy`
    /// never reaches MLflow. One that cannot be read is refused as any other.
    static func isOwn(_ path: String) -> Bool {
        PathReadings(path)?.all.contains { segments in
            segments.first?.prefix { $0 != UInt8(ascii: ";") }.elementsEqual("_proxy".utf8) == true
        } ?? false
    }

    /// Whether the target group itself asks, on one of the usual paths. Its checks alone have neither `Host` nor
    /// `X-Forwarded-For`: the load balancer adds those to whatever comes from outside, so nobody can feign this.
    private static func isLoadBalancerHealthCheck(_ request: ALBTargetRequest) -> Bool {
        ["/", "/health"].contains(request.path) && !request.headers.contains("x-forwarded-for")
            && !request.headers.contains("host")
            && request.headers["user-agent"]?.hasPrefix("ELB-HealthChecker/") == true
    }
}

extension OwnRoutes {
    /// One route of the proxy's own.
    fileprivate enum Route: Equatable {
        case health
        case portal
        case open
        case uploads(UploadRoutes.Step)

        static let paths =
            ["/_proxy/health", "/_proxy/portal", "/_proxy/open"] + UploadRoutes.Step.allCases.map(\.path)

        init?(_ path: String) {
            switch path {
            case "/_proxy/health": self = .health
            case "/_proxy/portal": self = .portal
            case "/_proxy/open": self = .open
            default:
                guard let step = UploadRoutes.Step.allCases.first(where: { $0.path == path }) else { return nil }
                self = .uploads(step)
            }
        }

        func checkMethod(_ method: HTTPMethod) throws(ProxyError) {
            switch self {
            case .health:
                try require(method, [.get, .head], "The health route answers GET and HEAD.")
            case .portal: try require(method, [.get, .head], "The portal is a page: it answers GET and HEAD.")
            case .open: try require(method, [.get], "The open route is for a browser to go to: it answers GET.")
            case .uploads: try require(method, [.post], "The upload routes answer POST.")
            }
        }

        private func require(_ method: HTTPMethod, _ allowed: [HTTPMethod], _ message: String) throws(ProxyError) {
            guard allowed.contains(method) else { throw .methodNotAllowed(message, allowed: allowed) }
        }
    }
}

/// A request for one of the proxy's own routes, whose caller is known.
struct OwnRequest: Sendable {
    let event: ALBTargetRequest
    /// Signs as the caller, where callers have sessions of their own.
    let client: UpstreamClient
    let services: ProxyServices
    let trace: TraceContext
    let clock: any Clock<Duration>
    let context: LambdaContext

    /// The most that is read of an answer, in bytes. A run with all that MLflow lets it have is about 1 MB.
    private static let maximumAnswerBytes = 4 << 20

    /// Asks MLflow something of the proxy's own and waits for the whole answer, whatever its status.
    ///
    /// - Parameters:
    ///   - path: A path of MLflow's API.
    ///   - query: Names and values, not percent-encoded.
    func ask(_ path: String, query: [(name: String, value: String)]) async throws -> HTTPResponse {
        var headers: HTTPHeaders = [
            "accept": "application/json", "accept-encoding": "identity", "user-agent": RequestHeaders.product,
            client.endpoint.arnHeaderName: client.endpoint.arn,
        ]
        trace.carry(into: &headers)
        let query = query.map { "\(PercentEncoding.encode($0.name))=\(PercentEncoding.encode($0.value))" }
        let request = HTTPRequest(
            .get, scheme: client.endpoint.scheme, authority: client.endpoint.authority,
            path: client.endpoint.pathPrefix + path, query: query.isEmpty ? nil : query.joined(separator: "&"),
            headers: headers)
        let answer = try await client.send(request, context: context)
        var response = answer.head
        do {
            if let rest = answer.rest {
                let (bytes, isComplete) = try await rest.collect(upTo: Self.maximumAnswerBytes)
                guard isComplete else {
                    throw ProxyError.badGateway("MLflow's answer about \(path) is too large to be read.")
                }
                response.body += bytes
            }
        } catch let error as TransportError {
            throw client.fault(error, path: path, context)
        }
        return response
    }

    /// Carries out a call to AWS within the time there is: the last second of the invocation is for the answer.
    ///
    /// - Parameter limit: The most the call may take.
    /// - Throws: ``ProxyError`` when the time ran out, and whatever the call throws.
    func within<Value: Sendable>(
        _ limit: Duration, _ name: String, _ call: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        let remaining = context.remainingTime(at: client.now()).map { $0 - .seconds(1) } ?? limit
        do {
            guard remaining > .zero else { throw TimeLimit.Exceeded() }
            return try await TimeLimit.run(min(limit, remaining), clock: clock, call)
        } catch is TimeLimit.Exceeded {
            throw ProxyError.gatewayTimeout("\(name) did not answer in time. Try again.")
        }
    }
}
