import HTTP
import JSON
import Lambda
import Logging
import Synchronization
import TestSupport

/// A Runtime API in memory: gives the scripted answers to `next`, then stops the runtime, as SIGTERM would.
final class FakeService: Sendable {
    enum Step: Sendable {
        case answer(HTTPResponse)
        case failure(TransportError.Kind)
    }

    typealias Answer = @Sendable (HTTPRequest) async throws -> HTTPResponse

    private let steps: Mutex<[Step]>
    private let post: Answer
    private let runtime = Mutex<LambdaRuntime?>(nil)
    private let received = Mutex<[(request: HTTPRequest, body: [UInt8], trailers: HTTPHeaders)]>([])
    private let asked = Mutex<[String]>([])
    let log = LogRecorder()
    let clock = ManualClock(jumps: true)

    init(_ steps: [Step], post: @escaping Answer = { _ in HTTPResponse(status: 202) }) {
        self.steps = Mutex(steps)
        self.post = post
    }

    /// The paths of what was asked with GET.
    var gets: [String] { asked.withLock { $0 } }

    /// What was posted, streams read to their end.
    var posts: [(request: HTTPRequest, body: [UInt8], trailers: HTTPHeaders)] { received.withLock { $0 } }

    var transport: RawTransport {
        RawTransport { request in
            guard request.method == .get else { return try await self.take(request) }
            self.asked.withLock { $0.append(request.path) }
            switch self.steps.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) {
            case .answer(let response): return response
            case .failure(let kind): throw TransportError(kind, "the test says so", request: request)
            case nil:
                self.runtime.withLock { $0 }?.stop()
                try await Self.untilCancelled()
                return HTTPResponse(status: 500)
            }
        }
    }

    private func take(_ request: HTTPRequest) async throws -> HTTPResponse {
        var body: [UInt8] = []
        var trailers: HTTPHeaders = [:]
        switch request.body {
        case .bytes(let bytes): body = bytes
        case .stream(let stream):
            while let piece = try await stream.next() { body += piece }
            trailers = stream.trailers()
        }
        received.withLock { $0.append((request, body, trailers)) }
        return try await post(request)
    }

    func client(_ transport: RawTransport) throws -> RuntimeAPIClient {
        RuntimeAPIClient(transport: transport, endpoint: try RuntimeAPIEndpoint("127.0.0.1:9001"))
    }

    func run(_ handler: any LambdaHandler, concurrency: Int = 1) async throws {
        await run(
            LambdaRuntime(
                .whole(handler), client: try client(transport), concurrency: concurrency, clock: clock,
                logger: log.logger))
    }

    func run(streaming handler: any StreamingLambdaHandler) async throws {
        await run(
            LambdaRuntime(.streamed(handler), client: try client(transport), clock: clock, logger: log.logger))
    }

    /// Remembers whom to stop.
    func willRun(_ runtime: LambdaRuntime) {
        self.runtime.withLock { $0 = runtime }
    }

    func run(_ runtime: LambdaRuntime) async {
        willRun(runtime)
        await runtime.run()
    }

    /// Waits as an idle long poll does.
    static func untilCancelled() async throws {
        for await _ in AsyncStream<Never>.makeStream().stream {}
        try Task.checkCancellation()
    }
}

extension FakeService.Step {
    static func event(_ id: String, _ body: String = "{}", _ more: HTTPHeaders = [:]) -> Self {
        let own: HTTPHeaders = ["Lambda-Runtime-Aws-Request-Id": id]
        return .answer(
            HTTPResponse(status: 200, headers: HTTPHeaders(own.fields + more.fields), body: Array(body.utf8)))
    }

    static func status(_ status: Int) -> Self { .answer(HTTPResponse(status: status)) }
}

/// A transport that hands requests on as they are, streams unread, so that a test decides how fast one is taken.
final class RawTransport: HTTPTransport {
    private let answer: FakeService.Answer
    private let log = Mutex<[(request: HTTPRequest, options: TransferOptions)]>([])

    init(_ answer: @escaping FakeService.Answer) {
        self.answer = answer
    }

    var requests: [HTTPRequest] { log.withLock { $0.map(\.request) } }
    var options: [TransferOptions] { log.withLock { $0.map(\.options) } }

    func send(_ request: HTTPRequest, options: TransferOptions) async throws -> HTTPResponse {
        log.withLock { $0.append((request, options)) }
        try Task.checkCancellation()
        return try await answer(request)
    }
}

/// Keeps log lines.
final class LogRecorder: Sendable {
    private let records = Mutex<[String]>([])
    var lines: [String] { records.withLock { $0 } }
    var logger: Logger { Logger(label: "test") { _ in Handler(recorder: self) } }

    private struct Handler: LogHandler {
        var recorder: LogRecorder
        var logLevel = Logger.Level.trace
        var metadata: Logger.Metadata = [:]
        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }
        func log(event: LogEvent) { recorder.records.withLock { $0.append("\(event.level): \(event.message)") } }
    }
}

/// A handler made of a closure.
struct Closure: LambdaHandler {
    var body: @Sendable ([UInt8], LambdaContext) async throws -> [UInt8]
    init(_ body: @escaping @Sendable ([UInt8], LambdaContext) async throws -> [UInt8]) { self.body = body }
    func handle(_ event: [UInt8], context: LambdaContext) async throws -> [UInt8] { try await body(event, context) }
    static let echo = Closure { event, _ in event }
}

/// A streaming handler made of a closure.
struct StreamClosure: StreamingLambdaHandler {
    var body: @Sendable (LambdaResponseWriter) async throws -> Void
    init(_ body: @escaping @Sendable (LambdaResponseWriter) async throws -> Void) { self.body = body }
    func handle(_ event: [UInt8], response: LambdaResponseWriter, context: LambdaContext) async throws {
        try await body(response)
    }
}
