import Encoding
import HTTP
import JSON

/// The event an Application Load Balancer makes of a request for a Lambda target.
struct TargetEvent {
    /// Whether `lambda.multi_value_headers.enabled` is set on the target group.
    var isMultiValue: Bool
    /// The ARN of the target group.
    var targetGroupARN: String
    /// The listener's port.
    var port: Int
    /// The trace id for a request that comes without one.
    var traceRoot: String

    /// The event's JSON.
    func encoded(_ request: ServerRequest) -> [UInt8] {
        let head = request.head
        let (body, isBase64) = Self.body(request)
        let headers = grouped(forwardedHeaders(head).map { ($0.name, $0.value) })
        let query = grouped(Self.pairs(head.query ?? ""))
        var event: JSONObject = JSONObject()
        event.append("requestContext", ["elb": ["targetGroupArn": .string(targetGroupARN)]])
        event.append("httpMethod", .string(head.method.rawValue))
        event.append("path", .string(head.path))
        event.append(isMultiValue ? "multiValueQueryStringParameters" : "queryStringParameters", query)
        event.append(isMultiValue ? "multiValueHeaders" : "headers", headers)
        event.append("body", .string(body))
        event.append("isBase64Encoded", .bool(isBase64))
        return JSONValue.object(event).encoded
    }

    /// The client's fields with names in small letters, and those the load balancer adds.
    private func forwardedHeaders(_ head: ServerRequestHead) -> HTTPHeaders {
        var headers = HTTPHeaders(
            head.headers.map { HTTPHeaders.Field(name: HTTPToken.lowercased($0.name), value: $0.value) })
        let root = "Root=\(traceRoot)"
        let trace = headers["x-amzn-trace-id"]
        headers["x-amzn-trace-id"] =
            trace.map { $0.contains("Root=") ? "Self=\(traceRoot);\($0)" : "\(root);\($0)" } ?? root
        // What the client sent stays in front: only the last element can be trusted.
        let chain = headers.values("x-forwarded-for") + [head.remoteAddress]
        headers["x-forwarded-for"] = chain.joined(separator: ", ")
        headers["x-forwarded-port"] = String(port)
        headers["x-forwarded-proto"] = "http"
        return headers
    }

    /// Values by name, in the order in which the names first came. In single-value mode the last value wins.
    private func grouped(_ pairs: [(name: String, value: String)]) -> JSONValue {
        var order: [String] = []
        var values: [String: [JSONValue]] = [:]
        for pair in pairs {
            if values[pair.name] == nil { order.append(pair.name) }
            values[pair.name, default: []].append(.string(pair.value))
        }
        return .object(
            JSONObject(
                order.map { name in
                    let all = values[name] ?? []
                    return JSONObject.Member(name: name, value: isMultiValue ? .array(all) : all.last ?? "")
                }))
    }

    /// The pairs of a query, neither part decoded; a pair without `=` has an empty value.
    private static func pairs(_ query: String) -> [(name: String, value: String)] {
        query.split(separator: "&").map { pair in
            guard let equals = pair.firstIndex(of: "=") else { return (String(pair), "") }
            return (String(pair[..<equals]), String(pair[pair.index(after: equals)...]))
        }
    }

    /// Text for the types the user guide names, base 64 for all others.
    ///
    /// The guide says nothing of `Content-Encoding` and of text that is not UTF-8. A compressed body is sent in base 64
    /// here, since it could not survive as text; bad UTF-8 is replaced, which is what its loss would look like.
    private static func body(_ request: ServerRequest) -> (String, isBase64: Bool) {
        guard !request.body.isEmpty else { return ("", false) }
        let type = HTTPToken.lowercased(request.head.headers["content-type"] ?? "")
        let essence = type.prefix { $0 != ";" && $0 != " " }
        let isText =
            essence.hasPrefix("text/")
            || ["application/json", "application/javascript", "application/xml"].contains(String(essence))
        let coding = request.head.headers["content-encoding"] ?? "identity"
        guard isText, coding == "identity" else { return (Base64.encode(request.body), true) }
        return (String(decoding: request.body, as: UTF8.self), false)
    }
}
