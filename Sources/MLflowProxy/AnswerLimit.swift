internal import LambdaEvents

/// The size an answer may have.
enum AnswerLimit {
    /// The largest body taken from the service: a larger one fits the load balancer's limit in no encoding.
    static let maximumBodyBytes = ALBTargetResponse.maximumBytes

    /// The fault of an answer that does not fit.
    ///
    /// - Parameters:
    ///   - path: The path asked for.
    ///   - bytes: The answer's size as the load balancer counts it, where it is known.
    static func fault(path: String, bytes: Int?) -> ProxyError {
        let size = bytes.map { "takes \($0) bytes" } ?? "takes more"
        return .tooLarge(
            "The answer to \(path) does not fit through the load balancer: it may have \(ALBTargetResponse.maximumBytes) "
                + "bytes with its encoding and \(size). Ask for less, for example with a smaller max_results, or "
                + "download the artifact from its bucket.")
    }
}
