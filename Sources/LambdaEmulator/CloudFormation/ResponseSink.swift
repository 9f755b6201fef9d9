import HTTP
import Synchronization
public import Timestamps

/// The place in S3 to which the answer of one custom-resource request is put, as strict as S3 is with a presigned URL.
public final class ResponseSink: ServerHandler {
    /// What came so far.
    public struct Record: Sendable {
        /// An answer that was stored.
        public struct Answer: Sendable {
            /// Its bytes.
            public var body: [UInt8]
            /// When it came.
            public var receivedAt: Timestamp
        }

        /// Requests in all, those that were refused or failed by a fault included.
        public var puts = 0
        /// Why requests were refused or failed, one sentence each.
        public var refusals: [String] = []
        /// The answers that were stored. CloudFormation reads the first one.
        public var answers: [Answer] = []
    }

    private struct State {
        var record = Record()
        var faultsLeft: Int
    }

    private let url: ResponseURL
    private let fault: ResponseFault?
    private let clock: any Clock<Duration>
    private let now: @Sendable () -> Timestamp
    private let log: @Sendable (String) -> Void
    private let state: Mutex<State>

    /// Makes the place of one answer.
    ///
    /// - Parameters:
    ///   - url: The URL that answers must be put to.
    ///   - fault: What goes wrong with the first ones.
    ///   - clock: What slow answers wait with; nil for the continuous clock.
    ///   - now: The wall time.
    ///   - log: Takes a line for each request.
    public init(
        _ url: ResponseURL, fault: ResponseFault? = nil, clock: (any Clock<Duration>)? = nil,
        now: @escaping @Sendable () -> Timestamp = { .now() }, log: @escaping @Sendable (String) -> Void
    ) {
        self.url = url
        self.fault = fault
        self.clock = clock ?? EventLoopClock()
        self.now = now
        self.log = log
        state = Mutex(State(faultsLeft: fault?.count ?? 0))
    }

    /// What came so far.
    public var record: Record { state.withLock { $0.record } }

    /// Enough to see that an answer is too long.
    public var maximumBodyBytes: Int { 64 << 10 }

    /// Refuses what the signature does not cover, and what S3 does not take, by the head alone.
    public func refusal(of head: ServerRequestHead) -> ServerResponse? {
        guard let error = error(in: head) else { return nil }
        refuse(error)
        return error.response
    }

    /// 400
    public func responseToMalformedRequest() -> ServerResponse {
        let error = StorageError(400, "BadRequest", "An error occurred when parsing the HTTP request.")
        refuse(error)
        return error.response
    }

    /// Stores an answer, unless a fault is due.
    public func respond(to request: ServerRequest) async -> ServerResponse {
        let due = state.withLock { state -> ResponseFault.Kind? in
            guard state.faultsLeft > 0 else { return nil }
            state.faultsLeft -= 1
            return fault?.kind
        }
        switch due {
        case nil: break
        case .internalError:
            let error = StorageError(500, "InternalError", "We encountered an internal error. Please try again.")
            refuse(error)
            return error.response
        case .accessDenied:
            refuse(.expired)
            return StorageError.expired.response
        case .reset:
            refuse("the connection was reset")
            return .reset
        case .slow(let delay):
            log("A PUT is kept waiting for \(delay.inSeconds) s.")
            guard (try? await clock.sleep(for: delay)) != nil else {
                refuse("the client went away within \(delay.inSeconds) s")
                return .reset
            }
        }
        store(request.body)
        return ServerResponse(status: 200, headers: ["x-amz-request-id": RandomID.hex(16), "Server": "AmazonS3"])
    }

    private func error(in head: ServerRequestHead) -> StorageError? {
        guard head.method == .put, head.target == url.target, head.headers.values("host") == [url.authority] else {
            return .signature("the method, the host, the path or the query is not that of the ResponseURL")
        }
        if let type = head.headers["content-type"], !type.isEmpty {
            return .signature("the Content-Type is '\(type)', where the signature covers an empty one")
        }
        if head.headers.contains("authorization") {
            return StorageError(400, "InvalidArgument", "Only one auth mechanism allowed")
        }
        if let field = head.headers.first(where: { HTTPToken.lowercased($0.name).hasPrefix("x-amz-") }) {
            return StorageError(
                403, "AccessDenied", "There were headers present in the request which were not signed: \(field.name)")
        }
        guard now() < url.signedAt + ResponseURL.lifetime else { return .expired }
        if head.headers.contains("transfer-encoding") {
            return StorageError(
                501, "NotImplemented", "A header you provided implies functionality that is not implemented",
                detail: "Transfer-Encoding")
        }
        guard head.headers.contains("content-length") else {
            return StorageError(411, "MissingContentLength", "You must provide the Content-Length HTTP header.")
        }
        return nil
    }

    private func store(_ body: [UInt8]) {
        let answer = Record.Answer(body: body, receivedAt: now())
        let earlier = state.withLock { state -> Record.Answer? in
            state.record.puts += 1
            state.record.answers.append(answer)
            return state.record.answers.count > 1 ? state.record.answers[0] : nil
        }
        guard let earlier else { return log("An answer of \(body.count) bytes came.") }
        log("Another answer came, which is \(earlier.body == body ? "the same" : "different"); the first one counts.")
    }

    private func refuse(_ error: StorageError) {
        refuse("\(error.status) \(error.code): \(error.detail ?? error.message)")
    }

    private func refuse(_ sentence: String) {
        state.withLock { state in
            state.record.puts += 1
            state.record.refusals.append(sentence)
        }
        log("A PUT to the ResponseURL failed: \(sentence)")
    }
}
