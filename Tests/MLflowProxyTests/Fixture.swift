import AWSCore
import AWSSigning
import Configuration
import Encoding
import HTTP
import JSON
import Lambda
import LambdaEvents
import Logging
import MLflowProxy
import Synchronization
import TestSupport
import Timestamps

/// A proxy before a stub of the MLflow service, at a moment that stands still unless its clock is moved.
struct Fixture: Sendable {
    static let arn = "arn:aws:sagemaker:eu-central-1:123456789012:mlflow-tracking-server/team"
    static let secrets = ["SECRETKEY", "SESSIONTOKEN"]
    static let now = Timestamp(secondsSinceEpoch: 1_790_000_000)

    var configuration = ProxyConfiguration(authentication: .network)
    var endpointARN = Fixture.arn
    var customEndpoint: String?
    var credentials: any CredentialProvider = FixedCredentials()
    var deadline: Timestamp? = Fixture.now + .seconds(30)
    var traceID: String?
    var clock = ManualClock()
    let log = LogRecorder()
    let transport: StubTransport

    init(_ answer: @escaping @Sendable (HTTPRequest) async throws -> HTTPResponse = { _ in HTTPResponse(status: 200) })
    {
        transport = StubTransport(answer)
    }

    init(answering response: HTTPResponse) {
        self.init { _ in response }
    }

    func handler() throws -> MLflowProxyHandler {
        MLflowProxyHandler(
            configuration: configuration,
            endpoint: try MLflowEndpoint(arn: endpointARN, customEndpoint: customEndpoint),
            services: try ProxyServices(region: "eu-central-1", environment: Environment([:])),
            credentials: credentials, transport: transport, functionName: "proxy",
            now: { [clock] in Fixture.now + clock.now.offset }, clock: clock)
    }

    func handle(_ event: [UInt8]) async throws -> [UInt8] {
        try await handler().handle(event, context: context)
    }

    func answer(_ request: ALBTargetRequest) async throws -> Answer {
        try Answer(try await handle(request.event))
    }

    var context: LambdaContext {
        LambdaContext(requestID: "request-1", deadline: deadline, traceID: traceID, logger: log.logger)
    }
}

struct FixedCredentials: CredentialProvider {
    func credentials() async throws -> Credentials {
        Credentials(accessKeyID: "AKID", secretAccessKey: "SECRETKEY", sessionToken: "SESSIONTOKEN")
    }
}

/// What the load balancer would send to the client.
struct Answer {
    let status: Int
    let headers: HTTPHeaders
    let body: [UInt8]
    let size: Int

    init(_ bytes: [UInt8]) throws {
        let json = try JSONValue(parsing: bytes)
        status = Int(json["statusCode"]?.integer ?? 0)
        var headers = HTTPHeaders()
        for member in json["multiValueHeaders"]?.object ?? JSONObject() {
            for value in member.value.array ?? [] { headers.append(member.name, value.string ?? "") }
        }
        for member in json["headers"]?.object ?? JSONObject() {
            headers.append(member.name, member.value.string ?? "")
        }
        self.headers = headers
        let text = json["body"]?.string ?? ""
        body = json["isBase64Encoded"] == true ? Base64.decode(text) ?? [] : Array(text.utf8)
        size = bytes.count
    }

    var text: String { String(decoding: body, as: UTF8.self) }
    var json: JSONValue? { try? JSONValue(parsing: body) }
    var message: String { json?["message"]?.string ?? "" }
}

extension ALBTargetRequest {
    /// A request as a browser behind the load balancer makes it.
    static func example(
        _ method: HTTPMethod = .get, _ path: String = "/", query: [QueryItem] = [], headers: HTTPHeaders = [:],
        body: String = "", mode: ALBHeaderMode = .multiple
    ) -> ALBTargetRequest {
        var all: HTTPHeaders = [
            "host": "mlflow.example.com", "x-forwarded-for": "203.0.113.7", "x-forwarded-proto": "https",
        ]
        for field in headers {
            if field.name == "host" { all["host"] = field.value } else { all.append(field.name, field.value) }
        }
        return ALBTargetRequest(
            targetGroupARN: "arn:tg", method: method, path: path, query: query, headers: all, body: Array(body.utf8),
            headerMode: mode)
    }

    /// The request as the load balancer writes it.
    var event: [UInt8] {
        let multiple = headerMode == .multiple
        let event: JSONValue = [
            "requestContext": ["elb": ["targetGroupArn": .string(targetGroupARN)]],
            "httpMethod": .string(method.rawValue), "path": .string(path),
            (multiple ? "multiValueQueryStringParameters" : "queryStringParameters"):
                Self.map(query.map { ($0.name, $0.value) }, multiple),
            (multiple ? "multiValueHeaders" : "headers"): Self.map(headers.map { ($0.name, $0.value) }, multiple),
            "body": .string(Base64.encode(body)), "isBase64Encoded": true,
        ]
        return event.encoded
    }

    private static func map(_ pairs: [(String, String)], _ multiple: Bool) -> JSONValue {
        var object = JSONObject()
        for (name, value) in pairs {
            let earlier = object[name]?.array ?? []
            object[name] = multiple ? .array(earlier + [.string(value)]) : .string(value)
        }
        return .object(object)
    }
}

/// Keeps the records of a log.
final class LogRecorder: Sendable {
    struct Record: Sendable {
        var level: Logger.Level
        var message: String
        var metadata: [String: String]
        /// The metadata with its numbers and members, as a log in JSON has it.
        var json: JSONValue
    }

    private let entries = Mutex<[Record]>([])

    var records: [Record] { entries.withLock { $0 } }

    /// All that was logged, as one text to search.
    var text: String {
        records.map { "\($0.message) \($0.metadata)" }.joined(separator: "\n")
    }

    var logger: Logger {
        var logger = Logger(label: "test", factory: { _ in Handler(recorder: self) })
        logger.logLevel = .trace
        return logger
    }

    private struct Handler: LogHandler {
        let recorder: LogRecorder
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.MetadataValue? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let metadata = event.metadata ?? [:]
            let record = Record(
                level: event.level, message: event.message.description, metadata: metadata.mapValues(\.description),
                json: .object(JSONObject(metadata.map { .init(name: $0.key, value: Self.json($0.value)) })))
            recorder.entries.withLock { $0.append(record) }
        }

        private static func json(_ value: Logger.MetadataValue) -> JSONValue {
            switch value {
            case .string(let text): .string(text)
            case .stringConvertible(let value): (try? JSONValue(parsing: Array(value.description.utf8))) ?? .null
            case .array(let values): .array(values.map(json))
            case .dictionary(let values):
                .object(JSONObject(values.map { .init(name: $0.key, value: json($0.value)) }))
            }
        }
    }
}
