internal import HTTP

/// The piece of a streamed body that the reader takes next, between libcurl's write callback and the task that reads.
struct DownloadStream {
    /// The most bytes of a piece, and the size of libcurl's receive buffer for such a transfer. At most four times as
    /// much is held at once: the piece that the reader has, the next one, what libcurl keeps while it is paused, and its
    /// buffer.
    static let pieceLimit = 256 << 10

    private var piece: [UInt8] = []
    /// How much is still to come, where the server said how much there is.
    private var remaining: Int?
    /// How the transfer ended.
    private var outcome: Result<Void, any Error>?
    /// The task that waits for a piece.
    private var reader: CheckedContinuation<[UInt8]?, any Error>?
    /// Since when a task waits.
    private(set) var waitingSince: ContinuousClock.Instant?
    /// Whether libcurl waits for the piece to be taken.
    private(set) var isPaused = false

    /// Whether a task waits for a piece.
    var isBeingRead: Bool { reader != nil }

    /// Says how long the body will be.
    mutating func expect(_ length: Int?) {
        remaining = length
    }

    /// Adds bytes to the piece.
    ///
    /// - Returns: false when there is no room: libcurl then pauses, and offers the very same bytes again later.
    mutating func receive(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard piece.isEmpty || piece.count + bytes.count <= Self.pieceLimit else {
            isPaused = true
            return false
        }
        if piece.isEmpty, let remaining { piece.reserveCapacity(min(max(remaining, bytes.count), Self.pieceLimit)) }
        piece.append(contentsOf: bytes)
        remaining = remaining.map { max($0 - bytes.count, 0) }
        return true
    }

    /// Gives the reader the piece, or the end, or lets it wait.
    ///
    /// - Returns: whether libcurl must be told to go on, outside of any access to this value, since it calls back at once.
    mutating func read(_ reader: CheckedContinuation<[UInt8]?, any Error>) -> Bool {
        if !piece.isEmpty {
            reader.resume(returning: take())
        } else if let outcome {
            reader.resume(with: outcome.map { nil })
        } else {
            self.reader = reader
            waitingSince = .now
        }
        defer { isPaused = false }
        return isPaused
    }

    /// Resumes a waiting reader with what has come.
    mutating func deliver() {
        guard !piece.isEmpty, let reader = takeReader() else { return }
        reader.resume(returning: take())
    }

    /// Ends the body. What has come is read before.
    mutating func end(_ outcome: Result<Void, any Error>) {
        isPaused = false
        if self.outcome == nil { self.outcome = outcome }
        deliver()
        if let reader = takeReader() { reader.resume(with: outcome.map { nil }) }
    }

    /// Ends the body at once, because nobody wants it any more.
    mutating func abort() {
        piece = []
        outcome = .failure(CancellationError())
        end(.failure(CancellationError()))
    }

    private mutating func take() -> [UInt8] {
        defer { piece = [] }
        return piece
    }

    private mutating func takeReader() -> CheckedContinuation<[UInt8]?, any Error>? {
        defer {
            reader = nil
            waitingSince = nil
        }
        return reader
    }
}
