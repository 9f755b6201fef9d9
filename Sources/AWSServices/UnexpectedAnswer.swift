/// A service took a call, but its answer is not what the service documents. What was asked for may have been done.
public struct UnexpectedAnswer: Error, Sendable, Equatable, CustomStringConvertible {
    /// The service's name: `s3`.
    public var service: String
    /// The call's name.
    public var operation: String
    /// The HTTP status.
    public var status: Int
    /// What the answer should have had.
    public var missing: String

    init(service: String, operation: String, status: Int, missing: String) {
        self.service = service
        self.operation = operation
        self.status = status
        self.missing = missing
    }

    /// `s3 CreateMultipartUpload answered with status 200, but without an upload id.`
    public var description: String {
        "\(service) \(operation) answered with status \(status), but without \(missing)."
    }
}
