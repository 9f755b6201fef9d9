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
    ///
    /// - Returns: whether libcurl must be told to go on, outside of any access to this value, since it may call back at
    ///   once.
    mutating func offer(_ next: [UInt8]?, _ producer: CheckedContinuation<Void, any Error>) -> Bool {
        if isAborted {
            producer.resume(throwing: CancellationError())
            return false
        }
        if let next {
            if next.isEmpty {
                producer.resume()
                return false
            }
            piece = next
            position = 0
            self.producer = producer
        } else {
            isEnded = true
            producer.resume()
        }
        defer { isPaused = false }
        return isPaused
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
