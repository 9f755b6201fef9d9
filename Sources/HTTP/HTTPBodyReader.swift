internal import Synchronization

/// The body of a response, piece by piece and only as fast as it is read: while nobody asks for the next piece, the
/// transfer stands still and the sender is made to wait.
///
/// One task reads at a time. Dropping the last reference before the end aborts the transfer, as ``cancel()`` does.
public final class HTTPBodyReader: Sendable {
    private struct State {
        /// What was read from the source and not given out yet.
        var held: [UInt8] = []
        var isAtEnd = false
        var isCancelled = false
    }

    private let source: @Sendable () async throws -> [UInt8]?
    private let abort: @Sendable () -> Void
    private let state = Mutex(State())

    /// The length of the body in bytes, where the sender announced one.
    public let expectedLength: Int?

    /// Makes a reader of a function that gives piece after piece, nil at the end, and of one that aborts the transfer,
    /// called at most once and only before the end.
    public init(
        expectedLength: Int? = nil, next: @escaping @Sendable () async throws -> [UInt8]?,
        cancel: @escaping @Sendable () -> Void
    ) {
        self.expectedLength = expectedLength
        source = next
        abort = cancel
    }

    /// Bytes at hand, as a body of one piece.
    public convenience init(_ bytes: [UInt8]) {
        self.init(expectedLength: bytes.count, next: { nil }, cancel: {})
        state.withLock { $0.held = bytes }
    }

    deinit {
        cancel()
    }

    /// Waits for the next piece, which is never empty; nil at the end and ever after.
    ///
    /// - Throws: ``TransportError`` when the transfer failed, after the pieces that had come before; `CancellationError`
    ///   when the task was cancelled, which aborts the transfer, or when the reader was.
    public func next() async throws -> [UInt8]? {
        if let piece = try takeHeld() { return piece }
        while !state.withLock({ $0.isAtEnd }) {
            guard let piece = try await source() else {
                state.withLock { $0.isAtEnd = true }
                return nil
            }
            if !piece.isEmpty { return piece }
        }
        return nil
    }

    /// Reads at most so many bytes. What follows them stays to be read, by ``next()`` or by another call.
    ///
    /// To know whether the body goes on it reads one piece ahead.
    ///
    /// - Returns: the bytes, and whether they are the rest of the body: always so when there are fewer than the limit.
    /// - Throws: as ``next()`` does; the bytes read so far are then lost.
    public func collect(upTo limit: Int) async throws -> (bytes: [UInt8], isComplete: Bool) {
        let limit = max(limit, 0)
        var bytes: [UInt8] = []
        while let piece = try await next() {
            let room = limit - bytes.count
            guard piece.count <= room else {
                bytes += piece[..<room]
                let rest = Array(piece[room...])
                state.withLock { $0.held = rest }
                return (bytes, false)
            }
            if bytes.isEmpty {
                bytes = piece
                if let expectedLength { bytes.reserveCapacity(min(expectedLength, limit)) }
            } else {
                bytes += piece
            }
        }
        return (bytes, true)
    }

    /// Aborts the transfer and frees its connection, unless the end was reached. A reading task gets its
    /// `CancellationError` at once.
    public func cancel() {
        let isFirst = state.withLock { state in
            guard !state.isAtEnd, !state.isCancelled else { return false }
            state.isCancelled = true
            state.held = []
            return true
        }
        if isFirst { abort() }
    }

    private func takeHeld() throws -> [UInt8]? {
        let (piece, isCancelled) = state.withLock { state in
            defer { state.held = [] }
            return (state.held, state.isCancelled)
        }
        if isCancelled { throw CancellationError() }
        return piece.isEmpty ? nil : piece
    }
}
