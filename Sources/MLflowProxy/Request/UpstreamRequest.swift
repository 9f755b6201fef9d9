internal import HTTP
internal import LambdaEvents

/// Makes the request to the MLflow service out of the client's: nothing the client sends chooses where it goes.
struct UpstreamRequest: Sendable {
    let endpoint: MLflowEndpoint

    /// The request, checked and unsigned.
    ///
    /// - Parameters:
    ///   - part: The part of a script that is asked for; what goes upstream is a request for the whole script.
    ///   - trace: The trace that the request belongs to.
    func make(
        from request: ALBTargetRequest, part: ScriptPart? = nil, trace: TraceContext
    ) throws(ProxyError) -> HTTPRequest {
        guard Self.methods.contains(request.method) else {
            throw .methodNotAllowed(
                "The method of the request is not one that MLflow knows.", allowed: Self.methods)
        }
        let path = part?.path ?? request.path
        try RequestPath.validate(path)
        var headers = try RequestHeaders.upstream(request.headers)
        if part != nil {
            guard request.method == .get else {
                throw .methodNotAllowed("The parts of a script are for GET.", allowed: [.get])
            }
            // Conditions and ranges would be about the part.
            headers.removeAll {
                HTTPToken.lowercased($0.name).hasPrefix("if-") || HTTPHeaders.sameName($0.name, "range")
            }
        }
        trace.carry(into: &headers)
        headers.append(endpoint.arnHeaderName, endpoint.arn)
        return HTTPRequest(
            request.method, scheme: endpoint.scheme, authority: endpoint.authority,
            path: endpoint.pathPrefix + path, query: try RequestQuery.canonical(request.query),
            headers: headers, body: .bytes(request.body))
    }

    private static let methods: [HTTPMethod] = [.get, .head, .post, .put, .patch, .delete, .options]
}
