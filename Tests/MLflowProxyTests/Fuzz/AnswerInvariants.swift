import Encoding
import HTTP
import JSON
import LambdaEvents

/// What holds for every answer: the load balancer takes it, and nothing in it is another's business.
struct AnswerInvariants {
    let world: FuzzWorld
    let secrets: [String]

    func violations(_ bytes: [UInt8], to asked: ALBTargetRequest, _ shape: HostileEvent.Shape) -> [String] {
        guard bytes.count <= ALBTargetResponse.maximumBytes else { return ["the answer has \(bytes.count) bytes"] }
        guard let answer = try? JSONValue(parsing: bytes) else { return ["the answer is no JSON"] }
        var found: [String] = []
        func check(_ holds: Bool, _ what: @autoclosure () -> String) { if !holds { found.append(what()) } }
        let status = answer["statusCode"]?.integer ?? 0
        check((200...599).contains(status), "status \(status)")
        let description = answer["statusDescription"]?.string ?? ""
        check(description.hasPrefix("\(status) ") && description.utf8.count > 4, "description \(description)")
        let isMultiple = asked.headerMode == .multiple
        check(answer["headers"] == nil || !isMultiple, "headers of the other mode")
        check(answer["multiValueHeaders"] == nil || isMultiple, "headers of the other mode")
        guard let fields = Self.fields(answer, isMultiple), let text = answer["body"]?.string,
            let flag = answer["isBase64Encoded"]?.bool,
            let body = flag ? Base64.decode(text) : Array(text.utf8)
        else { return found + ["the answer has not the members it must have"] }
        check(
            body.isEmpty || (asked.method != .head && ![204, 205, 304].contains(status)),
            "\(status) to \(asked.method) has a body")
        for field in fields { found += violations(field) }
        check(fields.count { HTTPHeaders.sameName($0.name, "location") } <= 1, "two locations")
        found += leaks(fields, String(decoding: body, as: UTF8.self), shape)
        return found
    }

    private static func fields(_ answer: JSONValue, _ isMultiple: Bool) -> [HTTPHeaders.Field]? {
        guard let object = answer[isMultiple ? "multiValueHeaders" : "headers"]?.object else { return nil }
        var fields: [HTTPHeaders.Field] = []
        for member in object {
            guard let values = isMultiple ? member.value.array : [member.value] else { return nil }
            for value in values {
                guard let text = value.string else { return nil }
                fields.append(.init(name: member.name, value: text))
            }
        }
        return fields
    }

    private func violations(_ field: HTTPHeaders.Field) -> [String] {
        guard field.isValid else { return ["header \(field) is malformed"] }
        let name = field.name.lowercased()
        let value = field.value.lowercased()
        switch name {
        case "connection", "keep-alive", "transfer-encoding", "trailer", "te", "upgrade", "proxy-authenticate",
            "proxy-connection",
            "content-length", "server", "strict-transport-security", "x-frame-options", "x-amzn-requestid",
            "content-location":
            return ["header \(field) is not for the client"]
        case "location" where value.contains("evil.example") && !value.hasPrefix("/evil.example"):
            return ["sends the visitor to \(field.value)"]
        case "set-cookie"
        where value.contains("domain=") || !value.contains("; secure") || !value.contains("httponly")
            || value.hasPrefix("aws"):
            return ["cookie \(field.value)"]
        case "access-control-allow-origin"
        where !["https://portal.example.com", "https://mlflow.example.com"].contains(value):
            return ["shares with \(field.value)"]
        case "content-security-policy" where value.contains("evil.example") || value.contains("frame-ancestors *"):
            return ["may be framed: \(field.value)"]
        default: return []
        }
    }

    /// A redirect to the proxy's bucket holds the session token, as every presigned URL does.
    private func withoutOwnToken(_ field: HTTPHeaders.Field) -> String {
        guard world.hasBuckets, HTTPHeaders.sameName(field.name, "location"),
            field.value.hasPrefix("https://\(FuzzWorld.overflowHost)/mlflow-proxy/")
        else { return field.value }
        return field.value.replacing(CanaryCredentials.sessionToken, with: "")
    }

    private func leaks(_ fields: [HTTPHeaders.Field], _ body: String, _ shape: HostileEvent.Shape) -> [String] {
        var found: [String] = []
        let texts = fields.map(withoutOwnToken) + [body]
        for secret in [CanaryCredentials.secretAccessKey, CanaryCredentials.sessionToken] + secrets
        where texts.contains(where: { $0.contains(secret) }) {
            found.append("the answer holds \(secret)")
        }
        // The loader of a large script asks for its parts with the query of the script, and a mangled event may have
        // anything in its path.
        guard shape != .mangled, texts.contains(where: { $0.contains(HostileValues.canary) }) else { return found }
        if !body.hasPrefix("(function () {\n  var target = ") {
            found.append("the answer holds a secret of the caller's")
        }
        return found
    }
}
