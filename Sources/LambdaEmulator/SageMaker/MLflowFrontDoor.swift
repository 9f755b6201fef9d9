public import HTTP
import JSON
import Synchronization
public import Timestamps

/// Stands in for the endpoint of SageMaker MLflow: verifies the signature of every request, then hands it to an MLflow
/// server.
public final class MLflowFrontDoor: ServerHandler {
    /// The two kinds of SageMaker MLflow, which differ in service name and header.
    public enum Mode: String, Sendable, CaseIterable {
        /// A tracking server: service `sagemaker-mlflow`.
        case trackingServer
        /// A serverless MLflow App: service `sagemaker`.
        case app

        /// The service in the credential scope.
        public var service: String {
            switch self {
            case .trackingServer: "sagemaker-mlflow"
            case .app: "sagemaker"
            }
        }

        /// The header that names the server or the App, in small letters.
        public var arnHeader: String {
            switch self {
            case .trackingServer: "x-mlflow-sm-tracking-server-arn"
            case .app: "x-sm-mlflow-app-arn"
            }
        }

        /// The mode of an ARN's resource type.
        public init?(arn: String) {
            if arn.contains(":mlflow-tracking-server/") {
                self = .trackingServer
            } else if arn.contains(":mlflow-app/") {
                self = .app
            } else {
                return nil
            }
        }
    }

    /// How many requests it let in.
    public struct Statistics: Sendable, Equatable {
        /// Requests with a good signature.
        public var verified = 0
        /// Requests turned away.
        public var refused = 0
        /// The reason of the last refusal.
        public var lastRefusal: String?
    }

    /// Where the statistics are served, without a signature.
    public static let statisticsPath = "/__front/stats"

    private let mode: Mode
    private let arn: String
    private let authority: String
    private let upstream: String
    private let verifier: SignatureVerifier
    private let transport: any HTTPTransport
    private let counts = Mutex(Statistics())

    /// Puts the front door before a server.
    ///
    /// - Parameters:
    ///   - arn: The ARN of the tracking server or App that requests must name.
    ///   - authority: Host and port under which clients reach the front door; any other `Host` is refused.
    ///   - upstream: Host and port of the MLflow server.
    ///   - credentials: The only credentials that may call; region, service and header follow from the mode.
    ///   - transport: What reaches the MLflow server.
    /// - Throws: ``LocalError`` when the ARN is of neither kind.
    public init(
        arn: String, authority: String, upstream: String, accessKeyID: String, secretAccessKey: String,
        sessionToken: String? = nil, region: String = "us-east-1", transport: any HTTPTransport = LoopbackTransport(),
        now: @escaping @Sendable () -> Timestamp = { .now() }
    ) throws(LocalError) {
        guard let mode = Mode(arn: arn) else {
            throw LocalError("\(arn) is neither the ARN of an MLflow tracking server nor of an MLflow App.")
        }
        self.mode = mode
        self.arn = arn
        self.authority = authority
        self.upstream = upstream
        self.transport = transport
        let settings = SignatureVerifier.Settings(
            accessKeyID: accessKeyID, secretAccessKey: secretAccessKey, sessionToken: sessionToken, region: region,
            service: mode.service, requiredHeaders: [mode.arnHeader])
        verifier = SignatureVerifier(settings, now: now)
    }

    /// The counts so far.
    public var statistics: Statistics { counts.withLock { $0 } }

    /// 512 MiB: artifacts pass through here.
    public var maximumBodyBytes: Int { 512 << 20 }

    /// Nothing is refused before the whole request can be verified.
    public func refusal(of head: ServerRequestHead) -> ServerResponse? { nil }

    /// 400
    public func responseToMalformedRequest() -> ServerResponse {
        ServiceRefusal(400, "ValidationException", "The request is not HTTP/1.1.").response
    }

    /// Verifies a request and forwards it.
    public func respond(to request: ServerRequest) async -> ServerResponse {
        if request.head.path == Self.statisticsPath { return statisticsResponse() }
        do throws(ServiceRefusal) {
            try check(request)
        } catch {
            counts.withLock {
                $0.refused += 1
                $0.lastRefusal = "\(request.head.method) \(request.head.path): \(error.type): \(error.message)"
            }
            return error.response
        }
        counts.withLock { $0.verified += 1 }
        return await forward(request)
    }

    private func check(_ request: ServerRequest) throws(ServiceRefusal) {
        let head = request.head
        guard head.target.first == "/", HTTPToken.isVisible(head.target) else {
            throw ServiceRefusal(400, "ValidationException", "The request target must be a path of visible ASCII.")
        }
        guard head.headers.values("host") == [authority] else {
            throw ServiceRefusal(
                403, "AccessDeniedException",
                "Host '\(head.headers["host"] ?? "")' is not served here; this is '\(authority)'.")
        }
        if let origin = head.headers["origin"], origin != "http://\(authority)" {
            throw ServiceRefusal(403, "AccessDeniedException", "Cross-origin request from '\(origin)' is not allowed.")
        }
        if let problem = CanonicalForm.strictQueryProblem(head.query ?? "") {
            throw ServiceRefusal(400, "ValidationException", "The query is not encoded as RFC 3986 asks: \(problem).")
        }
        guard !request.bodyIsTooLarge else {
            throw ServiceRefusal(413, "RequestEntityTooLarge", "The body is over \(maximumBodyBytes) bytes.")
        }
        try verifier.verify(request)
        guard head.headers.values(mode.arnHeader) == [arn] else {
            throw ServiceRefusal(
                403, "AccessDeniedException", "The request does not name \(arn) in \(mode.arnHeader).")
        }
    }

    /// Fields that end here: those of the signature, of one hop, and those the transport makes anew.
    private static let ownFields = [
        "authorization", "connection", "content-length", "expect", "host", "keep-alive", "proxy-connection", "te",
        "trailer", "transfer-encoding", "upgrade",
    ]

    private func forward(_ request: ServerRequest) async -> ServerResponse {
        var headers = request.head.headers
        headers.removeAll { field in
            let name = HTTPToken.lowercased(field.name)
            return Self.ownFields.contains(name) || name.hasPrefix("x-amz-") || name == mode.arnHeader
        }
        let forwarded = HTTPRequest(
            request.head.method, scheme: "http", authority: upstream, path: request.head.path,
            query: request.head.query, headers: headers, body: .bytes(request.body))
        do {
            let options = TransferOptions(timeout: .seconds(300), maximumResponseBytes: maximumBodyBytes, proxy: .none)
            let response = try await transport.send(forwarded, options: options)
            var kept = response.headers
            kept.removeAll { field in
                ["connection", "keep-alive", "transfer-encoding"].contains(HTTPToken.lowercased(field.name))
            }
            if request.head.method != .head { kept.remove("content-length") }
            return ServerResponse(status: response.status, headers: kept, body: response.body)
        } catch {
            return ServiceRefusal(502, "ServiceUnavailableException", "The MLflow server did not answer: \(error)")
                .response
        }
    }

    private func statisticsResponse() -> ServerResponse {
        let statistics = statistics
        let body: JSONValue = [
            "verified": .integer(statistics.verified), "refused": .integer(statistics.refused),
            "lastRefusal": statistics.lastRefusal.map { .string($0) } ?? .null,
        ]
        return ServerResponse(status: 200, headers: ["Content-Type": "application/json"], body: body.encoded)
    }
}
