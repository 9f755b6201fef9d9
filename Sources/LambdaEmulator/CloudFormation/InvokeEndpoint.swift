import HTTP
import JSON
import Synchronization

/// Lambda's `Invoke` for one function, with the invocation type `Event`: what a function calls to hand its work over to
/// itself. Lambda's other calls go on to another stand-in, if there is one.
public final class InvokeEndpoint: ServerHandler {
    /// The largest event of an asynchronous invocation, in bytes.
    public static let maximumPayloadBytes = 1 << 20

    /// The member of the event that a custom resource hands over, in which it counts how often it did.
    private static let handoverKey = "CustomResourceHandover"

    private struct State {
        var throttlesLeft: Int
        var accepted = 0
        var deepestHop = 0
        var refusals: [String] = []
    }

    private let functionARN: String
    private let verifier: SignatureVerifier?
    private let other: (@Sendable (ServerRequest) async -> ServerResponse)?
    private let log: @Sendable (String) -> Void
    private let accept: @Sendable ([UInt8]) -> String
    private let state: Mutex<State>

    /// Makes the endpoint of a function.
    ///
    /// - Parameters:
    ///   - functionARN: The function's ARN without a version.
    ///   - verifier: Verifies the signatures; nil when the caller's credentials are not known.
    ///   - throttles: How many calls are answered with 429 before any is taken.
    ///   - other: Answers what is not `Invoke`; nil refuses it.
    ///   - log: Takes a line for each call.
    ///   - accept: Takes an event and gives its request id.
    public init(
        functionARN: String, verifier: SignatureVerifier?, throttles: Int = 0,
        other: (@Sendable (ServerRequest) async -> ServerResponse)? = nil, log: @escaping @Sendable (String) -> Void,
        accept: @escaping @Sendable ([UInt8]) -> String
    ) {
        self.functionARN = functionARN
        self.verifier = verifier
        self.other = other
        self.log = log
        self.accept = accept
        state = Mutex(State(throttlesLeft: throttles))
    }

    /// Calls that were taken.
    public var accepted: Int { state.withLock { $0.accepted } }
    /// The highest number of a hand-over seen, 0 without any.
    public var deepestHop: Int { state.withLock { $0.deepestHop } }
    /// Why calls were refused, one sentence each; throttled ones are not among them.
    public var refusals: [String] { state.withLock { $0.refusals } }

    /// 6 MiB, the limit of `Invoke`; that of events is checked after the signature.
    public var maximumBodyBytes: Int { 6 << 20 }

    /// Nothing is refused before the whole request can be verified.
    public func refusal(of head: ServerRequestHead) -> ServerResponse? { nil }

    /// 400
    public func responseToMalformedRequest() -> ServerResponse {
        ServiceRefusal(400, "InvalidRequestContentException", "The request is not HTTP/1.1.").response
    }

    /// Takes an event.
    public func respond(to request: ServerRequest) async -> ServerResponse {
        if let other, Self.function(in: request.head) == nil { return await other(request) }
        do throws(ServiceRefusal) {
            let event = try check(request)
            let hop = Int(clamping: event[Self.handoverKey]?["hop"]?.integer ?? 0)
            state.withLock { state in
                state.accepted += 1
                state.deepestHop = max(state.deepestHop, hop)
            }
            let id = accept(request.body)
            log("Invoke took \(hop > 0 ? "hand-over \(hop)" : "an event") of \(request.body.count) bytes: \(id)")
            return ServerResponse(status: 202, headers: ["x-amzn-RequestId": id])
        } catch {
            log("Invoke refused a call: \(error.status) \(error.type): \(error.message.prefix(200))")
            if error.status != 429 {
                state.withLock { $0.refusals.append("\(error.status) \(error.type): \(error.message)") }
            }
            return error.response
        }
    }

    private func check(_ request: ServerRequest) throws(ServiceRefusal) -> JSONValue {
        try checkFunction(request.head)
        guard !request.bodyIsTooLarge else { throw Self.tooLarge }
        if let problem = CanonicalForm.strictQueryProblem(request.head.query ?? "") {
            throw ServiceRefusal(
                400, "InvalidParameterValueException", "The query is not encoded as RFC 3986 asks: \(problem).")
        }
        try verifier?.verify(request)
        let type = request.head.headers["x-amz-invocation-type"] ?? "RequestResponse"
        guard type == "Event" else {
            throw ServiceRefusal(
                400, "InvalidParameterValueException",
                "X-Amz-Invocation-Type is '\(type)'; only Event is served here, as work is handed over.")
        }
        guard request.body.count <= Self.maximumPayloadBytes else { throw Self.tooLarge }
        let event: JSONValue
        do { event = try JSONValue(parsing: request.body) } catch {
            throw ServiceRefusal(
                400, "InvalidRequestContentException", "Could not parse request body into json: it is \(error).")
        }
        let isThrottled = state.withLock { state in
            defer { state.throttlesLeft = max(0, state.throttlesLeft - 1) }
            return state.throttlesLeft > 0
        }
        if isThrottled { throw ServiceRefusal(429, "TooManyRequestsException", "Rate Exceeded.") }
        return event
    }

    private static let tooLarge = ServiceRefusal(
        413, "RequestTooLargeException",
        "The payload is too large for the Event invocation type (limit \(maximumPayloadBytes) bytes)")

    /// `POST /2015-03-31/functions/FUNCTION/invocations`, the function by its ARN or name.
    private func checkFunction(_ head: ServerRequestHead) throws(ServiceRefusal) {
        guard let name = Self.function(in: head) else {
            throw ServiceRefusal(
                404, "UnknownOperationException", "\(head.method) \(head.path) is none of the calls served here.")
        }
        let own = functionARN.split(separator: ":").last.map(String.init) ?? ""
        guard [functionARN, "\(functionARN):$LATEST", own, "\(own):$LATEST"].contains(name) else {
            throw ServiceRefusal(404, "ResourceNotFoundException", "Function not found: \(name)")
        }
    }

    /// The function that a call of `Invoke` names; nil for any other call.
    private static func function(in head: ServerRequestHead) -> String? {
        let segments = head.path.split(separator: "/", omittingEmptySubsequences: false)
        guard head.method == .post, segments.count == 5, segments[0].isEmpty, segments[1] == "2015-03-31",
            segments[2] == "functions", segments[4] == "invocations"
        else { return nil }
        return String(decoding: PercentEncoding.decode(segments[3]), as: UTF8.self)
    }
}
