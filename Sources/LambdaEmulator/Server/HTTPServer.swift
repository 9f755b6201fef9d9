import NIOCore
import NIOHTTP1
import NIOPosix

/// An HTTP/1.1 server on the loopback interface.
public struct HTTPServer: Sendable {
    typealias Connection = NIOAsyncChannel<HTTPServerRequestPart, HTTPServerResponsePart>

    /// The port it listens on.
    public let port: Int
    private let listener: NIOAsyncChannel<Connection, Never>

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
                .bind(host: "127.0.0.1", port: port) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try Self.configure(channel)
                    }
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
        return try Connection(wrappingChannelSynchronously: channel)
    }

    /// Serves until the task is cancelled; then every connection is closed.
    public func run(_ handler: any ServerHandler) async throws {
        try await withTaskExecutorPreference(EventLoopExecutor.shared) {
            try await listener.executeThenClose { connections in
                try await withThrowingDiscardingTaskGroup { group in
                    for try await connection in connections {
                        group.addTask {
                            await ServerConnection(channel: connection, handler: handler).serve()
                        }
                    }
                    group.cancelAll()
                }
            }
        }
    }
}
