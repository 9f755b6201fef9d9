internal import CCurl

/// One of libcurl's easy handles, reused from transfer to transfer. Everything that never changes is set here, so that
/// no transfer can go without it.
final class EasyHandle {
    let easy: UnsafeMutableRawPointer
    /// Where libcurl leaves its sentence about a failure.
    let errorText: UnsafeMutablePointer<CChar>
    /// The transfer that the callbacks serve.
    var transfer: Transfer?
    /// The receive buffer where nothing has to be small: at 900 KB a body a large one cuts the time to a quarter. It is
    /// touched only as far as it is used.
    static let wholeBodyBuffer = 512 << 10
    private var bufferSize = 0

    init?() {
        guard let easy = curl_easy_init() else { return nil }
        self.easy = easy
        errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        configure()
    }

    /// Makes the handle as good as new after a transfer that opened a connection. libcurl opens one in place of a kept
    /// one that turns out to be dead, and counts that for the life of the handle: the sixth time, days later maybe,
    /// would fail.
    func renewAfterConnecting() {
        var count = 0
        ccurl_get_long(easy, CURLINFO_NUM_CONNECTS, &count)
        guard count > 0 else { return }
        curl_easy_reset(easy)
        bufferSize = 0
        configure()
    }

    /// Sets the size of the receive buffer. libcurl refuses while it still has one from a transfer that never began; then
    /// the old size stays.
    func useBuffer(of size: Int) {
        guard bufferSize != size, ccurl_set_long(easy, CURLOPT_BUFFERSIZE, size) == CURLE_OK else { return }
        bufferSize = size
    }

    private func configure() {
        let context = Unmanaged.passUnretained(self).toOpaque()
        ccurl_set_pointer(easy, CURLOPT_PRIVATE, context)
        ccurl_set_pointer(easy, CURLOPT_ERRORBUFFER, errorText)
        ccurl_set_pointer(easy, CURLOPT_WRITEDATA, context)
        ccurl_set_pointer(easy, CURLOPT_HEADERDATA, context)
        ccurl_set_pointer(easy, CURLOPT_READDATA, context)
        ccurl_set_pointer(easy, CURLOPT_SEEKDATA, context)
        ccurl_set_pointer(easy, CURLOPT_TRAILERDATA, context)
        ccurl_set_data_callback(easy, CURLOPT_WRITEFUNCTION) { data, size, count, context in
            guard let data, let transfer = EasyHandle.from(context)?.transfer else { return 0 }
            return transfer.receive(UnsafeRawBufferPointer(start: data, count: size * count))
        }
        ccurl_set_data_callback(easy, CURLOPT_HEADERFUNCTION) { data, size, count, context in
            guard let data, let transfer = EasyHandle.from(context)?.transfer else { return 0 }
            return transfer.receiveHeader(UnsafeRawBufferPointer(start: data, count: size * count))
        }
        ccurl_set_data_callback(easy, CURLOPT_READFUNCTION) { data, size, count, context in
            guard let data, let transfer = EasyHandle.from(context)?.transfer else {
                return Int(CURL_READFUNC_ABORT)
            }
            return transfer.upload(into: UnsafeMutableRawBufferPointer(start: data, count: size * count))
        }
        ccurl_set_seek_callback(easy) { context, offset, origin in
            guard let transfer = EasyHandle.from(context)?.transfer else { return CURL_SEEKFUNC_FAIL }
            return transfer.seekUpload(to: Int(offset), origin: origin) ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_CANTSEEK
        }
        ccurl_set_before_request(
            easy,
            { context, _, _, _, _ in
                guard let transfer = EasyHandle.from(context)?.transfer else { return CURL_PREREQFUNC_ABORT }
                return transfer.isAllowedToGoOut() ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
            }, context)

        // Only HTTP/1.1 over http and https; every byte of the URL, the headers and the body as given.
        ccurl_allow_http_only(easy)
        ccurl_set_long(easy, CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        ccurl_set_long(easy, CURLOPT_PATH_AS_IS, 1)
        ccurl_set_long(easy, CURLOPT_FOLLOWLOCATION, 0)
        ccurl_set_long(easy, CURLOPT_HTTP_CONTENT_DECODING, 0)
        ccurl_set_long(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        // Certificates are always verified, and the name in them.
        ccurl_set_long(easy, CURLOPT_SSL_VERIFYPEER, 1)
        ccurl_set_long(easy, CURLOPT_SSL_VERIFYHOST, 2)
        if let bundle = CertificateBundle.path { ccurl_set_string(easy, CURLOPT_CAINFO, bundle) }
        // The resolver must not use SIGALRM; small segments must not wait (Nagle); idle connections must be noticed.
        ccurl_set_long(easy, CURLOPT_NOSIGNAL, 1)
        ccurl_set_long(easy, CURLOPT_TCP_NODELAY, 1)
        ccurl_set_long(easy, CURLOPT_TCP_KEEPALIVE, 1)
        // A large buffer, which is touched only as far as it is used.
        ccurl_set_long(easy, CURLOPT_UPLOAD_BUFFERSIZE, 1 << 20)
    }

    deinit {
        curl_easy_cleanup(easy)
        errorText.deallocate()
    }

    /// The owner of an easy handle.
    static func of(_ easy: UnsafeMutableRawPointer?) -> EasyHandle? {
        guard let easy else { return nil }
        var context: UnsafeMutableRawPointer?
        ccurl_get_pointer(easy, CURLINFO_PRIVATE, &context)
        return from(context)
    }

    /// The handle that a callback was given.
    static func from(_ context: UnsafeMutableRawPointer?) -> EasyHandle? {
        context.map { Unmanaged<EasyHandle>.fromOpaque($0).takeUnretainedValue() }
    }
}
