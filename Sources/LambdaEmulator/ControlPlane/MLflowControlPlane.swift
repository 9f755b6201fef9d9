import HTTP
import JSON
import Synchronization
public import Timestamps

/// Stands in for SageMaker's control plane, as far as MLflow goes: Apps and tracking servers with their states, conflicts,
/// limits, paging and tags, behind verified signatures. What it takes and gives is shaped as the service model says.
///
/// Two paths are its own and need no signature: `POST /__control` changes its settings and `GET /auth` is where presigned
/// URLs lead.
public final class MLflowControlPlane: ServerHandler {
    /// Where the settings are changed, with a JSON object (see ``ControlPlaneSettings``).
    public static let controlPath = "/__control"

    private let verifier: SignatureVerifier
    private let now: @Sendable () -> Timestamp
    private let state: Mutex<ControlPlaneState>
    private let calls = Mutex<[String]>([])
    /// Where the user interface is, for those who follow a presigned URL.
    private let userInterface: String?

    /// Makes an empty control plane.
    ///
    /// - Parameters:
    ///   - authority: Host and port under which it is reached.
    ///   - userInterface: The URL that presigned URLs lead to in the end.
    ///   - now: The time; states change with it.
    public init(
        authority: String, accessKeyID: String, secretAccessKey: String, sessionToken: String? = nil,
        region: String = "us-east-1", account: String = "123456789012", userInterface: String? = nil,
        settings: ControlPlaneSettings = ControlPlaneSettings(), now: @escaping @Sendable () -> Timestamp = { .now() }
    ) {
        verifier = SignatureVerifier(
            SignatureVerifier.Settings(
                accessKeyID: accessKeyID, secretAccessKey: secretAccessKey, sessionToken: sessionToken, region: region,
                service: "sagemaker"), now: now)
        self.now = now
        self.userInterface = userInterface
        state = Mutex(
            ControlPlaneState(region: region, account: account, origin: "http://\(authority)", settings: settings))
    }

    /// The operations called so far, in order, those refused included.
    public var operations: [String] { calls.withLock { $0 } }

    /// 1 MiB, as the service.
    public var maximumBodyBytes: Int { 1 << 20 }

    /// Nothing is refused before the whole request can be verified.
    public func refusal(of head: ServerRequestHead) -> ServerResponse? { nil }

    /// 400
    public func responseToMalformedRequest() -> ServerResponse {
        ServiceRefusal(400, "ValidationException", "The request is not HTTP/1.1.").response
    }

    /// Answers one call.
    public func respond(to request: ServerRequest) async -> ServerResponse {
        switch (request.head.method, request.head.path) {
        case (.post, Self.controlPath): return control(request)
        case (.get, "/auth"): return signIn(request)
        case (.get, Self.controlPath): return answer(["calls": .array(operations.map(JSONValue.string))])
        default: break
        }
        do throws(ServiceRefusal) {
            return answer(try call(request))
        } catch {
            return error.response
        }
    }

    private func call(_ request: ServerRequest) throws(ServiceRefusal) -> JSONObject {
        let prefix = "SageMaker."
        guard request.head.method == .post, request.head.path == "/", let target = request.head.headers["x-amz-target"],
            target.hasPrefix(prefix), let rules = ServiceModel.operations[String(target.dropFirst(prefix.utf8.count))]
        else {
            throw ServiceRefusal(
                404, "UnknownOperationException", "This stand-in has the MLflow operations of SageMaker alone.")
        }
        let operation = String(target.dropFirst(prefix.utf8.count))
        calls.withLock { $0.append(operation) }
        guard request.head.headers["content-type"]?.hasPrefix("application/x-amz-json-1.1") == true else {
            throw ServiceRefusal(
                400, "SerializationException", "The Content-Type has to be application/x-amz-json-1.1.")
        }
        guard !request.bodyIsTooLarge else {
            throw ServiceRefusal(413, "RequestEntityTooLarge", "The body is over \(maximumBodyBytes) bytes.")
        }
        try verifier.verify(request)
        guard let input = (try? JSONValue(parsing: request.body))?.object else {
            throw ServiceRefusal(400, "SerializationException", "The body is not a JSON object.")
        }
        let time = now()
        return try state.withLock { state throws(ServiceRefusal) in
            try Self.misfortune(operation, &state.settings)
            try InputRule.check(input, rules)
            state.advance(to: time)
            let output = try state.perform(operation, input, at: time)
            if operation.hasPrefix("CreateMlflow"), state.settings.lostCreations > 0 {
                state.settings.lostCreations -= 1
                throw ServiceRefusal(500, "InternalFailure", "The answer was lost on its way.")
            }
            return output
        }
    }

    /// What goes wrong before the service looks at a call at all.
    private static func misfortune(
        _ operation: String, _ settings: inout ControlPlaneSettings
    ) throws(ServiceRefusal) {
        if Double.random(in: 0..<1) < settings.throttling {
            throw ServiceRefusal(400, "ThrottlingException", "Rate exceeded")
        }
        if Double.random(in: 0..<1) < settings.internalErrors {
            throw ServiceRefusal(500, "InternalFailure", "We encountered an internal error. Please try again.")
        }
        if let failure = settings.failures[operation], failure.count > 0 {
            settings.failures[operation]?.count -= 1
            throw ServiceRefusal(failure.code == "InternalFailure" ? 500 : 400, failure.code, failure.message)
        }
    }

    private func control(_ request: ServerRequest) -> ServerResponse {
        guard let changes = (try? JSONValue(parsing: request.body))?.object else {
            return ServiceRefusal(400, "ValidationException", "The body is not a JSON object.").response
        }
        do throws(LocalError) {
            try state.withLock { state throws(LocalError) in try state.settings.apply(changes) }
            return answer(JSONObject())
        } catch {
            return ServiceRefusal(400, "ValidationException", "\(error)").response
        }
    }

    /// A presigned URL works once.
    private func signIn(_ request: ServerRequest) -> ServerResponse {
        let time = now()
        let name = "authToken="
        let query = request.head.query ?? ""
        guard query.hasPrefix(name),
            state.withLock({ $0.redeem(String(query.dropFirst(name.utf8.count)), at: time) })
        else {
            return ServiceRefusal(403, "AccessDeniedException", "The presigned URL is used up or over.").response
        }
        guard let userInterface else { return answer(["signedIn": true]) }
        return ServerResponse(status: 302, headers: ["Location": userInterface])
    }

    private func answer(_ members: JSONObject) -> ServerResponse {
        ServerResponse(
            status: 200,
            headers: ["Content-Type": "application/x-amz-json-1.1", "x-amzn-RequestId": RandomID.uuid()],
            body: JSONValue.object(members).encoded)
    }
}
