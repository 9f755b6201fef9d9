internal import HTTP

/// The answer that sends a client to the bucket.
enum OverflowRedirect {
    /// Makes the answer.
    ///
    /// - Parameters:
    ///   - url: The presigned URL.
    ///   - use: What was asked for, and for what.
    ///   - life: How long a browser may follow the redirect without asking again; nil for never.
    ///   - answer: The answer that was stored, where this request was the reason.
    static func make(
        to url: String, for use: AnswerUse, life: Duration?, instead answer: HTTPResponse? = nil
    )
        -> HTTPResponse
    {
        // 307 has the client ask again with the same method, and 303 with GET: the bucket has the answer to a POST.
        let status = use.request.method == .get ? 307 : 303
        var headers: HTTPHeaders = ["location": url, "referrer-policy": "no-referrer"]
        headers["cache-control"] = life.map { "private, max-age=\($0.components.seconds)" } ?? "no-store"
        // What decides whether and where a client is sent.
        headers["vary"] = "accept-encoding, range, sec-fetch-dest, sec-fetch-mode"
        for name in kept {
            for value in answer?.headers.values(name) ?? [] { headers.append(name, value) }
        }
        return HTTPResponse(status: status, headers: headers)
    }

    private static let kept = ["content-security-policy", "set-cookie", "x-mlflow-request-id"]
}
