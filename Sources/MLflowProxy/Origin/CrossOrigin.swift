internal import HTTP
internal import LambdaEvents

/// Cross-origin resource sharing (the Fetch standard) for the configured origins; all others get no header and so
/// their pages no answer.
struct CrossOrigin: Sendable {
    let policy: OriginPolicy

    /// The answer to a preflight request; nil when the request is none. A browser sends it without credentials, so it
    /// comes before authentication, and it never goes upstream, whatever else it holds.
    func preflight(_ request: ALBTargetRequest) throws(ProxyError) -> HTTPResponse? {
        guard request.method == .options, request.headers.contains("origin"),
            request.headers.contains("access-control-request-method")
        else { return nil }
        guard policy.allowedForeignOrigin(request.headers) != nil else {
            throw .forbidden(
                "Pages of this origin may not call MLflow. To allow them, add the origin to PROXY_ALLOWED_ORIGINS "
                    + "of the proxy.", reason: .foreignPage)
        }
        let names = request.headers.values("access-control-request-headers").flatMap { FieldValue.list($0) }
        var headers: HTTPHeaders = [
            "access-control-allow-methods": "GET, HEAD, POST, PUT, PATCH, DELETE",
            "access-control-max-age": "600",
            "vary": "Access-Control-Request-Headers",
        ]
        let tokens = names.filter(HTTPToken.isToken)
        if !tokens.isEmpty { headers.append("access-control-allow-headers", tokens.joined(separator: ", ")) }
        return HTTPResponse(status: 204, headers: headers)
    }

    /// Adds what the browser needs to hand the answer to a page of a configured origin.
    func decorate(_ response: inout HTTPResponse, for request: ALBTargetRequest) {
        guard policy.publicOrigin != nil || !policy.allowed.isEmpty else { return }
        response.headers.append("vary", "Origin")
        guard let origin = policy.allowedForeignOrigin(request.headers) else { return }
        response.headers["access-control-allow-origin"] = origin.description
        response.headers["access-control-allow-credentials"] = "true"
        response.headers["access-control-expose-headers"] = "Content-Disposition, ETag, X-Request-Id"
    }
}
