internal import CCurl
internal import HTTP

/// One request under way and the response as it comes in.
///
/// `@unchecked Sendable`: made by the caller, touched from then on by the event loop's thread alone.
final class Transfer: @unchecked Sendable {
    let request: HTTPRequest
    private let options: TransferOptions
    private let headerList: HeaderList
    private(set) var handle: EasyHandle?
    private var continuation: CheckedContinuation<HTTPResponse, any Error>?

    private var head = ResponseHead()
    private var body: [UInt8] = []
    private var status = 0
    /// Whether a connection was had, TLS included: if not, nothing of the request was sent.
    private var wasConnected = false

    private var isCancelled = false
    /// Our own reason for having broken the transfer off, which is better than libcurl's.
    private var failure: TransportError?

    /// How often the request was about to go out.
    private var attempts = 0

    /// How much of a body at hand has been sent.
    private var sent = 0
    private var stream = UploadStream()

    init(_ request: HTTPRequest, _ options: TransferOptions) {
        self.request = request
        self.options = options
        headerList = HeaderList(for: request)
    }

    /// Begins, unless the task was cancelled before.
    func begin(on loop: EventLoop, _ continuation: CheckedContinuation<HTTPResponse, any Error>) {
        guard !isCancelled else { return continuation.resume(throwing: CancellationError()) }
        if let failure { return continuation.resume(throwing: failure) }
        self.continuation = continuation
        loop.start(self)
    }

    /// Breaks off because the task was cancelled.
    func cancel(on loop: EventLoop) {
        isCancelled = true
        stream.abort()
        loop.abort(self)
    }

    /// Breaks off because the stream that makes the body failed.
    func fail(_ error: TransportError, on loop: EventLoop) {
        failure = failure ?? error
        stream.abort()
        loop.abort(self)
    }

    /// Hands a piece of a streamed body to libcurl, nil at the end.
    func offer(_ piece: [UInt8]?, _ producer: CheckedContinuation<Void, any Error>) {
        stream.offer(piece, producer)
        if stream.isPaused, let handle { curl_easy_pause(handle.easy, ccurl_pause_continue()) }
    }

    /// Resumes the caller, once.
    func finish(_ code: CURLcode) {
        guard let continuation else { return }
        self.continuation = nil
        stream.abort()
        if isCancelled {
            continuation.resume(throwing: CancellationError())
        } else if let failure {
            continuation.resume(throwing: failure)
        } else if code == CURLE_OK {
            continuation.resume(returning: HTTPResponse(status: status, headers: head.headers, body: body))
        } else {
            continuation.resume(throwing: transportError(code))
        }
        handle = nil
    }

    /// Reads from the handle what is needed after it is gone.
    func collectFacts() {
        guard let easy = handle?.easy else { return }
        ccurl_get_long(easy, CURLINFO_RESPONSE_CODE, &status)
        var pretransfer: curl_off_t = 0
        ccurl_get_offset(easy, CURLINFO_PRETRANSFER_TIME_T, &pretransfer)
        wasConnected = pretransfer > 0
    }

    private func transportError(_ code: CURLcode) -> TransportError {
        var text = handle.map { String(cString: $0.errorText) } ?? ""
        if text.isEmpty { text = String(cString: curl_easy_strerror(code)) }
        return TransportError(curl: code, text, wasConnected: wasConnected, request: request)
    }
}

// Options.
extension Transfer {
    /// The largest body that libcurl copies and sends in one segment with the headers.
    private static let copiedBodyLimit = 64 << 10

    /// Sets every option that differs between transfers, whatever the handle did before.
    func prepare(_ handle: EasyHandle) -> Bool {
        let easy = handle.easy
        handle.transfer = self
        handle.errorText.pointee = 0
        self.handle = handle
        return headerList.isComplete
            && ok(ccurl_set_string(easy, CURLOPT_URL, request.url))
            && ok(ccurl_set_list(easy, CURLOPT_HTTPHEADER, headerList.head))
            && ok(ccurl_set_long(easy, CURLOPT_TIMEOUT_MS, Self.milliseconds(options.timeout)))
            && ok(ccurl_set_long(easy, CURLOPT_CONNECTTIMEOUT_MS, Self.milliseconds(options.connectTimeout)))
            // An empty name is none; no name lets libcurl read the environment.
            && ok(ccurl_set_string(easy, CURLOPT_PROXY, options.proxy == .none ? "" : nil))
            && ok(ccurl_set_string(easy, CURLOPT_NOPROXY, options.proxy == .none ? "" : nil))
            && ok(ccurl_set_long(easy, CURLOPT_MAXAGE_CONN, mayRepeat ? Self.connectionLife : Self.surelyAlive))
            && setBody(easy)
    }

    /// How long, in seconds, a connection may have been idle and still be used: less than most servers keep one.
    private static let connectionLife = 55
    /// The same for a request that cannot be repeated should the connection turn out to be dead.
    private static let surelyAlive = 4

    private var mayRepeat: Bool {
        options.mayRepeat ?? request.method.isIdempotent
    }

    private func ok(_ code: CURLcode) -> Bool {
        code == CURLE_OK
    }

