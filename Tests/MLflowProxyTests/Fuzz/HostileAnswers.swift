import HTTP
import TestSupport

/// What a hostile or broken service answers.
enum HostileAnswers {
    /// An answer, or the failure of the transfer.
    static func answer(to request: HTTPRequest, _ random: inout SeededGenerator) throws -> HTTPResponse {
        var response = HTTPResponse(
            status: 200, headers: ["content-type": "application/json", "date": "Mon, 01 Jan 2029 00:00:00 GMT"],
            body: Array(#"{"runs":[]}"#.utf8))
        switch Int.random(in: 0..<10, using: &random) {
        case 0:
            response.status = one(
                of: [
                    0, -1, 99, 100, 101, 199, 204, 205, 206, 304, 307, 400, 401, 403, 404, 429, 500, 503, 599, 600, 999,
                    .max,
                ], &random)
        case 1: throw TransportError(one(of: kinds, &random), "it broke", request: request)
        case 2:
            response.headers.append("location", one(of: locations, &random))
            response.status = one(of: [200, 301, 302, 303, 307, 308], &random)
        case 3: for _ in 0...3 { response.headers.append("set-cookie", one(of: cookies, &random)) }
        case 4:
            for _ in 0...Int.random(in: 0...6, using: &random) {
                response.headers.append(one(of: names, &random), one(of: values, &random))
            }
        case 5:
            response.body = (0..<Int.random(in: 0...3_000, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            response.headers["content-type"] = one(
                of: ["text/html", "image/png", "application/octet-stream", "\u{FC}", ""], &random)
            if Bool.random(using: &random) {
                response.headers["content-encoding"] = one(of: ["gzip", "br", "identity", "x\r\ny"], &random)
            }
        case 6 where Int.random(in: 0..<150, using: &random) == 0:
            response.body = large
            response.headers["content-type"] = one(of: ["text/javascript", "application/json", "image/png"], &random)
            if Int.random(in: 0..<4, using: &random) == 0 { response.headers["content-encoding"] = "gzip" }
        case 7: response.headers.append("content-security-policy", one(of: policies, &random))
        case 8:
            response.status = 403
            response.headers.append(
                "x-amzn-errortype", one(of: ["ExpiredTokenException", "AccessDenied", "\r\nx: y"], &random))
        default: break
        }
        return response
    }

    private static func one<T>(of values: [T], _ random: inout SeededGenerator) -> T {
        values[Int.random(in: 0..<values.count, using: &random)]
    }

    private static let kinds: [TransportError.Kind] = [
        .invalidRequest, .nameLookup, .connect, .tls, .timeout, .connectionLost, .responseTooLarge, .malformedResponse,
        .bodyStream, .other,
    ]

    /// Whatever leads a visitor elsewhere holds `evil.example`.
    private static let locations = [
        "/a", "a/b?c#d", "?x", "#/experiments", "https://mlflow.example.com/x", "https://portal.example.com/x",
        "//evil.example/",
        "https://evil.example/", "http:evil.example", "https:/evil.example", "/\\evil.example", "\\\\evil.example",
        "/\t/evil.example",
        "\thttps://evil.example", " https://evil.example", "https://mlflow.example.com@evil.example/",
        "https://mlflow.example.com.evil.example/", "https://mlflow.example.com\\.evil.example/",
        "javascript:alert('evil.example')",
        "data:text/html,evil.example", "https://bucket.s3.eu-central-1.amazonaws.com/k?X-Amz-Signature=1",
        "https://bucket.s3.eu-central-1.amazonaws.com.evil.example/k?X-Amz-Signature=1",
        "https://evil.example/s3.amazonaws.com?X-Amz-Signature=1", "/a\r\nset-cookie: evil.example", "///evil.example",
        "",
        "https://evil.example:443#@mlflow.example.com", "//mlflow.example.com@evil.example",
        "HTTPS://EVIL.EXAMPLE/evil.example",
    ]

    private static let cookies = [
        "a=b", "a=b; Domain=evil.example; Path=/x; SameSite=None", "AWSELBAuthSessionCookie-0=fixed", "awsalb=x", "=b",
        "a", "",
        "a=b\r\nset-cookie: c=d", "a=\u{0}", "a=b;domain=.evil.example;;;Secure=0", "a=\u{FC}",
        "__Host-a=b; Secure; Path=/", "a=\u{600}; Domain=evil.example; Path=/x",
    ]

    private static let names = [
        "connection", "Transfer-Encoding", "keep-alive", "upgrade", "trailer", "te", "proxy-authenticate",
        "content-length", "server",
        "access-control-allow-origin", "Access-Control-Allow-Credentials", "x-frame-options",
        "strict-transport-security", "x-amzn-requestid",
        "x-hop", "x-custom", "vary", "etag", "content-disposition", "cache-control", "", "x a", "x-a\r\nset-cookie",
        "\u{FC}",
        "content-location", "status", "http/1.1 200 ok",
    ]

    private static let values = [
        "x-hop", "close, x-hop", "chunked", "*", "https://evil.example", "0", "99999999999", "a\r\nset-cookie: evil=1",
        "\u{0}", "\u{FC}", "",
        "attachment; filename=\"\u{65E5}.txt\"", "no-transform", "\"tag\"", "x\u{7F}y", "a\nb",
        String(repeating: "v", count: 20_000),
    ]

    private static let policies = [
        "frame-ancestors *", "default-src 'self'; FRAME-ancestors https://evil.example", ";;,,;", "frame-ancestors",
        "\u{FC}",
        "script-src 'self', frame-ancestors\thttps://evil.example",
    ]

    private static let large: [UInt8] = {
        var random = SeededGenerator(seed: 3)
        return (0..<1_400_000).map { _ in UInt8.random(in: 0x20...0x7E, using: &random) }
    }()
}
