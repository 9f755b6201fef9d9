import AWSCore
import AWSSigning
import Configuration
import Foundation
import HTTP
import Logging
import Synchronization
import TestSupport
import Timestamps

let noon = Timestamp(secondsSinceEpoch: 1_795_262_400)

/// A time that a test sets.
final class ManualTime: Sendable {
    private let time = Mutex(noon)
    private let reads = Mutex(0)

    /// Moves the time.
    func advance(by duration: Duration) { time.withLock { $0 = $0 + duration } }

    /// How often the time was asked for.
    var readCount: Int { reads.withLock { $0 } }

    /// Tells the time.
    var now: @Sendable () -> Timestamp {
        {
            self.reads.withLock { $0 += 1 }
            return self.time.withLock { $0 }
        }
    }
}

/// Lets other tasks run until a condition holds; the suite's time limit ends it.
func until(_ condition: () -> Bool) async throws {
    while !condition() {
        try Task.checkCancellation()
        await Task.yield()
    }
}

/// Keeps what is logged.
struct RecordingLogHandler: LogHandler {
    let lines: LogLines
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        lines.append("\(event.level): \(event.message)")
    }
}

final class LogLines: Sendable {
    private let lines = Mutex<[String]>([])
    var all: [String] { lines.withLock { $0 } }
    func append(_ line: String) { lines.withLock { $0.append(line) } }
    var logger: Logger { Logger(label: "test") { _ in RecordingLogHandler(lines: self) } }
}

/// What STS answers when a role is assumed.
func stsAnswer(_ id: String, expiration: Timestamp) -> HTTPResponse {
    HTTPResponse(
        status: 200,
        body: Array(
            """
            <AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
            <AccessKeyId>\(id)</AccessKeyId><SecretAccessKey>s3cret</SecretAccessKey><SessionToken>t0ken</SessionToken>
            <Expiration>\(expiration)</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>
            """.utf8))
}

/// What STS answers when it refuses.
func stsError(_ code: String, _ status: Int, _ message: String = "") -> HTTPResponse {
    HTTPResponse(
        status: status,
        body: Array(
            """
            <ErrorResponse><Error><Type>Sender</Type><Code>\(code)</Code><Message>\(message)</Message></Error>\
            <RequestId>0123-4567</RequestId></ErrorResponse>
            """.utf8))
}

/// STS behind a transport, without waits.
func stsClient(
    _ transport: StubTransport, clock: ManualClock = ManualClock(jumps: true), now: @escaping @Sendable () -> Timestamp
) throws -> STSClient {
    STSClient(
        endpoint: try ServiceEndpoint.resolve(service: .sts, region: "eu-central-1", environment: Environment([:])),
        transport: transport, clock: clock, now: now, retries: RetryPolicy { 1 })
}

/// The body of a request as text.
func bodyText(_ request: HTTPRequest) -> String {
    guard case .bytes(let bytes) = request.body else { return "a stream" }
    return String(decoding: bytes, as: UTF8.self)
}

/// A folder that is removed with the test that made it.
final class TemporaryFolder {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
    }

    /// Writes a file and gives its path.
    func write(_ name: String, _ text: String) throws -> String {
        let file = path + "/" + name
        try FileManager.default.createDirectory(
            atPath: (file as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(fileURLWithPath: file))
        return file
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }
}
