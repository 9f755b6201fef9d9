public import Configuration
public import HTTP

/// The requests of the Lambda Runtime API, version 2018-06-01. Only builds them; ``RuntimeAPIClient`` sends them.
public struct RuntimeAPIEndpoint: Sendable {
    /// `User-Agent` of every request.
    public static let userAgent = "sagemaker-mlflow-lambda/\(version)"
    /// This package's version.
    public static let version = "1.0.0"

    /// `GET …/invocation/next`: waits for an event.
    public let next: HTTPRequest
    /// `GET …/restore/next`: waits until a SnapStart snapshot was restored.
    public let restoreNext: HTTPRequest

    private let authority: String
    private let runtimePath: String
    private let invocationPath: String
    private let answerHeaders: HTTPHeaders

    /// - Parameter location: `host:port`, as Lambda sets it, or `host:port/path`, as some emulators do.
    /// - Throws: ``ConfigurationError`` when it is neither.
    public init(_ location: String) throws(ConfigurationError) {
        let slash = location.firstIndex(of: "/") ?? location.endIndex
        authority = String(location[..<slash])
        var prefix = String(location[slash...])
        while prefix.utf8.last == UInt8(ascii: "/") { prefix.removeLast() }
        guard URLParts.isAuthority(authority), prefix.isEmpty || HTTPToken.isPath(prefix) else {
            throw ConfigurationError([
                "The environment variable AWS_LAMBDA_RUNTIME_API is not host:port or host:port/path: Lambda sets it, "
                    + "and a local run has to name its emulator there, such as 127.0.0.1:9001."
            ])
        }
        runtimePath = prefix + "/2018-06-01/runtime"
        invocationPath = runtimePath + "/invocation/"
        answerHeaders = ["Content-Type": "application/json", "User-Agent": Self.userAgent]
        let headers: HTTPHeaders = ["User-Agent": Self.userAgent]
        next = HTTPRequest(
            .get, scheme: "http", authority: authority, path: invocationPath + "next", headers: headers)
        restoreNext = HTTPRequest(
            .get, scheme: "http", authority: authority, path: runtimePath + "/restore/next", headers: headers)
    }

    /// Reads `AWS_LAMBDA_RUNTIME_API`.
    public init(environment: Environment) throws(ConfigurationError) {
        guard let location = environment["AWS_LAMBDA_RUNTIME_API"] else {
            throw ConfigurationError([
                "The environment variable AWS_LAMBDA_RUNTIME_API is not set: Lambda sets it, and a local run needs an "
                    + "emulator that does."
            ])
        }
        try self.init(location)
    }

    /// `POST …/invocation/{id}/response`: the answer, whole.
    public func response(to invocation: Invocation, body: [UInt8]) -> HTTPRequest {
        answer(to: invocation, path: "/response", headers: answerHeaders, body: .bytes(body))
    }

    /// `POST …/invocation/{id}/response` with the answer sent while it is made. How it failed, if it does, follows in
    /// the trailers, which are announced here.
    public func streamedResponse(to invocation: Invocation, contentType: String, body: HTTPBodyStream) -> HTTPRequest {
        var headers = answerHeaders
        headers["Content-Type"] = contentType
        headers.append("Lambda-Runtime-Function-Response-Mode", "streaming")
        headers.append("Trailer", "\(RuntimeAPIHeader.errorType), \(RuntimeAPIHeader.errorBody)")
        return answer(to: invocation, path: "/response", headers: headers, body: .stream(body))
    }

    /// `POST …/invocation/{id}/error`: the handler failed.
    public func error(_ report: ErrorReport, of invocation: Invocation) -> HTTPRequest {
        answer(to: invocation, path: "/error", headers: headers(of: report), body: .bytes(report.body))
    }

    /// `POST …/init/error`: the function cannot start.
    public func initError(_ report: ErrorReport) -> HTTPRequest {
        HTTPRequest(
            .post, scheme: "http", authority: authority, path: runtimePath + "/init/error",
            headers: headers(of: report), body: .bytes(report.body))
    }

    /// `POST …/restore/error`: what had to happen after a snapshot's restoring failed.
    public func restoreError(_ report: ErrorReport) -> HTTPRequest {
        HTTPRequest(
            .post, scheme: "http", authority: authority, path: runtimePath + "/restore/error",
            headers: headers(of: report), body: .bytes(report.body))
    }

    private func headers(of report: ErrorReport) -> HTTPHeaders {
        var headers = answerHeaders
        headers.append(RuntimeAPIHeader.errorType, report.type)
        headers.append(RuntimeAPIHeader.xrayErrorCause, report.xrayErrorCause)
        return headers
    }

    private func answer(
        to invocation: Invocation, path: String, headers: HTTPHeaders, body: HTTPBody
    ) -> HTTPRequest {
        let id = invocation.context.requestID
        // An id is a UUID; should it ever be more, it must not reach beyond its segment of the path.
        let segment = id.utf8.allSatisfy(PercentEncoding.isUnreserved) ? id : PercentEncoding.encode(id)
        var headers = headers
        if let invocationID = invocation.invocationID { headers.append(RuntimeAPIHeader.invocationID, invocationID) }
        return HTTPRequest(
            .post, scheme: "http", authority: authority, path: invocationPath + segment + path, headers: headers,
            body: body)
    }
}

/// Header names used in more than one place.
enum RuntimeAPIHeader {
    static let invocationID = "Lambda-Runtime-Invocation-Id"
    static let errorType = "Lambda-Runtime-Function-Error-Type"
    static let errorBody = "Lambda-Runtime-Function-Error-Body"
    static let xrayErrorCause = "Lambda-Runtime-Function-XRay-Error-Cause"
}
