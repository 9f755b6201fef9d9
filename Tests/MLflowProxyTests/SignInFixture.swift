import Configuration
import HTTP
import JSON
import Lambda
import LambdaEvents
import MLflowProxy
import Synchronization
import TestSupport
import Timestamps

/// A proxy behind a load balancer that signs visitors in, before a stub of the MLflow service and of the key server.
struct SignInFixture: Sendable {
    static let loadBalancer =
        "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/mlflow/50dc6c495c0c9188"
    static let client = "4KLMNOPQ"
    static let issuer = "https://issuer.example.com/pool"
    static let keyID = "8fa6f2b0-5c43-4b7e-9d0e-0123456789ab"
    static let keyHost = "public-keys.auth.elb.eu-central-1.amazonaws.com"

    typealias KeyAnswer = @Sendable (HTTPRequest) async throws -> HTTPResponse

    let pair: ECDSAKeyPair
    let log = LogRecorder()
    let clock = ManualClock()
    let transport: StubTransport
    private let handler: MLflowProxyHandler
    private let world: World

    /// What a test changes while the proxy runs.
    private final class World: Sendable {
        let now = Mutex(Fixture.now)
        let keyAnswer: Mutex<KeyAnswer>

        init(_ keyAnswer: @escaping KeyAnswer) {
            self.keyAnswer = Mutex(keyAnswer)
        }
    }

    init(
        loadBalancer: String = loadBalancer, client: String? = client, issuer: String? = issuer,
        keyURL: String? = nil
    ) throws {
        guard let pair = ECDSAKeyPair() else { throw CancellationError() }
        self.pair = pair
        let world = World(Self.serve([Self.keyID: pair.publicPEM]))
        self.world = world
        transport = StubTransport { request in
            guard request.authority.hasSuffix(".sagemaker.aws") else {
                return try await world.keyAnswer.withLock(\.self)(request)
            }
            return HTTPResponse(status: 200, body: Array("mlflow".utf8))
        }
        let signIn = try LoadBalancerSignIn(
            loadBalancer: loadBalancer, clientID: client, issuer: issuer, keyURL: keyURL)
        handler = MLflowProxyHandler(
            configuration: ProxyConfiguration(authentication: .signInAtLoadBalancer(signIn)),
            endpoint: try MLflowEndpoint(arn: Fixture.arn),
            services: try ProxyServices(region: "eu-central-1", environment: Environment([:])),
            credentials: FixedCredentials(), transport: transport,
            now: { world.now.withLock(\.self) }, clock: clock)
    }

    /// A key server that has these keys and answers 404 to everything else.
    static func serve(_ keys: [String: String]) -> KeyAnswer {
        { request in
            guard let pem = keys[String(request.path.dropFirst())] else { return HTTPResponse(status: 404) }
            return HTTPResponse(status: 200, body: Array(pem.utf8))
        }
    }

    /// Replaces what the key server answers.
    func setKeyAnswer(_ answer: @escaping KeyAnswer) {
        world.keyAnswer.withLock { $0 = answer }
    }

    /// Moves wall time and the clock.
    func advance(by duration: Duration) {
        world.now.withLock { $0 = $0 + duration }
        clock.advance(by: duration)
    }

    var now: Timestamp { world.now.withLock(\.self) }

    /// The requests that reached MLflow.
    var upstream: [HTTPRequest] { transport.requests.filter { $0.authority.hasSuffix(".sagemaker.aws") } }
    /// The requests for keys.
    var fetches: [HTTPRequest] { transport.requests.filter { !$0.authority.hasSuffix(".sagemaker.aws") } }

    func answer(_ request: ALBTargetRequest, timeLeft: Duration = .seconds(30)) async throws -> Answer {
        let context = LambdaContext(requestID: "request-1", deadline: now + timeLeft, logger: log.logger)
        return try Answer(try await handler.handle(request.event, context: context))
    }

    func answer(token: String, timeLeft: Duration = .seconds(30)) async throws -> Answer {
        try await answer(.example(headers: ["x-amzn-oidc-data": token]), timeLeft: timeLeft)
    }

    /// A token as the load balancer makes them.
    func token(_ edit: (inout TokenDraft) -> Void = { _ in }) -> String {
        var draft = TokenDraft()
        draft.header["exp"] = .integer(now.secondsSinceEpoch + 120)
        draft.payload["exp"] = draft.header["exp"]
        edit(&draft)
        return draft.signed(by: pair)
    }
}

/// A token before it is signed.
struct TokenDraft {
    var header = JSONObject([
        .init(name: "typ", value: "JWT"), .init(name: "kid", value: .string(SignInFixture.keyID)),
        .init(name: "alg", value: "ES256"), .init(name: "iss", value: .string(SignInFixture.issuer)),
        .init(name: "client", value: .string(SignInFixture.client)),
        .init(name: "signer", value: .string(SignInFixture.loadBalancer)),
    ])
    var payload = JSONObject([
        .init(name: "sub", value: "5e2c3f10"), .init(name: "email", value: "jane@example.com"),
        .init(name: "iss", value: .string(SignInFixture.issuer)),
    ])
    /// Stands in the place of the header, whatever it is.
    var headerText: String?
    /// Stands in the place of the payload, whatever it is.
    var payloadText: String?
    var isPadded = true

    func encode(_ bytes: [UInt8]) -> String { Base64URLText.encode(bytes, padded: isPadded) }

    /// Header and payload.
    var signed: String {
        let header = headerText.map { Array($0.utf8) } ?? JSONValue.object(header).encoded
        let payload = payloadText.map { Array($0.utf8) } ?? JSONValue.object(payload).encoded
        return "\(encode(header)).\(encode(payload))"
    }

    func signed(by pair: ECDSAKeyPair) -> String {
        "\(signed).\(encode(pair.signature(of: Array(signed.utf8))))"
    }
}
