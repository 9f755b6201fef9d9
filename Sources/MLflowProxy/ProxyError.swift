internal import HTTP
internal import JSON

/// A request that the proxy answers itself, with a fault.
struct ProxyError: Error, Sendable, Equatable {
    /// The HTTP status.
    var status: Int
    /// One of MLflow's error codes, so that its clients show the message instead of the bare answer.
    var code: String
    /// What is wrong with what, and what to do; a stranger may read it.
    var message: String
    /// Header fields that belong to the status.
    var headers: HTTPHeaders = [:]
    /// What is counted, where the status alone does not say it.
    var specificReason: FaultReason?

    /// What is counted.
    var reason: FaultReason { specificReason ?? FaultReason(status: status) }

    static func badRequest(_ message: String) -> ProxyError {
        ProxyError(status: 400, code: "BAD_REQUEST", message: message)
    }

    /// Something in a request to one of the proxy's own routes.
    static func invalidParameter(_ message: String) -> ProxyError {
        ProxyError(status: 400, code: "INVALID_PARAMETER_VALUE", message: message)
    }

    static func unauthenticated(_ message: String, challenge: String = "Bearer") -> ProxyError {
        ProxyError(
            status: 401, code: "UNAUTHENTICATED", message: message, headers: ["www-authenticate": challenge])
    }

    static func forbidden(_ message: String, reason: FaultReason? = nil) -> ProxyError {
        ProxyError(status: 403, code: "PERMISSION_DENIED", message: message, specificReason: reason)
    }

    static func notFound(_ message: String) -> ProxyError {
        ProxyError(status: 404, code: "ENDPOINT_NOT_FOUND", message: message)
    }

    static func methodNotAllowed(_ message: String, allowed: [HTTPMethod]) -> ProxyError {
        ProxyError(
            status: 405, code: "BAD_REQUEST", message: message,
            headers: ["allow": allowed.map(\.rawValue).joined(separator: ", ")])
    }

    /// The answer does not fit. MLflow clients repeat 5xx, 408 and 429, and 413 with `Retry-After`; repeating would
    /// give the same answer, so this is a 413 without.
    static func tooLarge(_ message: String) -> ProxyError {
        ProxyError(status: 413, code: "RESOURCE_EXHAUSTED", message: message)
    }

    static func misdirected(_ message: String) -> ProxyError {
        ProxyError(status: 421, code: "BAD_REQUEST", message: message)
    }

    static func badGateway(_ message: String) -> ProxyError {
        ProxyError(status: 502, code: "TEMPORARILY_UNAVAILABLE", message: message)
    }

    static func unavailable(_ message: String) -> ProxyError {
        ProxyError(status: 503, code: "TEMPORARILY_UNAVAILABLE", message: message)
    }

    static func gatewayTimeout(_ message: String) -> ProxyError {
        ProxyError(status: 504, code: "DEADLINE_EXCEEDED", message: message)
    }

    /// The fault as an answer in MLflow's form, on one line.
    ///
    /// - Parameter requestID: The invocation's id, which the log's records carry too.
    func answer(requestID: String) -> HTTPResponse {
        let body: JSONValue = [
            "error_code": .string(code), "message": .string(message), "request_id": .string(requestID),
        ]
        return .json(status: status, body, headers: headers)
    }
}

/// Why the proxy answered with a fault of its own, in one of a few words: a dimension of the metrics.
enum FaultReason: String, Sendable, Equatable {
    /// The request could be read in more than one way, or says nothing that makes sense.
    case malformed
    /// The caller is not known.
    case unauthenticated
    /// A page of another site may have sent the request.
    case foreignPage = "foreign-page"
    /// The request was sent to a name that is not ours.
    case foreignName = "foreign-name"
    /// `PROXY_ACCESS` does not allow the request.
    case access
    /// There is no such route, or it does not have the method.
    case route
    /// The answer does not fit.
    case tooLarge = "too-large"
    /// The service could not be reached, or gave no whole answer.
    case upstream
    /// The proxy lacks credentials or keys at the moment.
    case unavailable
    /// The time ran out.
    case timeout
    /// Anything else.
    case other

    /// What a status says.
    init(status: Int) {
        self =
            switch status {
            case 400: .malformed
            case 401: .unauthenticated
            case 404, 405: .route
            case 413: .tooLarge
            case 421: .foreignName
            case 502: .upstream
            case 503: .unavailable
            case 504: .timeout
            default: .other
            }
    }
}

extension HTTPResponse {
    /// An answer of the proxy's own.
    static func json(status: Int, _ body: JSONValue, headers: HTTPHeaders = [:]) -> HTTPResponse {
        var response = HTTPResponse(status: status, headers: headers, body: body.encoded)
        response.headers.append("content-type", "application/json")
        response.headers.append("cache-control", "no-store")
        response.headers.append("x-content-type-options", "nosniff")
        return response
    }
}
