import Glibc
public import HTTP
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// Plain HTTP/1.1 to servers of this machine. Connections are kept open for the next request.
public final class LoopbackTransport: HTTPTransport {
    private struct Idle {
        var channel: any Channel
        var since: ContinuousClock.Instant
    }

    /// Servers close what is idle for some seconds (uvicorn: 5); a connection this fresh is not about to be closed.
    private static let longestIdle = Duration.seconds(2)

    private static let quickAcknowledgement = ChannelOptions.Types.SocketOption(
        level: .tcp, name: NIOBSDSocket.Option(rawValue: TCP_QUICKACK))

    private let idle = Mutex<[String: [Idle]]>([:])

    /// Makes a transport without connections.
    public init() {}

    /// Sends a request and collects the response.
    public func send(_ request: HTTPRequest, options: TransferOptions) async throws -> HTTPResponse {
        guard request.scheme == "http", URLParts.isAuthority(request.authority) else {
            throw TransportError(.invalidRequest, "only http:// to a plain host can be sent", request: request)
        }
        guard request.headers.allSatisfy(\.isValid), HTTPToken.isToken(request.method.rawValue),
            HTTPToken.isVisible(request.path), HTTPToken.isVisible(request.query ?? "")
        else {
            throw TransportError(.invalidRequest, "a name or value cannot go on the wire", request: request)
        }
        let channel = try await connection(for: request, options)
        do {
            let (response, reusable) = try await exchange(request, on: channel, options)
            if reusable {
                keep(channel, for: request.authority)
            } else {
                channel.close(promise: nil)
            }
            return response
        } catch {
            channel.close(promise: nil)
            throw error
        }
    }

    private func connection(for request: HTTPRequest, _ options: TransferOptions) async throws -> any Channel {
        if let kept = take(request.authority) { return kept }
        let parts = request.authority.split(separator: ":")
        let host = String(parts[0])
        let port = parts.count > 1 ? Int(parts[1]) ?? 80 : 80
        do {
            let (seconds, attoseconds) = options.connectTimeout.components
            let limit = TimeAmount.seconds(min(seconds, 3600)) + .nanoseconds(attoseconds / 1_000_000_000)
            return try await ClientBootstrap(group: EventLoopExecutor.shared.eventLoop)
                .connectTimeout(limit)
                .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHTTPClientHandlers(leftOverBytesStrategy: .dropBytes)
                        try channel.pipeline.syncOperations.addHandler(ResponseCollector())
                    }
                }
                .connect(host: host, port: port).get()
        } catch {
            throw TransportError(.connect, "no connection to \(request.authority): \(error)", request: request)
        }
    }

    private func exchange(
        _ request: HTTPRequest, on channel: any Channel, _ options: TransferOptions
    ) async throws -> (HTTPResponse, reusable: Bool) {
        let promise = channel.eventLoop.makePromise(of: ResponseCollector.Outcome.self)
        let expected = ResponseCollector.Expectation(
            promise: promise, maximumBodyBytes: options.maximumResponseBytes)
        let timer = options.timeout.map { limit in
            let nanoseconds = limit.components.seconds.multipliedReportingOverflow(by: 1_000_000_000)
            return channel.eventLoop.scheduleTask(
                in: .nanoseconds(
                    nanoseconds.overflow
                        ? .max / 2 : nanoseconds.partialValue + limit.components.attoseconds / 1_000_000_000)
            ) { promise.fail(ExchangeFailure.timeout) }
        }
        defer { timer?.cancel() }
        return try await withTaskCancellationHandler {
            do {
                try await channel.pipeline.triggerUserOutboundEvent(expected).get()
                try await write(request, to: channel)
                // Servers that write head and body apart would else wait 40 ms for our delayed acknowledgement.
                channel.setOption(Self.quickAcknowledgement, value: 1).whenComplete { _ in }
                let outcome = try await promise.futureResult.get()
                return (outcome.response, outcome.keepAlive)
            } catch {
                promise.fail(error)
                throw Self.error(error, request)
            }
        } onCancel: {
            promise.fail(CancellationError())
        }
    }

    private func write(_ request: HTTPRequest, to channel: any Channel) async throws {
        var head = HTTPRequestHead(
            version: .http1_1, method: NIOHTTP1.HTTPMethod(rawValue: request.method.rawValue),
            uri: request.query.map { "\(request.path)?\($0)" } ?? request.path)
        if !request.headers.contains("host") { head.headers.add(name: "Host", value: request.authority) }
        for field in request.headers { head.headers.add(name: field.name, value: field.value) }
        switch request.body {
        case .bytes(let bytes):
            let needsLength = !bytes.isEmpty || ["POST", "PUT", "PATCH"].contains(request.method.rawValue)
            if needsLength { head.headers.replaceOrAdd(name: "Content-Length", value: String(bytes.count)) }
            channel.write(HTTPClientRequestPart.head(head), promise: nil)
            if !bytes.isEmpty {
                channel.write(HTTPClientRequestPart.body(.byteBuffer(ByteBuffer(bytes: bytes))), promise: nil)
            }
            try await channel.writeAndFlush(HTTPClientRequestPart.end(nil)).get()
        case .stream(let stream):
            let stream = stream.checked()
            if let length = stream.contentLength {
                head.headers.replaceOrAdd(name: "Content-Length", value: String(length))
            } else {
                head.headers.replaceOrAdd(name: "Transfer-Encoding", value: "chunked")
            }
            try await channel.writeAndFlush(HTTPClientRequestPart.head(head)).get()
            while let piece = try await stream.next() {
                try await channel.writeAndFlush(HTTPClientRequestPart.body(.byteBuffer(ByteBuffer(bytes: piece)))).get()
            }
            var trailers = NIOHTTP1.HTTPHeaders()
            for field in stream.contentLength == nil ? stream.trailers() : [:] {
                trailers.add(name: field.name, value: field.value)
            }
            try await channel.writeAndFlush(HTTPClientRequestPart.end(trailers.isEmpty ? nil : trailers)).get()
        }
    }

    private func take(_ authority: String) -> (any Channel)? {
        let now = ContinuousClock.now
        return idle.withLock { idle in
            while let last = idle[authority]?.popLast() {
                if last.channel.isActive, last.since.duration(to: now) < Self.longestIdle { return last.channel }
                last.channel.close(promise: nil)
            }
            return nil
        }
    }

    private func keep(_ channel: any Channel, for authority: String) {
        idle.withLock { $0[authority, default: []].append(Idle(channel: channel, since: .now)) }
    }

    private static func error(_ error: any Error, _ request: HTTPRequest) -> any Error {
        switch error {
        case is CancellationError: error
        case ExchangeFailure.timeout: TransportError(.timeout, "the time allowed ran out", request: request)
        case is HTTPBodyLengthError:
            TransportError(.bodyStream, "the request body could not be produced: \(error)", request: request)
        case ExchangeFailure.tooLarge: TransportError(.responseTooLarge, "the response is too large", request: request)
        case is HTTPParserError: TransportError(.malformedResponse, "what came is not HTTP", request: request)
        default: TransportError(.connectionLost, "the connection broke: \(error)", request: request)
        }
    }
}
