import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// An HTTP/1.1 server on the loopback interface. It listens from the start and answers once it runs.
public final class HTTPServer: Sendable {
    typealias Connection = NIOAsyncChannel<HTTPServerRequestPart, HTTPServerResponsePart>

    /// The port it listens on.
    public let port: Int
    /// Connections stay plain channels that read nothing until they are served, since NIO traps when a wrapped channel
    /// is thrown away unserved, as happens to the last ones when the server stops.
    private let listener: NIOAsyncChannel<any Channel, Never>
    private let hasRun = Atomic(false)

    /// Listens on 127.0.0.1.
    ///
    /// - Parameter port: The port; 0 takes a free one.
    /// - Throws: ``LocalError`` when the port cannot be had.
    public init(port: Int = 0) async throws {
        do {
            listener = try await ServerBootstrap(group: EventLoopExecutor.shared.eventLoop)
                .serverChannelOption(.backlog, value: 1024)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                .childChannelOption(.autoRead, value: false)
                .bind(host: "127.0.0.1", port: port) { channel in
                    channel.eventLoop.makeSucceededFuture(channel)
                }
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            throw LocalError("Port \(port) is in use by another program. Choose another with --port, or stop it.")
        } catch let error as IOError where error.errnoCode == EACCES {
            throw LocalError("Port \(port) needs privileges this user lacks. Choose one above 1023 with --port.")
        } catch {
            throw LocalError("The server cannot listen on port \(port): \(error).")
        }
        self.port = listener.channel.localAddress?.port ?? port
    }

    deinit {
        guard !hasRun.load(ordering: .relaxed) else { return }
        // NIO traps when a wrapped channel goes away unused.
        Task { [listener] in try? await listener.executeThenClose { _ in } }
    }

    private static func configure(_ channel: any Channel) throws -> Connection {
        var limits = NIOHTTPDecoderLimitConfiguration()
        // The handlers have limits of their own and answer in their own words; these only bound the memory.
        limits.maxHeaderFieldSize = 256 << 10
        limits.maxHeaderListSize = 1 << 20
        limits.maxHeaderFieldCount = 4096
        let decoder = HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes, limitConfiguration: limits)
        try channel.pipeline.syncOperations.addHandlers([
            HTTPResponseEncoder(), ByteToMessageHandler(decoder),
        ])
        let connection = try Connection(wrappingChannelSynchronously: channel)
        try channel.syncOptions?.setOption(.autoRead, value: true)
        return connection
    }

    /// Serves until the task is cancelled; then every connection is closed. To be called once.
    public func run(_ handler: any ServerHandler) async throws {
        guard !hasRun.exchange(true, ordering: .relaxed) else { throw LocalError("The server runs already.") }
        try await withTaskExecutorPreference(EventLoopExecutor.shared) {
            try await listener.executeThenClose { channels in
                try await withThrowingDiscardingTaskGroup { group in
                    for try await channel in channels {
                        group.addTask { await Self.serve(channel, handler) }
                    }
                    group.cancelAll()
                }
            }
        }
    }

    private static func serve(_ channel: any Channel, _ handler: any ServerHandler) async {
        do {
            let connection = try await channel.eventLoop.submit { try configure(channel) }.get()
            await ServerConnection(channel: connection, handler: handler).serve()
        } catch {
            // The client went away before it was served.
            channel.close(promise: nil)
        }
    }

    /// Stops listening without ever having served.
    public func close() async {
        guard !hasRun.exchange(true, ordering: .relaxed) else { return }
        try? await listener.executeThenClose { _ in }
    }
}
