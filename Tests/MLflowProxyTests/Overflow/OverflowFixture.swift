import AWSCore
import AWSSigning
import Compression
import Configuration
import HTTP
import Lambda
import LambdaEvents
import MLflowProxy
import Synchronization
import TestSupport
import Testing
import Timestamps

/// A proxy with a bucket, before a stub of the MLflow service that streams its answers.
struct OverflowFixture: Sendable {
    var deadline: Duration? = .seconds(60)
    var hasBucket = true
    var credentials: any CredentialProvider = FixedCredentials()
    let clock: ManualClock
    let log = LogRecorder()
    let network: Network
    let s3: MemoryS3
    private let start = Fixture.now

    /// - Parameter answer: The service's answer to a request.
    init(
        clock: ManualClock = ManualClock(), stored: @escaping @Sendable (_ bytes: Int) -> Void = { _ in },
        _ answer: @escaping @Sendable (HTTPRequest) async throws -> HTTPIncomingResponse
    ) {
        self.clock = clock
        let s3 = MemoryS3(now: { Fixture.now + clock.now.offset }, stored: stored)
        self.s3 = s3
        network = Network(s3: s3, upstream: answer)
    }

    init(answering headers: HTTPHeaders, _ body: [UInt8], status: Int = 200) {
        self.init { request in
            HTTPIncomingResponse(
                HTTPResponse(status: status, headers: headers, body: request.method == .head ? [] : body))
        }
    }

    /// A new instance of the function.
    func handler() throws -> MLflowProxyHandler {
        var configuration = ProxyConfiguration(authentication: .network)
        configuration.upstreamTimeout = .seconds(20)
        if hasBucket { configuration.overflow = try OverflowPlace(bucket: "answers", prefix: "over") }
        let now: @Sendable () -> Timestamp = { [clock] in Fixture.now + clock.now.offset }
        let storage = AWSClient(
            endpoint: try ServiceEndpoint.resolve(service: .s3, region: "eu-central-1", environment: Environment([:])),
            errorForm: .xml, signing: .s3, credentials: credentials, transport: network, clock: clock, now: now)
        return MLflowProxyHandler(
            configuration: configuration, endpoint: try MLflowEndpoint(arn: Fixture.arn),
            services: try ProxyServices(region: "eu-central-1", environment: Environment([:])),
            credentials: credentials,
            transport: network, storage: storage, now: now, clock: clock)
    }

    var context: LambdaContext {
        LambdaContext(requestID: "request-1", deadline: deadline.map { start + $0 }, logger: log.logger)
    }

    func answer(_ request: ALBTargetRequest, from handler: MLflowProxyHandler? = nil) async throws -> Answer {
        let handler = try handler ?? self.handler()
        return try Answer(try await handler.handle(request.event, context: context))
    }

    /// Follows a redirect as clients do: with 303 by GET, with the same headers, and undoes the coding.
    func follow(_ answer: Answer, method: HTTPMethod = .get, headers: HTTPHeaders = [:]) throws -> HTTPResponse {
        let location = try #require(answer.headers["location"])
        let url = try #require(URLParts(location))
        var response = s3.answer(
            HTTPRequest(
                answer.status == 303 ? .get : method, scheme: url.scheme, authority: url.authority, path: url.path,
                query: url.query, headers: headers))
        if response.headers["content-encoding"] == "gzip", response.status == 200 {
            response.body = try Gzip.decompress(response.body, limit: 1 << 30)
        }
        return response
    }
}

/// Sends what is for S3 to the stub of S3, and all else to that of the service.
final class Network: HTTPTransport {
    let s3: MemoryS3
    private let upstream: @Sendable (HTTPRequest) async throws -> HTTPIncomingResponse
    private let log = Mutex<[(request: HTTPRequest, options: TransferOptions)]>([])

    init(s3: MemoryS3, upstream: @escaping @Sendable (HTTPRequest) async throws -> HTTPIncomingResponse) {
        self.s3 = s3
        self.upstream = upstream
    }

    /// The requests to the service.
    var requests: [HTTPRequest] { log.withLock { $0.map(\.request) } }
    var options: [TransferOptions] { log.withLock { $0.map(\.options) } }

    func send(_ request: HTTPRequest, options: TransferOptions) async throws -> HTTPResponse {
        try Task.checkCancellation()
        return s3.answer(request)
    }

    func open(_ request: HTTPRequest, options: TransferOptions) async throws -> HTTPIncomingResponse {
        try Task.checkCancellation()
        log.withLock { $0.append((request, options)) }
        return try await upstream(request)
    }
}

/// A body of so many bytes that is made while it is read, and says how far it got.
final class PacedBody: Sendable {
    private struct State {
        var made = 0
        var stored = 0
        var most = 0
        var isCancelled = false
    }

    private static let pieceSize = 256 << 10
    private let count: Int
    private let failure: (@Sendable (_ made: Int) async throws -> Void)?
    private let state = Mutex(State())

    /// - Parameter before: Called before each piece; what it throws ends the body.
    init(count: Int, before: (@Sendable (_ made: Int) async throws -> Void)? = nil) {
        self.count = count
        failure = before
    }

    /// The bytes that were read.
    var made: Int { state.withLock { $0.made } }
    /// The most bytes that were read and not stored at a time.
    var mostHeld: Int { state.withLock { $0.most } }
    var isCancelled: Bool { state.withLock { $0.isCancelled } }

    func noteStored(_ bytes: Int) {
        state.withLock { $0.stored += bytes }
    }

    /// Bytes by chance, eight at a time.
    static func words(_ count: Int, _ form: (UInt64) -> UInt64) -> [UInt8] {
        var generator = SeededGenerator(seed: 3)
        let words = (0..<(count + 7) / 8).map { _ in form(generator.next()) }
        return Array(words.withUnsafeBytes { $0.prefix(count) })
    }

    private static let block = words(pieceSize) { $0 & 0x3F3F_3F3F_3F3F_3F3F | 0x4040_4040_4040_4040 }

    /// The piece at an offset: no two are alike.
    private static func piece(at offset: Int, of count: Int) -> [UInt8] {
        var piece = Array(block.prefix(min(pieceSize, count - offset)))
        for (index, byte) in withUnsafeBytes(of: offset, Array.init).enumerated() where index < piece.count {
            piece[index] = byte
        }
        return piece
    }

    /// The whole of a body.
    static func bytes(_ count: Int) -> [UInt8] {
        stride(from: 0, to: count, by: pieceSize).reduce(into: []) { $0 += piece(at: $1, of: count) }
    }

    func reader(announcing: Bool = true) -> HTTPBodyReader {
        HTTPBodyReader(
            expectedLength: announcing ? count : nil,
            next: { [self] in
                let made = made
                try await failure?(made)
                guard made < count else { return nil }
                let piece = Self.piece(at: made, of: count)
                state.withLock { state in
                    state.made += piece.count
                    state.most = max(state.most, state.made - state.stored)
                }
                return piece
            }, cancel: { [self] in state.withLock { $0.isCancelled = true } })
    }
}
