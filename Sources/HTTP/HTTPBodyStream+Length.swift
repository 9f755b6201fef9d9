internal import Synchronization

extension HTTPBodyStream {
    /// The same body, which fails as soon as it turns out to be longer or shorter than announced. A transport sends this
    /// one.
    ///
    /// The last piece is held back until the stream has said that it was the last, so that no receiver takes a body of
    /// the wrong length for a whole one.
    public func checked() -> HTTPBodyStream {
        guard let contentLength else { return self }
        let check = LengthCheck(contentLength, next)
        var checked = self
        checked.next = { try await check.next() }
        return checked
    }
}

/// The pieces of a body of a known length.
private final class LengthCheck: Sendable {
    private struct State {
        var remaining: Int
        var isAtEnd = false
    }

    private let length: Int
    private let source: @Sendable () async throws -> [UInt8]?
    private let state: Mutex<State>

    init(_ length: Int, _ source: @escaping @Sendable () async throws -> [UInt8]?) {
        self.length = length
        self.source = source
        state = Mutex(State(remaining: length))
    }

    func next() async throws -> [UInt8]? {
        if state.withLock({ $0.isAtEnd }) { return nil }
        let piece = try await nextWithBytes()
        let remaining = state.withLock { state in
            state.remaining -= piece?.count ?? 0
            return state.remaining
        }
        if remaining < 0 { throw HTTPBodyLengthError(announced: length, difference: -remaining, isLonger: true) }
        if remaining > 0 {
            guard let piece else {
                throw HTTPBodyLengthError(announced: length, difference: remaining, isLonger: false)
            }
            return piece
        }
        if piece != nil, let excess = try await nextWithBytes() {
            throw HTTPBodyLengthError(announced: length, difference: excess.count, isLonger: true)
        }
        state.withLock { $0.isAtEnd = true }
        return piece
    }

    /// An empty piece says nothing about the end.
    private func nextWithBytes() async throws -> [UInt8]? {
        while let piece = try await source() {
            if !piece.isEmpty { return piece }
        }
        return nil
    }
}

/// Why a body cannot be sent under the length that was announced for it.
public struct HTTPBodyLengthError: Error, Sendable, CustomStringConvertible {
    /// The announced length in bytes.
    public var announced: Int
    /// By how many bytes, at least, the body differs.
    public var difference: Int
    /// Whether there are more bytes than announced, not fewer.
    public var isLonger: Bool

    /// One sentence.
    public var description: String {
        isLonger
            ? "it is at least \(difference) bytes longer than the announced \(announced)"
            : "it ended \(difference) bytes before the announced \(announced)"
    }
}
