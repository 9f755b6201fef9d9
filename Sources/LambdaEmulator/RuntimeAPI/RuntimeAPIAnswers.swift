import HTTP
import JSON

/// The Runtime API's answers to what a function posts.
enum RuntimeAPIAnswers {
    static let accepted = json(202, ["status": "OK"])
    static let unknownRequestID = error(400, "InvalidRequestID", "Invalid request ID")
    static let wrongInvocationID = error(
        400, "InvalidInvocationID",
        "Lambda-Runtime-Invocation-Id must be the one that came with the event of this request")
    static let invalidResponseMode = error(400, "InvalidFunctionResponseMode", "Invalid function response mode")
    static let notFound = error(404, "NotFound", "There is no such resource in the Runtime API")
    static let methodNotAllowed = error(405, "MethodNotAllowed", "The resource does not take this method")
    static let malformed = error(400, "InvalidRequest", "The request is not HTTP/1.1")
    static let shutDown = error(410, "ShuttingDown", "The function is being stopped")

    static func payloadTooLarge(_ limit: Int) -> ServerResponse {
        error(413, "RequestEntityTooLarge", "Exceeded maximum allowed payload size (\(limit) bytes).")
    }

    static func invalidTransition(from: String, to: String) -> ServerResponse {
        error(
            403, "InvalidStateTransition",
            "State transition from \(from) to \(to) failed for runtime. Error: State transition is not allowed")
    }

    private static func error(_ status: Int, _ type: String, _ message: String) -> ServerResponse {
        json(status, ["errorType": .string(type), "errorMessage": .string(message)])
    }

    private static func json(_ status: Int, _ value: JSONValue) -> ServerResponse {
        ServerResponse(status: status, headers: ["Content-Type": "application/json"], body: value.encoded)
    }
}
