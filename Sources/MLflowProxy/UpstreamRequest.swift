internal import HTTP
internal import LambdaEvents

/// Makes the request to the MLflow service out of the client's: nothing the client sends chooses where it goes.
struct UpstreamRequest: Sendable {
    let endpoint: MLflowEndpoint

    /// The request, checked and unsigned.
    func make(from request: ALBTargetRequest) throws(ProxyError) -> HTTPRequest {
        guard Self.methods.contains(request.method) else {
            throw .methodNotAllowed(
                "The method of the request is not one that MLflow knows.", allowed: Self.methods)
        }
        try RequestPath.validate(request.path)
        var headers = try RequestHeaders.upstream(request.headers)
        headers.append(endpoint.arnHeaderName, endpoint.arn)
        return HTTPRequest(
            request.method, scheme: endpoint.scheme, authority: endpoint.authority,
            path: endpoint.pathPrefix + request.path, query: try RequestQuery.canonical(request.query),
            headers: headers, body: .bytes(request.body))
    }

    private static let methods: [HTTPMethod] = [.get, .head, .post, .put, .patch, .delete, .options]
}
