/// A service took a call, but its answer is not what the service documents. What was asked for may have been done.
public struct UnexpectedAnswer: Error, Sendable, Equatable, CustomStringConvertible {
    /// The service's name: `s3`.
    public var service: String
    /// The call's name.
    public var operation: String
    /// What is wrong with the answer, to stand after "but": `it has no UploadId`. Nothing of the answer itself, which may
    /// hold secrets.
    public var reason: String

    init(service: String, operation: String, _ reason: String) {
        self.service = service
        self.operation = operation
        self.reason = reason
    }

    /// `s3 CreateMultipartUpload was accepted, but the answer has no UploadId.`
    public var description: String {
        "\(service) \(operation) was accepted, but \(reason)."
    }
}
