internal import Compression
internal import HTTP

/// Answers in gzip form, for clients that take it.
enum AnswerCompression {
    /// Smaller bodies fit into one packet with their headers; compressing them saves nobody anything.
    private static let leastBytes = 1_400

    /// The answer in gzip form, unless it is in some form already, or that is no smaller.
    static func compress(_ response: HTTPResponse) -> HTTPResponse {
        guard response.body.count >= leastBytes, isCompressible(response),
            let body = try? Gzip.compress(response.body, level: .fast), body.count < response.body.count
        else { return response }
        var compressed = head(response)
        compressed.body = body
        return compressed
    }

    /// The answer's status and headers when its body is in gzip form.
    static func head(_ response: HTTPResponse) -> HTTPResponse {
        var head = HTTPResponse(status: response.status, headers: response.headers)
        head.headers["content-encoding"] = "gzip"
        head.headers.append("vary", "accept-encoding")
        // The bytes are not those the strong tag stands for any more, what they mean is (RFC 9110, section 8.8.1).
        if let tag = response.headers["etag"], tag.hasPrefix("\"") { head.headers["etag"] = "W/" + tag }
        return head
    }

    /// Whether the body may be made into a gzip form, and gets smaller by it.
    static func isCompressible(_ response: HTTPResponse) -> Bool {
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

    /// The type of the content, in small letters and without parameters.
    static func mediaType(_ response: HTTPResponse) -> String? {
        response.headers["content-type"].map { HTTPToken.lowercased(String($0.prefix { $0 != ";" && $0 != " " })) }
    }
}

extension HTTPBodyReader {
    /// The body with bytes in front that were read before.
    func following(_ bytes: [UInt8]) -> HTTPBodyReader {
        let front = HTTPBodyReader(bytes)
        return HTTPBodyReader(
            expectedLength: nil,
            next: { [self] in
                if let piece = try await front.next() { return piece }
                return try await next()
            }, cancel: { [self] in cancel() })
    }

    /// The body as one gzip text, made while it is read.
    ///
    /// - Throws: `GzipError` when memory ran out.
    func gzipped(level: Gzip.Level) throws(GzipError) -> HTTPBodyReader {
        let stream = try GzipStream(level: level)
        return HTTPBodyReader(
            next: { [self] in
                if let piece = try await next() { return try stream.compress(piece) }
                return try stream.finish()
            }, cancel: { [self] in cancel() })
    }
}
