/// The one way requests leave this program. libcurl stands behind it in a function, a recording in a test.
public protocol HTTPTransport: Sendable {
    /// Sends a request and waits for the whole response, whatever its status.
    ///
    /// - Throws: ``TransportError`` when there is no response, `CancellationError` when the task was cancelled (the
    ///   transfer is then aborted).
    func send(_ request: HTTPRequest, options: TransferOptions) async throws -> HTTPResponse

    /// Sends a request and waits for the head of the response, whatever its status; the body is then read as it comes.
    ///
    /// What has come and is not read yet takes a small and fixed room, however large the body is: at most 1 MiB. So
    /// ``TransferOptions/maximumResponseBytes`` does not bound the body, whose reader may stop where it likes;
    /// ``TransferOptions/timeout`` holds until its end, the time spent waiting for the reader included.
    ///
    /// A transport that cannot stream has this default: it waits for the whole response with
    /// ``send(_:options:)``, the cap included, and gives its body in one piece.
    ///
    /// - Throws: as ``send(_:options:)`` does. What fails after the head is thrown by ``HTTPBodyReader/next()``.
    func open(_ request: HTTPRequest, options: TransferOptions) async throws -> HTTPIncomingResponse
}

extension HTTPTransport {
    /// Sends a request and gives the body of the whole response in one piece.
    public func open(_ request: HTTPRequest, options: TransferOptions) async throws -> HTTPIncomingResponse {
        HTTPIncomingResponse(try await send(request, options: options))
    }

    /// Sends a request with the default options and waits for the head of the response.
    public func open(_ request: HTTPRequest) async throws -> HTTPIncomingResponse {
        try await open(request, options: TransferOptions())
    }

    /// Sends a request with the default options.
    public func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        try await send(request, options: TransferOptions())
    }
}

/// How one transfer is carried out.
public struct TransferOptions: Sendable {
    /// Where a forward proxy is taken from.
    public enum Proxy: Sendable {
        /// `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy`, as other tools read them.
        case environment
        /// None, whatever the environment says.
        case none
    }

    /// The time the whole transfer may take, or nil for no limit.
    public var timeout: Duration?
    /// The time to have a connection, name lookup and TLS handshake included.
    public var connectTimeout: Duration
    /// The largest response body taken by ``HTTPTransport/send(_:options:)``, in bytes; a larger one fails the transfer.
    public var maximumResponseBytes: Int
    /// How long a reader of ``HTTPTransport/open(_:options:)`` waits for the next bytes of the body before the transfer
    /// fails, or nil for no limit. A transfer that may take long as a whole must not hang on a server that went silent.
    public var stallTimeout: Duration?
    /// Where a forward proxy is taken from.
    public var proxy: Proxy
    /// Whether a request may go out again, on a fresh connection, when a kept one was closed before any answer came: the
    /// server may have acted on it all the same. Nil leaves it to the method (RFC 9110, section 9.2.2).
    public var mayRepeat: Bool?

    /// Sixty seconds in all, five to connect, thirty between the bytes of a streamed body, 64 MiB of a whole one, the
    /// environment's proxy.
    public init(
        timeout: Duration? = .seconds(60), connectTimeout: Duration = .seconds(5),
        maximumResponseBytes: Int = 64 << 20, stallTimeout: Duration? = .seconds(30), proxy: Proxy = .environment,
        mayRepeat: Bool? = nil
    ) {
        self.timeout = timeout
        self.connectTimeout = connectTimeout
        self.maximumResponseBytes = maximumResponseBytes
        self.stallTimeout = stallTimeout
        self.proxy = proxy
        self.mayRepeat = mayRepeat
    }
}
