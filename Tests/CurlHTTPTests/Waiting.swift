import Glibc
import Synchronization
import Testing

/// Bytes whose place in a body shows: they repeat, but only after a prime number of them.
enum Pattern {
    private static let period = 65_521
    private static let block: [UInt8] = {
        var state: UInt32 = 1
        return (0..<period).map { _ in
            state = state &* 1_664_525 &+ 1_013_904_223
            return UInt8(state >> 24)
        }
    }()

    static func bytes(_ range: Range<Int>) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(range.count)
        while bytes.count < range.count {
            let start = (range.lowerBound + bytes.count) % period
            bytes += block[start..<min(period, start + range.count - bytes.count)]
        }
        return bytes
    }

    static func matches(_ bytes: [UInt8], at position: Int) -> Bool {
        bytes == Self.bytes(position..<position + bytes.count)
    }
}

/// Holds a server's thread back until the test lets it go on.
final class Gate: Sendable {
    private let limit = Mutex(-1)

    func wait(for number: Int) {
        while limit.withLock({ $0 }) < number { usleep(500) }
    }

    func open(upTo number: Int) {
        limit.withLock { $0 = number }
    }
}

/// Waits for what another thread brings about.
func eventually(_ condition: () -> Bool, sourceLocation: SourceLocation = #_sourceLocation) async throws {
    let deadline = ContinuousClock.now.advanced(by: .seconds(90))
    while !condition() {
        try #require(ContinuousClock.now < deadline, "it never came", sourceLocation: sourceLocation)
        try await Task.sleep(for: .milliseconds(1))
    }
}
