/// What is handed to a function, once.
public struct Invocation: Sendable {
    /// `Lambda-Runtime-Aws-Request-Id`, a UUID.
    public var requestID: String
    /// `Lambda-Runtime-Invocation-Id`: the answer must carry it back, so that no answer reaches another invocation.
    public var invocationID: String
    /// The event.
    public var event: [UInt8]
    /// `Content-Type` of the event.
    public var contentType: String
    /// The time the function has, from the moment the event is handed out.
    public var timeout: Duration
    /// `Lambda-Runtime-Invoked-Function-Arn`; left out when empty, as every header below.
    public var functionARN: String
    /// `Lambda-Runtime-Trace-Id`.
    public var traceID: String
    /// `Lambda-Runtime-Client-Context`, JSON text.
    public var clientContext: String
    /// `Lambda-Runtime-Cognito-Identity`, JSON text.
    public var cognitoIdentity: String
    /// `Lambda-Runtime-Aws-Tenant-Id`.
    public var tenantID: String

    /// Makes an invocation with fresh ids.
    public init(
        event: [UInt8], timeout: Duration = .seconds(3), functionARN: String = "", traceID: String = "",
        clientContext: String = "", cognitoIdentity: String = "", tenantID: String = "",
        contentType: String = "application/json"
    ) {
        requestID = RandomID.uuid()
        invocationID = RandomID.uuid()
        self.event = event
        self.contentType = contentType
        self.timeout = timeout
        self.functionARN = functionARN
        self.traceID = traceID
        self.clientContext = clientContext
        self.cognitoIdentity = cognitoIdentity
        self.tenantID = tenantID
    }
}

/// How an invocation ended.
public enum InvocationResult: Sendable {
    /// The function answered.
    case success(FunctionResponse)
    /// The function reported an error, or Lambda does in its place.
    case failure(FunctionFailure)
}

/// A function's answer.
public struct FunctionResponse: Sendable {
    /// The answer's bytes.
    public var payload: [UInt8]
    /// The `Content-Type` it was posted with.
    public var contentType: String?
    /// Whether it was streamed (`Lambda-Runtime-Function-Response-Mode: streaming`).
    public var isStreamed: Bool
    /// The error that ended the stream, as its trailers tell it.
    public var streamFailure: FunctionFailure?

    /// Makes an answer.
    public init(
        payload: [UInt8], contentType: String? = nil, isStreamed: Bool = false, streamFailure: FunctionFailure? = nil
    ) {
        self.payload = payload
        self.contentType = contentType
        self.isStreamed = isStreamed
        self.streamFailure = streamFailure
    }
}

/// A function error, as the caller of Lambda sees it.
public struct FunctionFailure: Error, Sendable {
    /// `Runtime.ExitError`, `Function.SomeError`, ….
    public var errorType: String
    /// The error's JSON text as the function posted it, or Lambda's own.
    public var payload: [UInt8]
    /// The cause for X-Ray, JSON text, when it was posted and is valid.
    public var xrayCause: String?

    /// Makes an error.
    public init(errorType: String, payload: [UInt8], xrayCause: String? = nil) {
        self.errorType = errorType
        self.payload = payload
        self.xrayCause = xrayCause
    }
}
