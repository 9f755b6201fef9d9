internal import HTTP

/// The piece of a streamed body that libcurl takes next, between the task that makes the pieces and the read callback.
struct UploadStream {
    /// What the read callback tells libcurl.
    enum Reading {
        case bytes(Int)
        case pause
        case end
        case abort
    }

    private var piece: [UInt8] = []
    private var position = 0
    private var isEnded = false
    private var isAborted = false
    /// The producer, waiting for its piece to be taken.
    private var producer: CheckedContinuation<Void, any Error>?
    /// Whether libcurl waits for the next piece.
    private(set) var isPaused = false

    /// Takes a piece, nil at the end; the producer goes on when it has been sent.
    mutating func offer(_ next: [UInt8]?, _ producer: CheckedContinuation<Void, any Error>) {
        guard !isAborted else { return producer.resume(throwing: CancellationError()) }
        guard let next else {
            isEnded = true
            return producer.resume()
        }
        guard !next.isEmpty else { return producer.resume() }
        piece = next
        position = 0
        self.producer = producer
    }

    /// Ends the body in failure: libcurl aborts the transfer at its next read.
    mutating func abort() {
        isAborted = true
        producer?.resume(throwing: CancellationError())
        producer = nil
    }

    /// Fills libcurl's buffer from the present piece.
    mutating func read(into buffer: UnsafeMutableRawBufferPointer) -> Reading {
        isPaused = false
        if isAborted { return .abort }
        guard position < piece.count else {
            if isEnded { return .end }
            isPaused = true
            return .pause
        }
        let count = min(buffer.count, piece.count - position)
        buffer.copyBytes(from: piece[position..<(position + count)])
        position += count
        if position == piece.count {
            piece = []
            position = 0
            producer?.resume()
            producer = nil
        }
        return .bytes(count)
    }
}
