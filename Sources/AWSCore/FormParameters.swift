public import HTTP

/// The parameters of a call in the query protocol, in order: `Action=AssumeRole&Version=2011-06-15&…`
public struct FormParameters: Sendable {
    private var pairs: [String] = []

    /// The parameters every call has.
    public init(action: String, version: String) {
        append("Action", action)
        append("Version", version)
    }

    /// Adds a parameter; nil adds nothing.
    public mutating func append(_ name: String, _ value: String?) {
        guard let value else { return }
        pairs.append("\(PercentEncoding.encode(name))=\(PercentEncoding.encode(value))")
    }

    /// The call to an endpoint, not yet signed.
    public func request(to endpoint: ServiceEndpoint) -> HTTPRequest {
        endpoint.request(
            .post, headers: ["Content-Type": "application/x-www-form-urlencoded; charset=utf-8"],
            body: .bytes(Array(pairs.joined(separator: "&").utf8)))
    }
}
