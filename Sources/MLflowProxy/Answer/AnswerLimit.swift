internal import LambdaEvents

/// The size an answer may have.
enum AnswerLimit {
    /// The largest body taken from the service, in bytes. What is larger fits the load balancer's limit in no way.
    static let maximumUpstreamBytes = 32 << 20

    /// A body of at most so many bytes always fits: a third more as Base64, and 64 KiB of headers, the load balancer's
    /// own limit.
    static let safeBodyBytes = (ALBTargetResponse.maximumBytes - (64 << 10)) / 4 * 3

    /// The fault of an answer that does not fit.
    static func fault(path: String) -> ProxyError {
        .tooLarge(
            "The answer to \(AccessLog.printable(path, limit: 512)) does not fit through the load balancer, which takes \(ALBTargetResponse.maximumBytes) "
                + "bytes with its encoding. Ask for less, for example with a smaller max_results, or download the "
                + "artifact from its bucket.")
    }
}
