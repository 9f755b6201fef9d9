internal import Compression
internal import HTTP

/// Makes an answer fit the load balancer's limit: compressed where the client takes that, and a script that is too large
/// all the same in parts.
enum AnswerFitting {
    /// Smaller bodies fit into one packet with their headers; compressing them saves nobody anything.
    private static let leastCompressed = 1_400

    /// The answer in a form that fits.
    ///
    /// - Parameters:
    ///   - response: The answer as MLflow gave it.
    ///   - outgoing: The request it answers.
    ///   - isScript: Whether the client is a page that loads a script.
    /// - Throws: ``ProxyError`` when there is no such form.
    static func fit(
        _ response: HTTPResponse, to outgoing: HTTPRequest, path: String, isScript: Bool
    ) throws(ProxyError) -> HTTPResponse {
        let takesGzip = outgoing.headers["accept-encoding"] == "gzip"
        let compressed = takesGzip ? compress(response) : response
        if compressed.body.count <= AnswerLimit.safeBodyBytes { return compressed }
        guard isScript, response.status == 200, outgoing.method == .get, isJavaScript(response) else {
            return compressed
        }
        return try ScriptParts.stand(for: response, path: path, query: outgoing.query, takesGzip: takesGzip)
    }

    /// The answer in gzip form, unless it is in some form already, or that is no smaller.
    static func compress(_ response: HTTPResponse) -> HTTPResponse {
        guard response.body.count >= leastCompressed, isCompressible(response),
            let body = try? Gzip.compress(response.body, level: .fast), body.count < response.body.count
        else { return response }
        var compressed = response
        compressed.body = body
        compressed.headers["content-encoding"] = "gzip"
        compressed.headers.append("vary", "accept-encoding")
        // The bytes are not those the strong tag stands for any more, what they mean is (RFC 9110, section 8.8.1).
        if let tag = response.headers["etag"], tag.hasPrefix("\"") { compressed.headers["etag"] = "W/" + tag }
        return compressed
    }

    private static func isCompressible(_ response: HTTPResponse) -> Bool {
        let headers = response.headers
        guard response.status != 206, !headers.contains("content-encoding"), !headers.contains("content-range"),
            headers["cache-control"]?.contains("no-transform") != true, let type = mediaType(response)
        else { return false }
        return type.hasPrefix("text/") || type.hasSuffix("+json") || type.hasSuffix("+xml")
            || [
                "application/json", "application/javascript", "application/x-javascript", "application/xml",
                "application/wasm", "application/manifest+json", "font/ttf", "font/otf",
            ].contains(type)
    }

    private static func isJavaScript(_ response: HTTPResponse) -> Bool {
        let encoding = response.headers["content-encoding"]
        return mediaType(response)?.hasSuffix("javascript") == true && (encoding == nil || encoding == "gzip")
    }

    private static func mediaType(_ response: HTTPResponse) -> String? {
        response.headers["content-type"].map { HTTPToken.lowercased(String($0.prefix { $0 != ";" && $0 != " " })) }
    }
}
