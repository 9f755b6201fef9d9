internal import HTTP
internal import LambdaEvents

/// What was asked for, and what the client does with the answer: that decides in which forms it may come.
struct AnswerUse: Sendable {
    /// The request that goes upstream.
    var request: HTTPRequest
    /// The path that the client asked for.
    let path: String
    /// The part of a script that is asked for.
    let part: ScriptPart?
    /// Whether the client is a page that loads a script.
    let isScript: Bool
    /// Whether the client may be sent to another origin for the answer.
    let mayLeave: Bool
    /// The file of the user interface that is asked for.
    let asset: ImmutableAsset?

    /// Reads the client's request.
    ///
    /// - Parameters:
    ///   - request: The client's request.
    ///   - outgoing: What is made of it for the service.
    ///   - part: The part of a script that it asks for.
    init(_ request: ALBTargetRequest, outgoing: HTTPRequest, part: ScriptPart?) {
        self.request = outgoing
        self.part = part
        path = request.path
        isScript = part == nil && request.headers["sec-fetch-dest"] == "script"
        mayLeave = part == nil && outgoing.method != .head && !Self.staysHere(request.headers)
        asset =
            part == nil && outgoing.method == .get
            ? ImmutableAsset(path: request.path, query: outgoing.query) : nil
    }

    /// Whether the client takes a gzip form, as ``RequestHeaders`` made it out.
    var takesGzip: Bool { request.headers["accept-encoding"] == "gzip" }

    /// The request for the whole of what a range is asked of.
    var whole: HTTPRequest {
        var whole = request
        whole.headers.removeAll { field in
            ["range", "if-range"].contains { HTTPHeaders.sameName(field.name, $0) }
        }
        return whole
    }

    /// Browsers take a worker's script from their own origin alone (HTML, "fetch a classic worker script"), and whatever a
    /// page asks for in the mode `same-origin`.
    private static func staysHere(_ headers: HTTPHeaders) -> Bool {
        headers["sec-fetch-mode"] == "same-origin" || headers.contains("service-worker")
            || ["worker", "sharedworker", "serviceworker"].contains(headers["sec-fetch-dest"])
    }
}
