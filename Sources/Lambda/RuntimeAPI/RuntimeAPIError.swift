import HTTP
import JSON

/// A call to the Lambda Runtime API that did not do what it should.
public struct RuntimeAPIError: Error, Sendable, CustomStringConvertible {
    /// What happened.
    public enum Kind: Sendable, Hashable {
        /// An answer with a status that the call does not expect.
        case status(Int)
        /// An event that does not say which request it belongs to.
        case missingRequestID
        /// No answer. `safeToRepeat` says that the service certainly saw nothing.
        case transport(safeToRepeat: Bool)
    }

    /// What happened.
    public var kind: Kind
    /// One sentence: which call, why.
    public var description: String

    init(_ request: HTTPRequest, answered response: HTTPResponse) {
        kind = .status(response.status)
        description =
            "the Lambda Runtime API answered \(request.method) \(request.path) with status \(response.status)"
            + Self.reason(response.body)
    }

    init(missingRequestIDIn request: HTTPRequest) {
        kind = .missingRequestID
        description =
            "the Lambda Runtime API answered \(request.method) \(request.path) with an event but without the header "
            + "Lambda-Runtime-Aws-Request-Id, so that there is no request to answer"
    }

    init(_ request: HTTPRequest, failed error: any Error) {
        let error = error as? TransportError
        kind = .transport(safeToRepeat: error?.nothingWasSent ?? false)
        description =
            "the Lambda Runtime API could not be reached: \(request.method) \(request.path) failed: "
            + (error?.reason ?? "the transfer was given up")
    }

    /// The reason the service gives in `errorMessage` or `errorType`, cut to what a log line can bear.
    private static func reason(_ body: [UInt8]) -> String {
        guard body.count <= 65_536, let value = try? JSONValue(parsing: body) else { return "" }
        let parts = [value["errorType"]?.string, value["errorMessage"]?.string].compactMap { $0 }
        return parts.isEmpty ? "" : ": " + parts.joined(separator: ": ").prefix(300)
    }
}
