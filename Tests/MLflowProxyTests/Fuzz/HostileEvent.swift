import Encoding
import HTTP
import JSON
import LambdaEvents
import TestSupport

/// One event of the fuzz run, with what it says when it is read as it should be.
struct HostileEvent {
    /// How far the event is from what a load balancer sends.
    enum Shape {
        /// A load balancer may send it, given a client that sends anything.
        case ofLoadBalancer
        /// A member has a type or a place that it never has.
        case misshapen
        /// Bytes were changed, so that anything may stand anywhere.
        case mangled
    }

    /// Values of one name, in order.
    typealias Group = (name: String, values: [String])

    var shape = Shape.ofLoadBalancer
    var method = "GET"
    var path = "/"
    var query: [Group] = []
    var headers: [Group] = []
    var body: [UInt8] = []
    var isBase64 = false
    var mode = ALBHeaderMode.multiple
    /// Edits the event's members after they are written.
    var edits: [(inout JSONObject) -> Void] = []
    /// Edits the event's bytes.
    var byteEdits: [(inout [UInt8]) -> Void] = []

    var bytes: [UInt8] {
        var members = JSONObject()
        members["requestContext"] = [
            "elb": ["targetGroupArn": "arn:aws:elasticloadbalancing:eu-central-1:1:targetgroup/a/b"]
        ]
        members["httpMethod"] = .string(method)
        members["path"] = .string(path)
        members[mode == .multiple ? "multiValueQueryStringParameters" : "queryStringParameters"] = map(query)
        members[mode == .multiple ? "multiValueHeaders" : "headers"] = map(headers)
        members["body"] = .string(isBase64 ? Base64.encode(body) : String(decoding: body, as: UTF8.self))
        members["isBase64Encoded"] = .bool(isBase64)
        for edit in edits { edit(&members) }
        var bytes = JSONValue.object(members).encoded
        for edit in byteEdits { edit(&bytes) }
        return bytes
    }

    /// What the proxy is to make of the event.
    var request: ALBTargetRequest {
        ALBTargetRequest(
            method: HTTPMethod(rawValue: method), path: path,
            query: pairs(query).map { .init(name: $0, value: $1) },
            headers: HTTPHeaders(pairs(headers).map { .init(name: $0, value: $1) }), body: body, headerMode: mode)
    }

    mutating func add(_ name: String, _ value: String, to groups: WritableKeyPath<HostileEvent, [Group]> = \.headers) {
        if let index = self[keyPath: groups].firstIndex(where: { $0.name == name }) {
            self[keyPath: groups][index].values.append(value)
        } else {
            self[keyPath: groups].append((name, [value]))
        }
    }

    mutating func set(_ name: String, _ value: String) {
        headers.removeAll { HTTPHeaders.sameName($0.name, name) }
        headers.append((name, [value]))
    }

    /// In single-value mode the last value is left.
    private func pairs(_ groups: [Group]) -> [(String, String)] {
        groups.flatMap { group in
            (mode == .multiple ? group.values[...] : group.values.suffix(1)).map { (group.name, $0) }
        }
    }

    private func map(_ groups: [Group]) -> JSONValue {
        var object = JSONObject()
        for group in groups {
            object.append(
                group.name,
                mode == .multiple ? .array(group.values.map { .string($0) }) : .string(group.values.last ?? ""))
        }
        return .object(object)
    }
}
