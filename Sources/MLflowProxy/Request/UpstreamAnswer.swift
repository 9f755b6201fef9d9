internal import HTTP

/// The service's answer, its body as far as it was read.
struct UpstreamAnswer: Sendable {
    /// Status, headers and the start of the body.
    var head: HTTPResponse
    /// The rest of the body; nil when there is none.
    var rest: HTTPBodyReader?

    /// The status.
    var status: Int { head.status }
}
