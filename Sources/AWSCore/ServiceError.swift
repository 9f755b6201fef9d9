public import HTTP
internal import JSON
internal import XML

/// What a service said when it refused a call.
public struct ServiceError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The service's name: `sts`.
    public var service: String
    /// The call's name: `AssumeRole`.
    public var operation: String
    /// The service's word for the error: `AccessDenied`.
    public var code: String
    /// The service's sentence for a person; empty when it gave none.
    public var message: String
    /// The HTTP status.
    public var status: Int
    /// The id under which the service knows the call.
    public var requestID: String?
    /// The region the service says the call belongs in, where it says so: S3 names that of the bucket.
    public var region: String?

    /// Makes an error of its parts.
    public init(
        service: String, operation: String, code: String, message: String, status: Int, requestID: String? = nil,
        region: String? = nil
    ) {
        self.service = service
        self.operation = operation
        self.code = code
        self.message = message
        self.status = status
        self.requestID = requestID
        self.region = region
    }

    /// Reads the error answer of a service that answers in XML: the query protocol's, EC2's or S3's. An answer that is
    /// none, of a proxy perhaps, gets its status for a code.
    public init(service: String, operation: String, xml response: HTTPResponse) {
        let root = try? XMLElement(parsing: response.body)
        let error = root?.first("Error")
        self.init(
            service: service, operation: operation, code: error?["Code"]?.text ?? "HTTP \(response.status)",
            message: error?["Message"]?.text ?? "", status: response.status,
            requestID: response.headers["x-amzn-requestid"] ?? response.headers["x-amz-request-id"]
                ?? root.flatMap { $0.first("RequestId") ?? $0.first("RequestID") }?.text,
            region: response.headers["x-amz-bucket-region"] ?? error?["Region"]?.text)
    }

    /// Reads the error answer of a service that answers in JSON. The code is in the header `x-amzn-errortype` or in the
    /// body, with a namespace before and a URL behind it that are cut off.
    public init(service: String, operation: String, json response: HTTPResponse) {
        let body = try? JSONValue(parsing: response.body)
        let code =
            response.headers["x-amzn-errortype"] ?? body?["__type"]?.string ?? body?["code"]?.string
            ?? body?["Code"]?.string ?? body?["ErrorCode"]?.string
        let message = body?["message"]?.string ?? body?["Message"]?.string ?? body?["errorMessage"]?.string
        self.init(
            service: service, operation: operation, code: code.map(Self.bareCode) ?? "HTTP \(response.status)",
            message: message ?? "", status: response.status, requestID: response.headers["x-amzn-requestid"])
    }

    /// `com.amazon.coral.validate#ValidationException:http://…` is `ValidationException`.
    private static func bareCode(_ text: String) -> String {
        let head = text.prefix { $0 != ":" }
        return String(head[(head.lastIndex(of: "#").map(head.index(after:)) ?? head.startIndex)...])
    }

    /// Whether the service asks to be called less often.
    public var isThrottling: Bool {
        status == 429 || status == 509 || Self.throttlingCodes.contains(code)
    }

    /// Whether the same call may well succeed in a moment.
    public var isTransient: Bool {
        [500, 502, 503, 504].contains(status) || Self.transientCodes.contains(code)
    }

    /// Whether the credentials have ended, so that others may do.
    public var isAboutExpiredCredentials: Bool {
        ["ExpiredToken", "ExpiredTokenException", "RequestExpired"].contains(code)
    }

    /// `sts AssumeRole failed: AccessDenied (403): User … is not authorized … [request 01234567-…]`
    public var description: String {
        var text = "\(service) \(operation) failed: \(code) (\(status))"
        if !message.isEmpty { text += ": \(message)" }
        if let requestID { text += " [request \(requestID)]" }
        return text
    }

    private static let throttlingCodes: Set<String> = [
        "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottledException", "RequestThrottled",
        "TooManyRequestsException", "ProvisionedThroughputExceededException", "TransactionInProgressException",
        "RequestLimitExceeded", "BandwidthLimitExceeded", "LimitExceededException", "SlowDown",
        "PriorRequestNotComplete", "EC2ThrottledException",
    ]

    private static let transientCodes: Set<String> = [
        "RequestTimeout", "RequestTimeoutException", "PriorRequestNotComplete", "IDPCommunicationError",
        "InternalError", "InternalFailure", "ServiceUnavailable", "Unavailable",
    ]
}