    private func setBody(_ easy: UnsafeMutableRawPointer) -> Bool {
        let method = request.method
        switch request.body {
        case .bytes(let bytes) where bytes.isEmpty && method == .head:
            return ok(ccurl_set_string(easy, CURLOPT_CUSTOMREQUEST, nil)) && ok(ccurl_set_long(easy, CURLOPT_NOBODY, 1))
        case .bytes(let bytes) where bytes.isEmpty && !Self.alwaysHasBody(method):
            return ok(ccurl_set_long(easy, CURLOPT_HTTPGET, 1))
                && ok(ccurl_set_string(easy, CURLOPT_CUSTOMREQUEST, method.rawValue))
        case .bytes(let bytes):
            return ok(ccurl_set_long(easy, CURLOPT_POST, 1))
                && ok(ccurl_set_string(easy, CURLOPT_CUSTOMREQUEST, method.rawValue))
                && ok(ccurl_set_offset(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(bytes.count)))
                && ok(setBytes(bytes, easy)) && ok(ccurl_set_trailer_callback(easy, nil))
        case .stream:
            return ok(ccurl_set_long(easy, CURLOPT_POST, 1))
                && ok(ccurl_set_string(easy, CURLOPT_CUSTOMREQUEST, method.rawValue))
                && ok(ccurl_set_offset(easy, CURLOPT_POSTFIELDSIZE_LARGE, -1))
                && ok(ccurl_set_pointer(easy, CURLOPT_POSTFIELDS, nil))
                && ok(ccurl_set_trailer_callback(easy, sendTrailers))
        }
    }

    private func setBytes(_ bytes: [UInt8], _ easy: UnsafeMutableRawPointer) -> CURLcode {
        bytes.count <= Self.copiedBodyLimit
            ? bytes.withUnsafeBytes { copy($0, easy) } : ccurl_set_pointer(easy, CURLOPT_POSTFIELDS, nil)
    }

    private func copy(_ bytes: UnsafeRawBufferPointer, _ easy: UnsafeMutableRawPointer) -> CURLcode {
        // An empty array has no address, and a null pointer would make libcurl read the body from the callback.
        guard let address = bytes.baseAddress, !bytes.isEmpty else {
            return ccurl_set_string(easy, CURLOPT_COPYPOSTFIELDS, "")
        }
        return ccurl_set_pointer(easy, CURLOPT_COPYPOSTFIELDS, UnsafeMutableRawPointer(mutating: address))
    }

    /// Methods whose empty body is announced with `Content-Length: 0` (RFC 9110, section 8.6).
    private static func alwaysHasBody(_ method: HTTPMethod) -> Bool {
        method == .post || method == .put || method == .patch
    }

    /// Zero means no limit to libcurl, so that no time at all becomes one millisecond.
    private static func milliseconds(_ duration: Duration?) -> Int {
        guard let duration else { return 0 }
        return Int(min(max(duration.roundedUpToMilliseconds, 1), Int64(Int32.max)))
    }
}

// Callbacks, from inside libcurl.
extension Transfer {
    /// The most that is set aside on the word of a `Content-Length` alone.
    private static let reservationLimit = 32 << 20

    /// libcurl repeats by itself whatever went out on a kept connection that was closed before any answer came.
    func isAllowedToGoOut() -> Bool {
        attempts += 1
        guard attempts > 1, !mayRepeat else { return true }
        failure = TransportError(
            .connectionLost, "the connection was closed before any answer came; a \(request.method) is not sent twice",
            request: request)
        return false
    }

    func receiveHeader(_ line: UnsafeRawBufferPointer) -> Int {
        guard head.receive(line) else {
            failure = TransportError(.malformedResponse, "the response has a malformed header line", request: request)
            return 0
        }
        if line.count <= 2, let length = head.contentLength, request.method != .head {
            guard length <= options.maximumResponseBytes else { return refuse(length) }
            body.reserveCapacity(min(max(length, 0), Self.reservationLimit))
        }
        return line.count
    }

    func receive(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard body.count + bytes.count <= options.maximumResponseBytes else { return refuse(body.count + bytes.count) }
        body.append(contentsOf: bytes)
        return bytes.count
    }

    private func refuse(_ length: Int) -> Int {
        failure = TransportError(
            .responseTooLarge,
            "the response body is over the limit of \(options.maximumResponseBytes) bytes (at least \(length))",
            request: request)
        return 0
    }

    func upload(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        guard case .bytes(let bytes) = request.body else {
            switch stream.read(into: buffer) {
            case .bytes(let count): return count
            case .end: return 0
            case .pause: return Int(CURL_READFUNC_PAUSE)
            case .abort: return Int(CURL_READFUNC_ABORT)
            }
        }
        let count = min(buffer.count, bytes.count - sent)
        buffer.copyBytes(from: bytes[sent..<(sent + count)])
        sent += count
        return count
    }

    /// libcurl starts over when a kept connection turns out to be dead; a stream cannot be wound back.
    func seekUpload(to offset: Int, origin: Int32) -> Bool {
        guard case .bytes(let bytes) = request.body, origin == 0, (0...bytes.count).contains(offset) else {
            return false
        }
        sent = offset
        return true
    }
}

/// Hands the trailer fields to libcurl, which frees the list.
private func sendTrailers(
    _ list: UnsafeMutablePointer<UnsafeMutablePointer<curl_slist>?>?, _ context: UnsafeMutableRawPointer?
) -> Int32 {
    guard let list, let transfer = EasyHandle.from(context)?.transfer, case .stream(let stream) = transfer.request.body
    else { return CURL_TRAILERFUNC_ABORT }
    list.pointee = HeaderList.makeUnowned(HTTPHeaders(stream.trailers().filter(\.isValid)))
    return CURL_TRAILERFUNC_OK
}
