import AWSCore
import AWSServices
import AWSSigning
import CloudFormation
import Configuration
import HTTP
import JSON
import Lambda
import LambdaEmulator
import MLflowResource
import Synchronization
import TestSupport
import Testing
import Timestamps

/// SageMaker, CloudFormation and Lambda around the handler, on a clock that runs as fast as the work sleeps.
final class World: Sendable {
    static let start = Timestamp(secondsSinceEpoch: 1_700_000_000)
    static let role = "arn:aws:iam::123456789012:role/mlflow"
    static let function = "arn:aws:lambda:us-east-1:123456789012:function:mlflow-app"
    static let stack = "arn:aws:cloudformation:us-east-1:123456789012:stack/demo/1f0e"

    let clock = ManualClock()
    let plane: MLflowControlPlane
    /// SageMaker as somebody else uses it.
    let service: SageMakerClient
    private let makeHandler: @Sendable () -> MLflowResourceHandler
    private let handler: Mutex<MLflowResourceHandler>
    private let answers = Answers()
    private let queue = Queue()
    private let requests = Mutex(0)
    private let sampleApp = Mutex<String?>(nil)
    private let interruptions = Interruptions()

    /// The answers CloudFormation got.
    private final class Answers: Sendable {
        let all = Mutex<[JSONValue]>([])
    }

    /// What happens before a call is carried out.
    private final class Interruptions: Sendable {
        let next = Mutex<[String: @Sendable () async throws -> Void]>([:])
    }

    /// Work handed over.
    private final class Queue: SelfInvoker {
        let payloads = Mutex<[[UInt8]]>([])

        func invoke(functionARN: String, payload: [UInt8]) async throws {
            payloads.withLock { $0.append(payload) }
        }
    }

    init(_ settings: JSONObject = [:]) throws {
        var planeSettings = ControlPlaneSettings()
        try planeSettings.apply(["creation": 180, "update": 60, "deletion": 120, "startAndStop": 300])
        try planeSettings.apply(settings)
        let clock = clock
        let now: @Sendable () -> Timestamp = { Self.start + clock.now.offset }
        let plane = MLflowControlPlane(
            authority: "sagemaker.test", accessKeyID: "AKIDEXAMPLE", secretAccessKey: "secret", settings: planeSettings,
            now: now)
        self.plane = plane
        let answers = answers
        let interruptions = interruptions
        let transport = StubTransport { request in
            guard case .bytes(let body) = request.body else { return HTTPResponse(status: 500) }
            if request.authority == "answers.test" {
                answers.all.withLock { $0.append((try? JSONValue(parsing: body)) ?? .null) }
                return HTTPResponse(status: 200)
            }
            let operation = String((request.headers["x-amz-target"] ?? "").dropFirst("SageMaker.".count))
            try await interruptions.next.withLock { $0.removeValue(forKey: operation) }?()
            let target = request.path + (request.query.map { "?\($0)" } ?? "")
            var headers = request.headers
            headers.append("host", request.authority)
            let response = await plane.respond(
                to: ServerRequest(
                    head: ServerRequestHead(method: request.method, target: target, headers: headers), body: body))
            return HTTPResponse(status: response.status, headers: response.headers, body: response.body)
        }
        let endpoint = try ServiceEndpoint.resolve(
            service: .sageMaker, region: "us-east-1",
            environment: Environment(["AWS_ENDPOINT_URL_SAGEMAKER": "http://sagemaker.test"]))
        let service = SageMakerClient(
            AWSClient(
                endpoint: endpoint, errorForm: .json, credentials: FixedCredentials(), transport: transport,
                clock: clock, now: now))
        self.service = service
        let queue = queue
        makeHandler = {
            MLflowResourceHandler(service: service, invoker: queue, transport: transport, clock: clock, now: now)
        }
        handler = Mutex(makeHandler())
    }

    private struct FixedCredentials: CredentialProvider {
        func credentials() async throws -> Credentials {
            Credentials(accessKeyID: "AKIDEXAMPLE", secretAccessKey: "secret")
        }
    }

    /// The App that the sample events mean.
    var appOfSamples: String? {
        get { sampleApp.withLock { $0 } }
        set { sampleApp.withLock { $0 = newValue } }
    }

    /// The time since the beginning.
    var elapsed: Duration { clock.now.offset }
    /// The operations SageMaker was asked for.
    var operations: [String] { plane.operations }
    /// How often the work was handed over.
    var handOvers: Int { queue.payloads.withLock { $0.count } }
    /// The event that the work was handed over with last.
    var lastHandOver: JSONValue? {
        queue.payloads.withLock { $0.last }.flatMap { try? JSONValue(parsing: $0) }
    }
    /// All of CloudFormation's answers.
    var replies: [JSONValue] { answers.all.withLock { $0 } }

