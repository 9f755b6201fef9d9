import Encoding
import HTTP
import JSON

/// What a Lambda target answered, checked as an Application Load Balancer does: whatever is wrong becomes a 502.
enum TargetResponse {
    /// The largest answer, in bytes of JSON.
    static let maximumBytes = 1 << 20

    /// Names that belong to one connection and are not passed on (RFC 9110, section 7.6.1).
    private static let hopByHop = [
        "connection", "keep-alive", "proxy-authenticate", "proxy-connection", "te", "trailer", "transfer-encoding",
        "upgrade",
    ]

    /// Reads an answer.
    ///
    /// - Throws: ``Malformed`` with the reason for the log.
    static func parse(_ payload: [UInt8], isMultiValue: Bool) throws(Malformed) -> ServerResponse {
        guard payload.count <= maximumBytes else {
            throw Malformed("the response is \(payload.count) bytes of JSON, over the limit of \(maximumBytes)")
        }
        let object = try object(payload)
        let status = try status(object)
        var response = ServerResponse(status: status, reason: try reason(object, status))
        response.headers = try headers(object, isMultiValue: isMultiValue)
        response.body = try body(object)
        if status == 204 || status == 304 { response.body = [] }
        return response
    }

    /// Why an answer is none.
    struct Malformed: Error, CustomStringConvertible {
        var description: String

        init(_ description: String) {
            self.description = description
        }
    }

    private static func object(_ payload: [UInt8]) throws(Malformed) -> JSONObject {
        do throws(JSONError) {
            let value = try JSONValue(parsing: payload)
            if let object = value.object { return object }
            throw JSONError(offset: 0, reason: "the value is \(value.kind), not an object")
        } catch {
            throw Malformed("the response is \(error)")
        }
    }

    private static func status(_ object: JSONObject) throws(Malformed) -> Int {
        guard let value = object["statusCode"] else { throw Malformed("statusCode is missing") }
        guard let status = value.integer else { throw Malformed("statusCode is not an integer: \(value.kind)") }
        guard (200...999).contains(status) else { throw Malformed("statusCode \(status) cannot be a final status") }
        return Int(status)
    }

    /// The phrase after the code of `200 OK`. The member may be missing, but a null or empty one is refused.
    private static func reason(_ object: JSONObject, _ status: Int) throws(Malformed) -> String {
        guard let value = object["statusDescription"] else { return LoadBalancerPage.reason(status) }
        guard let text = value.string, !text.isEmpty, HTTPToken.isFieldValue(text) else {
            throw Malformed("statusDescription is empty, malformed or not a string")
        }
        let parts = text.split(separator: " ", maxSplits: 1)
        return parts.first.map(String.init) == String(status) ? parts.dropFirst().first.map(String.init) ?? "" : text
    }

    private static func headers(_ object: JSONObject, isMultiValue: Bool) throws(Malformed) -> HTTPHeaders {
        let (name, other) = isMultiValue ? ("multiValueHeaders", "headers") : ("headers", "multiValueHeaders")
        guard let value = object[name], !value.isNull else {
            guard object[other]?.isNull ?? true else { throw Malformed("\(other) is there, but \(name) is missing") }
            return [:]
        }
        guard let members = value.object else { throw Malformed("\(name) is \(value.kind), not an object") }
        var headers: HTTPHeaders = [:]
        for member in members {
            for value in try values(member, isMultiValue: isMultiValue) {
                let field = HTTPHeaders.Field(name: member.name, value: value)
                guard field.isValid else { throw Malformed("the header \(member.name) cannot go on the wire") }
                headers.append(field.name, field.value)
            }
        }
        headers.removeAll { field in
            HTTPHeaders.sameName(field.name, "content-length")
                || hopByHop.contains { HTTPHeaders.sameName($0, field.name) }
        }
        return headers
    }

    private static func values(_ member: JSONObject.Member, isMultiValue: Bool) throws(Malformed) -> [String] {
        guard isMultiValue else {
            guard let value = member.value.string else { throw Malformed("the header \(member.name) is not a string") }
            return [value]
        }
        let values = member.value.array?.map(\.string) ?? [nil]
        let strings = values.compactMap { $0 }
        guard strings.count == values.count else {
            throw Malformed("the header \(member.name) is not an array of strings")
        }
        return strings
    }

    private static func body(_ object: JSONObject) throws(Malformed) -> [UInt8] {
        let isBase64: Bool
        switch object["isBase64Encoded"] {
        case nil: isBase64 = false
        case .bool(let flag): isBase64 = flag
        case .some(let value): throw Malformed("isBase64Encoded is \(value.kind), not a boolean")
        }
        guard let value = object["body"], !value.isNull else { return [] }
        guard let text = value.string else { throw Malformed("body is \(value.kind), not a string") }
        guard isBase64 else { return Array(text.utf8) }
        guard let bytes = Base64.decode(text) else {
            throw Malformed("body is not base64, though isBase64Encoded is true")
        }
        return bytes
    }
}
