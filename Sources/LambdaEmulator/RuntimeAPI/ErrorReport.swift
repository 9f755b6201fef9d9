import Encoding
import HTTP
import JSON

/// The headers and trailers with which a function reports an error, checked as Lambda does.
enum ErrorReport {
    /// The largest X-Ray cause, in bytes: an X-Ray document has 64 KiB.
    private static let maximumCauseBytes = 64 << 10

    /// The error type that Lambda goes on with: `Runtime.` or `Function.`, a capital, letters. What does not look so
    /// becomes unknown.
    static func errorType(_ header: String?) -> String {
        let header = header ?? ""
        for prefix in ["Runtime.", "Function."] where header.hasPrefix(prefix) {
            let name = header.utf8.dropFirst(prefix.utf8.count)
            let isCapitalised = name.first.map { (0x41...0x5A).contains($0) } ?? false
            if isCapitalised, name.count > 1, name.allSatisfy({ (0x41...0x5A).contains($0 & 0xDF) }) { return header }
            return prefix + "Unknown"
        }
        return "Runtime.Unknown"
    }

    /// The X-Ray cause when it is a JSON object with something of a cause in it, else nil.
    static func xrayCause(_ header: String?) -> String? {
        guard let header, header.utf8.count <= maximumCauseBytes,
            let cause = (try? JSONValue(parsing: header))?.object
        else { return nil }
        let isUseful =
            cause["working_directory"]?.string?.isEmpty == false || cause["message"]?.string?.isEmpty == false
            || cause["paths"]?.array?.isEmpty == false || cause["exceptions"]?.array?.isEmpty == false
        return isUseful ? header : nil
    }

    /// The failure a posted error stands for.
    static func failure(of request: ServerRequest) -> FunctionFailure {
        let headers = request.head.headers
        return FunctionFailure(
            errorType: errorType(headers["lambda-runtime-function-error-type"]), payload: request.body,
            xrayCause: xrayCause(headers["lambda-runtime-function-xray-error-cause"]))
    }

    /// The failure that the trailers of a streamed answer tell of, or nil: the type, and the error's JSON in base64.
    static func failure(inTrailers trailers: HTTPHeaders) -> FunctionFailure? {
        guard let type = trailers["lambda-runtime-function-error-type"] else { return nil }
        let payload = trailers["lambda-runtime-function-error-body"].flatMap { Base64.decode($0) } ?? []
        return FunctionFailure(errorType: errorType(type), payload: payload, xrayCause: nil)
    }
}

extension FunctionFailure {
    /// A failure that Lambda reports in the function's place.
    static func ofLambda(_ errorType: String, requestID: String, _ message: String) -> FunctionFailure {
        let error: JSONValue = [
            "errorType": .string(errorType), "errorMessage": .string("RequestId: \(requestID) Error: \(message)"),
        ]
        return FunctionFailure(errorType: errorType, payload: error.encoded, xrayCause: nil)
    }
}
