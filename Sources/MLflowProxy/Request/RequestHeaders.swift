internal import HTTP

/// The client's header fields as they go upstream.
///
/// Dropped are the fields of one connection, those that say who the client is or where it came from (the signature
/// says who asks), those that steer the service or a server behind it, and MLflow's own browser checks, which the
/// proxy makes itself. All others are forwarded in order.
enum RequestHeaders {
    /// The name under which the proxy appears in `Via` and `User-Agent`.
    static let product = "mlflow-proxy"

    static func upstream(_ headers: HTTPHeaders) throws(ProxyError) -> HTTPHeaders {
        guard headers.fields.allSatisfy(\.isValid) else {
            throw .badRequest("A header of the request is refused: its name or value holds a character it must not.")
        }
        guard headers.values("content-type").count <= 1 else {
            throw .badRequest("The request has more than one Content-Type header.")
        }
        let hopByHop = HopByHop(headers)
        // What is made out of the client's fields is made out of those that may go on, too.
        let headers = HTTPHeaders(headers.filter { !hopByHop.contains($0.name) })
        var output = HTTPHeaders()
        output.reserveCapacity(headers.fields.count + 8)
        for field in headers where !isDropped(field.name) {
            output.append(field.name, field.value)
        }
        if let cookies = RequestCookies.upstream(headers.values("cookie")) { output.append("cookie", cookies) }
        // A range is one of the plain bytes, wherever it is cut.
        let takesGzip = acceptsGzip(headers.values("accept-encoding")) && !headers.contains("range")
        output.append("accept-encoding", takesGzip ? "gzip" : "identity")
        output["user-agent"] = headers["user-agent"].map { "\($0) \(product)" } ?? product
        output["via"] = (headers.values("via") + ["1.1 \(product)"]).joined(separator: ", ")
        return output
    }

    private static func isDropped(_ name: String) -> Bool {
        let name = FieldName.asRead(name)
        return droppedNames.contains(name) || droppedPrefixes.contains { name.hasPrefix($0) }
    }

    private static let droppedNames: Set<String> = [
        // Made anew for the request upstream.
        "accept-encoding", "authorization", "content-length", "cookie", "expect", "host",
        // Checked by the proxy; MLflow would refuse every origin but its own.
        "origin", "referer",
        // Who and where the client is.
        "forwarded", "x-real-ip", "x-client-ip", "x-original-host", "x-host",
        // What would make a server read another request than the one that was checked.
        "x-original-url", "x-rewrite-url", "x-http-method", "x-http-method-override", "x-method-override",
    ]

    private static let droppedPrefixes = [
        // The signature's own fields, and options of AWS services.
        "x-amz-",
        // What the load balancer says of the client.
        "x-amzn-mtls-", "x-amzn-oidc-", "x-amzn-tls-", "x-forwarded-",
        // Which MLflow is asked: the configuration's decision.
        "x-mlflow-sm-", "x-sm-",
    ]

    /// Whether gzip is among the codings the client takes (RFC 9110, section 12.5.3). Others are not asked for: the
    /// service's answer is passed on as it comes, so it has to be one that every client understands.
    static func acceptsGzip(_ values: [String]) -> Bool {
        var weights: [String: Bool] = [:]
        for element in values.flatMap({ FieldValue.list($0) }) {
            let parts = FieldValue.list(HTTPToken.lowercased(element), separator: ";")
            guard let coding = parts.first else { continue }
            let weight = parts.dropFirst().first { $0.hasPrefix("q=") }.map { Double($0.dropFirst(2)) ?? 0 } ?? 1
            weights[coding] = weight > 0
        }
        return weights["gzip"] ?? weights["x-gzip"] ?? weights["*"] ?? false
    }
}

/// The client's cookies as they go upstream: MLflow's alone.
///
/// The other cookies on the site are sessions of the load balancer and of other applications, which SageMaker has no
/// business to see; it knows the caller by the signature.
enum RequestCookies {
    /// One `Cookie` value (HTTP/2 clients split theirs into several lines), or nil when nothing is left.
    static func upstream(_ values: [String]) -> String? {
        let kept = values.flatMap { FieldValue.list($0, separator: ";") }
            .filter { HTTPToken.lowercased($0).hasPrefix("mlflow") }
        return kept.isEmpty ? nil : kept.joined(separator: "; ")
    }
}
