public import HTTP
import Timestamps

/// One event to handle, with all that Lambda said of it (Lambda Runtime API, "Next invocation").
public struct Invocation: Sendable {
    /// What the handler is told. Its logger is silent until the runtime sets one.
    public var context: LambdaContext
    /// The event, as delivered.
    public var event: [UInt8]
    /// The id of this very delivery. It is sent back with the answer, so that an answer never reaches another caller.
    public var invocationID: String?

    /// Reads the answer to `next`; nil when it names no request. Every other header may be missing or unreadable.
    public init?(_ response: HTTPResponse) {
        var requestID: String?
        var context = LambdaContext(requestID: "")
        var invocationID: String?
        // One pass, and lengths before letters: eight look-ups by name cost more than all the rest of an invocation's
        // bookkeeping.
        for field in response.headers {
            switch field.name.utf8.count {
            case 12 where HTTPHeaders.sameName(field.name, "content-type"): context.contentType = field.value
            case 23 where HTTPHeaders.sameName(field.name, "lambda-runtime-trace-id"): context.traceID = field.value
            case 26 where HTTPHeaders.sameName(field.name, "lambda-runtime-deadline-ms"):
                context.deadline = Int64(field.value).map(Timestamp.init(millisecondsSinceEpoch:))
            case 28 where HTTPHeaders.sameName(field.name, "lambda-runtime-invocation-id"): invocationID = field.value
            case 28 where HTTPHeaders.sameName(field.name, "lambda-runtime-aws-tenant-id"):
                context.tenantID = field.value
            case 29 where HTTPHeaders.sameName(field.name, "lambda-runtime-aws-request-id"): requestID = field.value
            case 29 where HTTPHeaders.sameName(field.name, "lambda-runtime-client-context"):
                context.clientContext = field.value
            case 31 where HTTPHeaders.sameName(field.name, "lambda-runtime-cognito-identity"):
                context.cognitoIdentity = field.value
            case 35 where HTTPHeaders.sameName(field.name, "lambda-runtime-invoked-function-arn"):
                context.invokedFunctionARN = field.value
            default: break
            }
        }
        guard let requestID, !requestID.isEmpty else { return nil }
        context.requestID = requestID
        self.context = context
        self.invocationID = invocationID
        event = response.body
    }
}
