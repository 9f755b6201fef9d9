internal import HTTP

/// A body cut into parts of one size, of which one at a time is here.
final class PartSource {
    private let body: HTTPBodyReader
    private let size: Int
    /// What was read and belongs to the next part.
    private var ahead: [UInt8] = []
    private var part: [UInt8] = []

    /// Whether nothing follows the part that was loaded.
    private(set) var isLast = false
    /// The size of the part that was loaded, in bytes.
    private(set) var count = 0

    init(_ body: HTTPBodyReader, size: Int) {
        self.body = body
        self.size = size
    }

    /// Reads the next part.
    ///
    /// - Throws: What reading the body throws.
    func load() async throws {
        // All of its room at once: a buffer that grew would leave others of its size behind.
        part.reserveCapacity(size)
        while true {
            if ahead.isEmpty {
                guard let piece = try await body.next() else {
                    isLast = true
                    break
                }
                ahead = piece
            }
            let room = size - part.count
            guard room > 0 else { break }
            if ahead.count <= room {
                part += ahead
                ahead = []
            } else {
                part += ahead[..<room]
                ahead.removeFirst(room)
            }
        }
        count = part.count
    }

    /// Gives the part away, so that its memory is free as soon as the receiver is done with it.
    func take() -> [UInt8] {
        let bytes = part
        part = []
        return bytes
    }
}
