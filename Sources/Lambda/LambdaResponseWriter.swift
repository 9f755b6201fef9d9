public import HTTP
import JSON

/// Takes the answer of a ``StreamingLambdaHandler``.
public struct LambdaResponseWriter: Sendable {
    private let channel: ResponseChannel

    init(_ channel: ResponseChannel) {
        self.channel = channel
    }

    /// Says of what media type the answer is; without it, it is `application/octet-stream`.
    ///
    /// - Throws: ``ResponseStreamError`` when a piece was written already, or the type has a character that no header
    ///   may have.
    public func start(contentType: String) throws(ResponseStreamError) {
        guard HTTPToken.isFieldValue(contentType), !contentType.isEmpty else {
            throw ResponseStreamError("the media type of a streamed answer has a control character or is empty")
        }
        try channel.start(contentType: contentType, prelude: [])
    }

    /// Says with what status and headers a function URL or API Gateway answers its caller.
    ///
    /// - Parameters:
    ///   - status: The HTTP status, 100 to 599.
    ///   - headers: The header fields; several of one name are joined with commas. `Set-Cookie` fields become cookies.
    /// - Throws: ``ResponseStreamError`` when a piece was written already, or the status or a header is not HTTP's.
    public func start(status: Int, headers: HTTPHeaders = [:]) throws(ResponseStreamError) {
        guard (100...599).contains(status) else {
            throw ResponseStreamError("the status \(status) of a streamed answer is not an HTTP status")
        }
        for field in headers where !field.isValid {
            throw ResponseStreamError(
                "the header field \(field.name.debugDescription) of a streamed answer is not HTTP's")
        }
        try channel.start(
            contentType: "application/vnd.awslambda.http-integration-response",
            prelude: Self.prelude(status: status, headers: headers))
    }

    /// Appends to the answer. Waits while the piece before is still on its way, so that a slow caller slows the
    /// function and memory holds two pieces at most. An empty piece as the first one sends the head at once.
    ///
    /// - Throws: ``ResponseStreamError`` when the answer can no longer be delivered or has ended.
    public func write(_ bytes: [UInt8]) async throws {
        try await channel.write(bytes)
    }

    /// Appends text in UTF-8.
    ///
    /// - Throws: As ``write(_:)-([UInt8])``.
    public func write(_ text: String) async throws {
        try await channel.write(Array(text.utf8))
    }

    /// Status and headers as JSON, then eight NUL bytes, which JSON cannot have.
    private static func prelude(status: Int, headers: HTTPHeaders) -> [UInt8] {
        var members = JSONObject()
        for field in headers where !HTTPHeaders.sameName(field.name, "set-cookie") {
            let name = HTTPToken.lowercased(field.name)
            if let earlier = members[name]?.string {
                members[name] = .string("\(earlier), \(field.value)")
            } else {
                members.append(name, .string(field.value))
            }
        }
        let head: JSONValue = [
            "statusCode": .integer(status), "headers": .object(members),
            "cookies": .array(headers.values("set-cookie").map(JSONValue.string)),
        ]
        return head.encoded + [UInt8](repeating: 0, count: 8)
    }
}

/// Why a streamed answer took no more.
public struct ResponseStreamError: Error, Sendable, CustomStringConvertible {
    /// One sentence.
    public var description: String

    init(_ description: String) {
        self.description = description
    }
}
