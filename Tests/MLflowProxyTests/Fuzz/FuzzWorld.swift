import AWSCore
import AWSSigning
import Configuration
import Foundation
import HTTP
import Lambda
import LambdaEvents
import MLflowProxy
import Synchronization
import TestSupport
import Testing

/// One way to set the proxy up, and the outside world that watches it.
struct FuzzWorld: Sendable, CustomTestStringConvertible {
    let identities: FuzzIdentities.Kind
    let access: ProxyConfiguration.Access

    static let all = FuzzIdentities.Kind.allCases.flatMap { kind in
        ProxyConfiguration.Access.allCases.map { FuzzWorld(identities: kind, access: $0) }
    }

    /// How many events a run has in all: `FUZZ_EVENTS`, or enough to find most of what a change breaks.
    static let events = ProcessInfo.processInfo.environment["FUZZ_EVENTS"].flatMap { Int($0) } ?? 20_000
    /// Another seed is another run: `FUZZ_SEED`.
    static let seed = ProcessInfo.processInfo.environment["FUZZ_SEED"].flatMap { UInt64($0) } ?? 20_240_618

    var testDescription: String { "PROXY_AUTH=\(identities.rawValue) PROXY_ACCESS=\(access.rawValue)" }

    private var number: Int { Self.all.firstIndex { $0.testDescription == testDescription } ?? 0 }

    /// Each world has another seed, and the kinds of MLflow take turns.
    var seed: UInt64 { Self.seed &+ UInt64(number) }
    var isApp: Bool { number % 3 == 1 }
    var arn: String { isApp ? "arn:aws:sagemaker:us-east-1:123456789012:mlflow-app/app-1" : Fixture.arn }
    var arnHeader: String { isApp ? "x-sm-mlflow-app-arn" : "x-mlflow-sm-tracking-server-arn" }
    var customEndpoint: String? { number % 3 == 2 ? "https://gateway.example.net:8443/prefix" : nil }
    var pathPrefix: String { customEndpoint == nil ? "" : "/prefix" }
    var authority: String {
        customEndpoint != nil
            ? "gateway.example.net:8443"
            : isApp ? "mlflow.sagemaker.us-east-1.app.aws" : "eu-central-1.experiments.sagemaker.aws"
    }

    /// Some worlds have places in S3: for answers that are too large, and for uploads.
    var hasBuckets: Bool { number % 2 == 1 }
    static let overflowHost = "overflow-bucket.s3.us-east-1.amazonaws.com"
    static let uploadHost = "artifact-bucket.s3.us-east-1.amazonaws.com"
    /// SageMaker's control plane, which presigned URLs come from.
    static let controlPlaneHost = "api.sagemaker.us-east-1.amazonaws.com"

    func proxy(_ identities: FuzzIdentities, transport: any HTTPTransport) throws -> MLflowProxyHandler {
        let authentication: ProxyConfiguration.Authentication =
            switch identities.kind {
            case .network: .network
            case .bearer: .bearerTokenAtLoadBalancer
            case .signIn:
                .signInAtLoadBalancer(
                    try LoadBalancerSignIn(
                        loadBalancer: SignInFixture.loadBalancer, clientID: SignInFixture.client,
                        issuer: SignInFixture.issuer, keyURL: nil))
            }
        let origins = ["https://portal.example.com"].compactMap { WebOrigin($0) }
        var configuration = ProxyConfiguration(
            authentication: authentication, access: access,
            publicOrigin: number % 2 == 0 ? WebOrigin("https://mlflow.example.com") : nil,
            allowedOrigins: number % 4 < 3 ? origins : [], frameAncestors: origins)
        var storage: AWSClient?
        if hasBuckets {
            configuration.overflow = try OverflowPlace(bucket: "overflow-bucket")
            configuration.uploadLocations = [try #require(UploadLocation("s3://artifact-bucket/mlflow"))]
            let endpoint = try ServiceEndpoint.resolve(
                service: .s3, region: "us-east-1", environment: Environment([:]))
            storage = AWSClient(
                endpoint: endpoint, errorForm: .xml, signing: .s3, credentials: CanaryCredentials(),
                transport: transport, clock: ManualClock(jumps: true), now: { Fixture.now })
        }
        return MLflowProxyHandler(
            configuration: configuration, endpoint: try MLflowEndpoint(arn: arn, customEndpoint: customEndpoint),
            services: try ProxyServices(region: "us-east-1", environment: Environment([:])),
            credentials: CanaryCredentials(), transport: transport, storage: storage, now: { Fixture.now },
            clock: ManualClock(jumps: true))
    }
}

/// Credentials that show wherever they leak to.
struct CanaryCredentials: CredentialProvider {
    static let secretAccessKey = "canary-secret-access-key"
    static let sessionToken = "canary-session-token"

    func credentials() async throws -> Credentials {
        Credentials(accessKeyID: "AKID", secretAccessKey: Self.secretAccessKey, sessionToken: Self.sessionToken)
    }
}

/// The network: keeps what was asked of it since it was last looked at, and answers as a hostile service would.
final class HostileNetwork: HTTPTransport {
    private struct State {
        var requests: [HTTPRequest] = []
        var random = SeededGenerator(seed: 0)
    }

    private let state = Mutex(State())
    private let keys: [String: String]

    init(keys: [String: String]) {
        self.keys = keys
    }

    /// Begins an event.
    func begin(seed: UInt64) {
        state.withLock { $0 = State(requests: [], random: SeededGenerator(seed: seed)) }
    }

    /// What was asked since the event began.
    var requests: [HTTPRequest] { state.withLock { $0.requests } }

    func send(_ request: HTTPRequest, options: TransferOptions) async throws -> HTTPResponse {
        try request.validate()
        if request.authority == SignInFixture.keyHost {
            state.withLock { $0.requests.append(request) }
            guard let pem = keys[String(request.path.dropFirst())] else { return HTTPResponse(status: 404) }
            return HTTPResponse(status: 200, body: Array(pem.utf8))
        }
        var response = try state.withLock { state in
            state.requests.append(request)
            return try HostileAnswers.answer(to: request, &state.random)
        }
        guard response.body.count <= options.maximumResponseBytes else {
            throw TransportError(.responseTooLarge, "the response body is over the limit", request: request)
        }
        if request.method == .head { response.body = [] }
        return response
    }
}
