import Foundation
import HTTP
import JSON
import Testing

/// The requests that botocore makes; `Resources/generate-wire-forms.py` says how a block reads.
enum WireForms {
    /// The block of a name.
    static func botocore(_ name: String) throws -> String {
        let url = try #require(Bundle.module.url(forResource: "Resources/wire-forms", withExtension: "txt"))
        let blocks = try String(contentsOf: url, encoding: .utf8).split(separator: "\n\n").map {
            $0.trimmingCharacters(in: .newlines)
        }
        return try #require(blocks.first { $0.hasPrefix("\(name)\n") }, "there is no block \(name)")
    }

    /// A request of ours as a block.
    static func block(_ name: String, _ request: HTTPRequest) throws -> String {
        var lines = [name]
        let query = request.query.map { "?\(parameters($0))" } ?? ""
        lines.append("\(request.method) \(request.urlWithoutQuery)\(query)")
        for header in ["content-type", "x-amz-target", "x-amz-invocation-type", "if-none-match"] {
            if let value = request.headers[header] { lines.append("\(header): \(value)") }
        }
        let body = bodyText(request)
        let type = request.headers["content-type"] ?? ""
        if body.hasPrefix("{") {
            lines.append("> \(sorted(try JSONValue(parsing: body)))")
        } else if !body.isEmpty {
            lines.append("> \(type.contains("form-urlencoded") ? parameters(body) : body)")
        }
        return lines.joined(separator: "\n")
    }

    private static func parameters(_ text: String) -> String {
        text.split(separator: "&").map { $0.contains("=") ? String($0) : "\($0)=" }.sorted().joined(separator: "&")
    }

    private static func sorted(_ value: JSONValue) -> JSONValue {
        switch value {
        case .object(let object):
            .object(
                JSONObject(
                    object.members.map { .init(name: $0.name, value: sorted($0.value)) }.sorted { $0.name < $1.name }))
        case .array(let elements): .array(elements.map(sorted))
        default: value
        }
    }
}
