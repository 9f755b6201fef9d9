import Synchronization

/// Hands a streamed answer from the handler that makes it to the transport that sends it, one piece at a time.
final class ResponseChannel: Sendable {
    /// How the answer begins.
    enum Opening: Sendable {
        /// There is something to send.
        case answer(contentType: String)
        /// The handler failed before it wrote anything.
        case failure(ErrorReport)
    }

    fileprivate struct State {
        var contentType: String?
        /// What goes before the first piece.
        var prelude: [UInt8] = []
        var begun = false
        /// The piece to be taken next.
        var piece: [UInt8]?
        /// Set when the handler is done.
        var ended = false
        var failure: ErrorReport?
        /// Set when nobody takes pieces any more.
        var abandoned = false
        var writers: [CheckedContinuation<Void, Never>] = []
        /// The one that waits for the opening or for a piece.
        var reader: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    // MARK: The handler's side

    func start(contentType: String, prelude: [UInt8]) throws(ResponseStreamError) {
        let refused = state.withLock { state in
            guard !state.begun, !state.ended else { return true }
            state.contentType = contentType
            state.prelude = prelude
            return false
        }
        if refused {
            throw ResponseStreamError("the head of a streamed answer cannot be set after the first piece was written")
        }
    }

    func write(_ bytes: [UInt8]) async throws {
        while true {
            try Task.checkCancellation()
            let (done, reader) = try state.withLock { state -> (Bool, CheckedContinuation<Void, Never>?) in
                guard !state.abandoned else {
                    throw ResponseStreamError("the streamed answer can no longer be delivered: the connection broke")
                }
                guard !state.ended else {
                    throw ResponseStreamError("the streamed answer has ended: its handler returned before this piece")
                }
                guard state.piece == nil else { return (false, nil) }
                state.put(bytes)
                return (true, state.takeReader())
            }
            reader?.resume()
            if done { return }
            await withCheckedContinuation { continuation in
                let full = state.withLock { state in
                    let full = state.piece != nil && !state.abandoned && !state.ended
                    if full { state.writers.append(continuation) }
                    return full
                }
                if !full { continuation.resume() }
            }
        }
    }

    /// The handler is done, well or not. An answer without a piece still has its head sent.
    func end(_ failure: ErrorReport?) {
        let waiting = state.withLock { state in
            state.ended = true
            state.failure = failure
            if failure == nil, !state.begun { state.put([]) }
            return state.takeWriters() + [state.takeReader()].compactMap { $0 }
        }
        for continuation in waiting { continuation.resume() }
    }

    // MARK: The transport's side

    /// Waits for the first piece or the end.
    func opening() async -> Opening {
        while true {
            let opening = state.withLock { state -> Opening? in
                if state.begun { return .answer(contentType: state.contentType ?? "application/octet-stream") }
                return state.failure.map(Opening.failure)
            }
            if let opening { return opening }
            await waitForHandler()
        }
    }

    /// Waits for the next piece; nil at the end.
    func next() async -> [UInt8]? {
        while true {
            let (piece, ended, writers) = state.withLock { state in
                let piece = state.piece
                state.piece = nil
                return (piece, state.ended, piece == nil ? [] : state.takeWriters())
            }
            for writer in writers { writer.resume() }
            // An empty piece would be the end of a chunked body.
            if let piece, !piece.isEmpty { return piece }
            if ended { return nil }
            if piece == nil { await waitForHandler() }
        }
    }

    /// How the handler failed, known once ``next()`` gave nil.
    var failure: ErrorReport? { state.withLock { $0.failure } }

    /// Nobody will take another piece: those who wait to write one are told so.
    func abandon() {
        let writers = state.withLock { state in
            state.abandoned = true
            state.piece = nil
            return state.takeWriters()
        }
        for writer in writers { writer.resume() }
    }

    private func waitForHandler() async {
        await withCheckedContinuation { continuation in
            let nothingYet = state.withLock { state in
                let nothingYet = state.piece == nil && !state.ended
                if nothingYet { state.reader = continuation }
                return nothingYet
            }
            if !nothingYet { continuation.resume() }
        }
    }
}

extension ResponseChannel.State {
    fileprivate mutating func put(_ bytes: [UInt8]) {
        piece = begun || prelude.isEmpty ? bytes : prelude + bytes
        begun = true
    }

    fileprivate mutating func takeReader() -> CheckedContinuation<Void, Never>? {
        defer { reader = nil }
        return reader
    }

    fileprivate mutating func takeWriters() -> [CheckedContinuation<Void, Never>] {
        defer { writers = [] }
        return writers
    }
}
