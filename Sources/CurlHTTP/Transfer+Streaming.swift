internal import CCurl
internal import HTTP

// The response, piece by piece.
extension Transfer {
    /// Resumes the caller with the head, and the reader with what has come of the body. The loop calls it after libcurl
    /// has done all it can, so that a piece is as large as what was there, not as one call of the write callback.
    func deliver() {
        if isHeadComplete { resumeCaller(.success(HTTPResponse(status: status, headers: head.headers))) }
        download.deliver()
    }

    /// Gives the next piece to the reader as soon as there is one, nil at the end.
    func read(_ reader: CheckedContinuation<[UInt8]?, any Error>, on loop: EventLoop) {
        guard !download.isBeingRead else {
            return reader.resume(
                throwing: TransportError(.other, "two tasks read the response's body at a time", request: request))
        }
        if download.read(reader) { resumePaused(on: loop) }
        if download.isBeingRead { watchForStall(on: loop) }
    }

    /// Lets libcurl go on wherever it need not wait any more. It may call back before this returns.
    func resumePaused(on loop: EventLoop) {
        guard let handle else { return }
        let code = ccurl_pause(handle.easy, download.isPaused, stream.isPaused)
        guard code != CURLE_OK else { return }
        collectFacts()
        fail(transportError(code), on: loop)
    }

    /// Breaks off when a reader has waited for too long. Time during which nobody waits does not count.
    private func watchForStall(on loop: EventLoop) {
        guard watch == nil, let limit = options.stallTimeout else { return }
        watch = Task(executorPreference: loop) {
            let clock = LoopClock(loop)
            while !Task.isCancelled {
                let deadline = (self.download.waitingSince ?? clock.now).advanced(by: limit)
                if deadline <= clock.now {
                    let reason = "nothing of the response's body came for \(limit)"
                    return self.fail(TransportError(.timeout, reason, request: self.request), on: loop)
                }
                try? await clock.sleep(until: deadline, tolerance: nil)
            }
        }
    }
}
