public import Logging
public import Timestamps

/// What Lambda says of one invocation. All but the request id may be missing: emulators and future services leave
/// headers out.
public struct LambdaContext: Sendable {
    /// The invocation that the current task serves; nil outside of one. Child tasks inherit it.
    @TaskLocal public static var current: LambdaContext?

    /// The id of the request, the same over retries of an asynchronous invocation.
    public var requestID: String
    /// When the invocation is ended by force; nil when Lambda did not say.
    public var deadline: Timestamp?
    /// The ARN under which the function was invoked, with its version or alias.
    public var invokedFunctionARN: String?
    /// The X-Ray trace header. With one invocation at a time it is in the environment too, as `_X_AMZN_TRACE_ID`.
    public var traceID: String?
    /// The tenant, with tenant isolation.
    public var tenantID: String?
    /// The client context, JSON text as the caller sent it.
    public var clientContext: String?
    /// The Cognito identity, JSON text.
    public var cognitoIdentity: String?
    /// The media type of the event.
    public var contentType: String?
    /// Writes to the function's log. ``LambdaLogHandler`` adds the request id itself, from ``current``, so that records
    /// of other libraries carry it too and an invocation that logs nothing pays nothing.
    public var logger: Logger

    /// Makes a context; a test needs no more than a request id.
    public init(
        requestID: String, deadline: Timestamp? = nil, invokedFunctionARN: String? = nil, traceID: String? = nil,
        tenantID: String? = nil, clientContext: String? = nil, cognitoIdentity: String? = nil,
        contentType: String? = nil, logger: Logger = LambdaContext.silentLogger
    ) {
        self.requestID = requestID
        self.deadline = deadline
        self.invokedFunctionARN = invokedFunctionARN
        self.traceID = traceID
        self.tenantID = tenantID
        self.clientContext = clientContext
        self.cognitoIdentity = cognitoIdentity
        self.contentType = contentType
        self.logger = logger
    }

    /// A logger that writes nothing, made once.
    public static let silentLogger = Logger(label: "lambda", factory: { _ in SwiftLogNoOpLogHandler() })

    /// The time left at a given moment, never less than zero; nil when there is no deadline.
    public func remainingTime(at now: Timestamp = .now()) -> Duration? {
        deadline.map { max(.zero, $0 - now) }
    }
}
