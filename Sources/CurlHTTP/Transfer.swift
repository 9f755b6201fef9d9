internal import CCurl
internal import HTTP

/// One request under way and the response as it comes in.
///
/// `@unchecked Sendable`: made by the caller, touched from then on by the event loop's thread alone.
final class Transfer: @unchecked Sendable {
    let request: HTTPRequest
    let options: TransferOptions
    /// Whether the caller takes the head first and then the body, piece by piece.
    let isStreaming: Bool
    let headerList: HeaderList
    var handle: EasyHandle?
    /// The caller, who waits for the response or, when streaming, for its head.
    private var continuation: CheckedContinuation<HTTPResponse, any Error>?
    private var isOver = false

    var head = ResponseHead()
    /// Whether the head of the final response is there, when streaming.
    var isHeadComplete = false
    var body: [UInt8] = []
    var download = DownloadStream()
    private(set) var status = 0

    private var isCancelled = false
    /// Our own reason for having broken the transfer off, which is better than libcurl's.
    var failure: TransportError?

    /// How often a connection was had, TLS included, and the request was about to go out: if never, nothing of it was sent.
    var attempts = 0

    /// How much of a body at hand has been sent.
    var sent = 0
    var stream = UploadStream()
    /// The task that makes the request's body while the response is streamed.
    private var producer: Task<Void, Never>?
    /// The task that notices when the response stands still.
    var watch: Task<Void, Never>?

    init(_ request: HTTPRequest, _ options: TransferOptions, isStreaming: Bool = false) {
        self.request = request
        self.options = options
        self.isStreaming = isStreaming
        headerList = HeaderList(for: request)
    }

    /// Begins, unless the task was cancelled before.
    func begin(on loop: EventLoop, _ continuation: CheckedContinuation<HTTPResponse, any Error>) {
        self.continuation = continuation
        if isCancelled || failure != nil { return finish(CURLE_ABORTED_BY_CALLBACK) }
        loop.start(self)
    }

    /// Takes the task that makes the request's body, to be cancelled with the transfer.
    func own(_ producer: Task<Void, Never>) {
        self.producer = producer
    }

    /// Breaks off because the task was cancelled.
    func cancel(on loop: EventLoop) {
        isCancelled = true
        stream.abort()
        loop.abort(self)
        download.abort()
    }

    /// Breaks off because the stream that makes the body failed.
    func fail(_ error: TransportError, on loop: EventLoop) {
        failure = failure ?? error
        stream.abort()
        loop.abort(self)
    }

    /// Hands a piece of a streamed body to libcurl, nil at the end.
    func offer(_ piece: [UInt8]?, _ producer: CheckedContinuation<Void, any Error>, on loop: EventLoop) {
        if stream.offer(piece, producer) { resumePaused(on: loop) }
    }

    /// Resumes the caller, once.
    func finish(_ code: CURLcode) {
        guard !isOver else { return }
        isOver = true
        stream.abort()
        producer?.cancel()
        producer = nil
        watch?.cancel()
        watch = nil
        let outcome = outcome(code)
        handle = nil
        if isStreaming { download.end(outcome.map { _ in }) }
        resumeCaller(outcome)
    }

    /// Gives the caller the response, its head or the failure, whichever is first.
    func resumeCaller(_ result: Result<HTTPResponse, any Error>) {
        guard let continuation else { return }
        self.continuation = nil
        continuation.resume(with: result)
    }

    private func outcome(_ code: CURLcode) -> Result<HTTPResponse, any Error> {
        if isCancelled { return .failure(CancellationError()) }
        if let failure { return .failure(failure) }
        guard code == CURLE_OK else { return .failure(transportError(code)) }
        guard head.isComplete else {
            // libcurl takes the fields that came for all there are.
            let reason = "the connection was closed within the head of the response"
            return .failure(TransportError(.connectionLost, reason, request: request))
        }
        return .success(HTTPResponse(status: status, headers: head.headers, body: body))
    }

    /// Reads from the handle what is needed after it is gone.
    func collectFacts() {
        guard let easy = handle?.easy else { return }
        ccurl_get_long(easy, CURLINFO_RESPONSE_CODE, &status)
    }

    func transportError(_ code: CURLcode) -> TransportError {
        var text = handle.map { String(cString: $0.errorText) } ?? ""
        if text.isEmpty { text = String(cString: curl_easy_strerror(code)) }
        return TransportError(curl: code, text, wentOut: attempts > 0, request: request)
    }
}