    /// The operations that change something, from a count of operations on.
    func changes(since first: Int = 0) -> [String] {
        operations.dropFirst(first).filter { !$0.hasPrefix("Describe") && !$0.hasPrefix("List") }
    }

    /// Has something happen before the next call of an operation is carried out.
    func before(_ operation: String, _ interruption: @escaping @Sendable () async throws -> Void) {
        interruptions.next.withLock { $0[operation] = interruption }
    }

    /// Puts another process in the function's place, which knows nothing of what the one before did.
    func restart() {
        handler.withLock { $0 = makeHandler() }
    }

    /// Invokes the function once.
    ///
    /// - Parameter isWithin: Whether it happens while another invocation is at work, which has its deadlines.
    func invoke(_ event: JSONValue, seconds: Int64 = 900, isWithin: Bool = false) async throws -> JSONValue {
        let context = LambdaContext(
            requestID: "i-1", deadline: Self.start + elapsed + .seconds(seconds), invokedFunctionARN: Self.function)
        let handler = handler.withLock { $0 }
        let clock = clock
        let bytes = event.encoded
        return try await withThrowingTaskGroup(of: [UInt8]?.self) { group in
            group.addTask { try await handler.handle(bytes, context: context) }
            group.addTask {
                // The work, its end and the end of its grace; an action has no end.
                await clock.run(whenAsleep: (event["action"] == nil ? 3 : 1) + (isWithin ? 2 : 0))
                return nil
            }
            defer { group.cancelAll() }
            while let answer = try await group.next() {
                if let answer { return try JSONValue(parsing: answer) }
            }
            return .null
        }
    }

    /// Sends a request as CloudFormation does, and delivers what the function hands over to itself.
    ///
    /// - Returns: CloudFormation's answer.
    func request(
        _ type: String, _ properties: JSONObject, old: JSONObject? = nil, id: String? = nil, requestID: String? = nil,
        seconds: Int64 = 900
    ) async throws -> JSONValue {
        let event = event(type, properties, old: old, id: id, requestID: requestID)
        let answered = replies.count
        var handedOver = handOvers
        _ = try await invoke(event, seconds: seconds)
        while handOvers > handedOver {
            handedOver = handOvers
            _ = try await invoke(lastHandOver ?? .null, seconds: seconds)
        }
        return replies.count > answered ? replies[answered] : .null
    }

    /// Makes an App or a server, and gives its ARN.
    func made(_ properties: JSONObject) async throws -> String {
        let reply = try await request("Create", properties)
        #expect(reply["Status"] == "SUCCESS", "\(reply)")
        return try #require(reply["PhysicalResourceId"]?.string)
    }

    /// A request of CloudFormation.
    func event(
        _ type: String, _ properties: JSONObject, old: JSONObject? = nil, id: String? = nil, requestID: String? = nil
    ) -> JSONValue {
        let number = requests.withLock { number in
            number += 1
            return number
        }
        var members: JSONObject = [
            "RequestType": .string(type), "ServiceToken": .string(Self.function),
            "ResponseURL": "https://answers.test/x?X-Amz-Signature=ab12", "StackId": .string(Self.stack),
            "RequestId": .string(requestID ?? "request-\(number)"), "LogicalResourceId": "MLflow",
            "ResourceType": "Custom::MLflowApp", "ResourceProperties": .object(properties),
        ]
        members["OldResourceProperties"] = old.map(JSONValue.object)
        members["PhysicalResourceId"] = id.map(JSONValue.string)
        return .object(members)
    }

    /// The tags of what a request of the resource makes.
    static func tags(requestID: String, stack: String = World.stack) -> [String: String] {
        [
            "sagemaker-mlflow-lambda:stack-id": stack, "sagemaker-mlflow-lambda:logical-id": "MLflow",
            "sagemaker-mlflow-lambda:request-id": requestID,
        ]
    }

    /// The Apps that are not deleted.
    func apps() async throws -> [String] {
        try await service.listMLflowApps().filter { $0.status != .deleted }.map(\.arn)
    }

    /// An App that SageMaker describes.
    func describe(_ arn: String) async throws -> JSONValue {
        try await invoke(["action": "describe", "app": .string(arn)])
    }

    /// A tracking server that SageMaker describes.
    func describe(server name: String) async throws -> JSONValue {
        try await invoke(["action": "describe", "trackingServer": .string(name)])
    }
}

let app: JSONObject = [
    "Kind": "App", "Name": "demo", "ArtifactStoreUri": "s3://artifacts/mlflow", "RoleArn": .string(World.role),
]
let server: JSONObject = [
    "Kind": "TrackingServer", "Name": "team", "ArtifactStoreUri": "s3://artifacts/mlflow",
    "RoleArn": .string(World.role),
]

extension JSONObject {
    /// The same with other members; nil takes one away.
    func with(_ changes: KeyValuePairs<String, JSONValue?>) -> JSONObject {
        var changed = self
        for (name, value) in changes { changed[name] = value }
        return changed
    }
}
