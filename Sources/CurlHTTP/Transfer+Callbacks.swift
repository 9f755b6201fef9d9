internal import CCurl
internal import HTTP

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
        if isStreaming {
            if line.count <= 2, !isHeadComplete { completeHead() }
        } else if line.count <= 2, let length = head.contentLength, request.method != .head {
            guard length <= options.maximumResponseBytes else { return refuse(length) }
            body.reserveCapacity(min(max(length, 0), Self.reservationLimit))
        }
        return line.count
    }

    /// At the empty line after a head, which only that of an interim response (1xx) does not end.
    private func completeHead() {
        collectFacts()
        guard status >= 200 else { return }
        isHeadComplete = true
        download.expect(head.contentLength)
    }

    func receive(_ bytes: UnsafeRawBufferPointer) -> Int {
        if isStreaming { return download.receive(bytes) ? bytes.count : Int(CURL_WRITEFUNC_PAUSE) }
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
