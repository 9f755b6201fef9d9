import Glibc
import HTTP
import NIOCore
import NIOHTTP1

/// Serves the requests of one connection, one after the other.
struct ServerConnection {
    let channel: HTTPServer.Connection
    let handler: any ServerHandler

    /// Bytes of a refused request that are still read, so that the client gets to see the answer before the
    /// connection closes.
    private static let drainLimit = 64 << 20

    typealias Parts = NIOAsyncChannelInboundStream<HTTPServerRequestPart>.AsyncIterator
    typealias Writer = NIOAsyncChannelOutboundWriter<HTTPServerResponsePart>

    func serve() async {
        let closed = channel.channel.closeFuture
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                // A connection that breaks has nobody left to tell.
                try? await channel.executeThenClose { inbound, outbound in
                    try await exchangeAll(inbound, outbound)
                }
            }
            group.addTask { try? await closed.get() }
            await group.next()
            // The client is gone, or the last answer is written: whoever still works for it can stop.
            group.cancelAll()
        }
    }

    private func exchangeAll(
        _ inbound: NIOAsyncChannelInboundStream<HTTPServerRequestPart>, _ outbound: Writer
    ) async throws {
        var parts = inbound.makeAsyncIterator()
        do {
            while try await exchange(&parts, outbound) {}
        } catch is HTTPParserError {
            try await write(handler.responseToMalformedRequest(), to: .get, isLast: true, outbound)
        }
    }

    /// One request and its answer.
    ///
    /// - Returns: Whether the connection stays open.
    private func exchange(_ parts: inout Parts, _ outbound: Writer) async throws -> Bool {
        guard let first = try await parts.next() else { return false }
        guard case .head(let message) = first else { return true }
        let head = Self.head(message, of: channel)
        if let refusal = handler.refusal(of: head) {
            try await write(refusal, to: head.method, isLast: true, outbound)
            try await drain(&parts)
            return false
        }
        if message.headers[canonicalForm: "expect"].contains(where: { HTTPHeaders.sameName(String($0), "100-continue") }
        ) {
            try await outbound.write(.head(HTTPResponseHead(version: .http1_1, status: .continue)))
        }
        let request = try await collect(head, &parts)
        let response = await handler.respond(to: request)
        guard !response.isReset else {
            try await reset()
            return false
        }
        try await write(response, to: head.method, isLast: !message.isKeepAlive, outbound)
        return message.isKeepAlive
    }

    private func collect(_ head: ServerRequestHead, _ parts: inout Parts) async throws -> ServerRequest {
        var request = ServerRequest(head: head)
        let limit = handler.maximumBodyBytes
        while let part = try await parts.next() {
            switch part {
            case .head: break
            case .body(let buffer):
                if request.body.isEmpty, let length = head.headers["content-length"].flatMap({ Int($0) }) {
                    request.body.reserveCapacity(min(length, limit))
                }
                guard request.body.count + buffer.readableBytes <= limit else {
                    request.bodyIsTooLarge = true
                    continue
                }
                request.body.append(contentsOf: buffer.readableBytesView)
            case .end(let trailers):
                request.trailers = HTTP.HTTPHeaders((trailers ?? [:]).map { HTTPHeaders.Field(name: $0, value: $1) })
                return request
            }
        }
        // The connection ended within the body.
        throw CancellationError()
    }

    private func drain(_ parts: inout Parts) async throws {
        var count = 0
        while count < Self.drainLimit, let part = try await parts.next() {
            switch part {
            case .head: break
            case .body(let buffer): count += buffer.readableBytes
            case .end: return
            }
        }
    }

    /// Ends the connection with a reset: what the kernel does at the close of a socket that is not to linger.
    private func reset() async throws {
        if let socket = channel.channel as? any SocketOptionProvider {
            try await socket.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
        }
        try await channel.channel.close()
    }

    private func write(
        _ response: ServerResponse, to method: HTTPMethod, isLast: Bool, _ outbound: Writer
    ) async throws {
        var head = HTTPResponseHead(version: .http1_1, status: Self.status(response))
        for field in response.headers { head.headers.add(name: field.name, value: field.value) }
        let hasBody = head.status.mayHaveResponseBody
        if hasBody, !response.headers.contains("content-length") {
            head.headers.add(name: "Content-Length", value: String(response.body.count))
        }
        if isLast { head.headers.replaceOrAdd(name: "Connection", value: "close") }
        var parts: [HTTPServerResponsePart] = [.head(head)]
        if hasBody, method != .head, !response.body.isEmpty {
            parts.append(.body(.byteBuffer(ByteBuffer(bytes: response.body))))
        }
        parts.append(.end(nil))
        try await outbound.write(contentsOf: parts)
    }

    private static func status(_ response: ServerResponse) -> HTTPResponseStatus {
        guard let reason = response.reason else { return HTTPResponseStatus(statusCode: response.status) }
        return .custom(code: UInt(max(0, response.status)), reasonPhrase: reason)
    }

    private static func head(_ head: HTTPRequestHead, of channel: HTTPServer.Connection) -> ServerRequestHead {
        ServerRequestHead(
            method: HTTPMethod(rawValue: head.method.rawValue), target: head.uri,
            headers: HTTP.HTTPHeaders(head.headers.map { HTTPHeaders.Field(name: $0, value: $1) }),
            remoteAddress: channel.channel.remoteAddress?.ipAddress ?? "")
    }
}

// NIOHTTP1 has types of these names too.
private typealias HTTPHeaders = HTTP.HTTPHeaders
private typealias HTTPMethod = HTTP.HTTPMethod
