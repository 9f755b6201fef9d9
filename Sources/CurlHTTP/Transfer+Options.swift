internal import CCurl
internal import HTTP

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
        handle.useBuffer(of: isStreaming ? DownloadStream.pieceLimit : EasyHandle.wholeBodyBuffer)
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

    var mayRepeat: Bool {
        options.mayRepeat ?? request.method.isIdempotent
    }

    /// Whether trailers may follow the body: its length is not known, so that it goes out in chunks.
    var hasTrailers: Bool {
        if case .stream(let stream) = request.body { stream.contentLength == nil } else { false }
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
        case .stream(let stream):
            return ok(ccurl_set_long(easy, CURLOPT_POST, 1))
                && ok(ccurl_set_string(easy, CURLOPT_CUSTOMREQUEST, method.rawValue))
                && ok(ccurl_set_offset(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(stream.contentLength ?? -1)))
                && ok(ccurl_set_pointer(easy, CURLOPT_POSTFIELDS, nil))
                && ok(ccurl_set_trailer_callback(easy, hasTrailers ? sendTrailers : nil))
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

/// Hands the trailer fields to libcurl, which frees the list.
private func sendTrailers(
    _ list: UnsafeMutablePointer<UnsafeMutablePointer<curl_slist>?>?, _ context: UnsafeMutableRawPointer?
) -> Int32 {
    guard let list, let transfer = EasyHandle.from(context)?.transfer, case .stream(let stream) = transfer.request.body
    else { return CURL_TRAILERFUNC_ABORT }
    list.pointee = HeaderList.makeUnowned(HTTPHeaders(stream.trailers().filter(\.isValid)))
    return CURL_TRAILERFUNC_OK
}
