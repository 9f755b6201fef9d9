internal import HTTP
internal import LambdaEvents

/// The size an answer may have.
enum AnswerLimit {
    /// What is read of an answer before it is decided on, in bytes. A longer one fits in no other form than compressed.
    static let wholeBytes = ALBTargetResponse.maximumBytes

    /// The longest script that is cut into parts, in bytes: it has to be in memory as a whole.
    static let maximumScriptBytes = 16 << 20

    /// A body of at most so many bytes always fits: a third more as Base64, and 64 KiB of headers, the load balancer's
    /// own limit.
    static let safeBodyBytes = (ALBTargetResponse.maximumBytes - (64 << 10)) / 4 * 3

    /// What an answer may still grow by, in bytes, before it is written: headers for pages of other origins.
    private static let margin = 4 << 10

    /// Whether an answer certainly fits.
    static func fits(_ response: HTTPResponse) -> Bool {
        if response.body.count <= safeBodyBytes { return true }
        let answer = ALBTargetResponse(
            status: response.status, headers: response.headers, body: response.body, headerMode: .multiple)
        return answer.encoded().count <= ALBTargetResponse.maximumBytes - margin
    }

    /// The fault of an answer that does not fit.
    static func fault(path: String) -> ProxyError {
        .tooLarge(
            "The answer to \(AccessLog.printable(path, limit: 512)) does not fit through the load balancer, which takes \(ALBTargetResponse.maximumBytes) "
                + "bytes with its encoding. Ask for less, for example with a smaller max_results, or download the "
                + "artifact from its bucket.")
    }
}
