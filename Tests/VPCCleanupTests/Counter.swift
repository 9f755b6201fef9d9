import Synchronization

/// Counts down.
final class Counter: Sendable {
    private let left: Atomic<Int>
    init(_ count: Int) { left = Atomic(count) }
    func spend() { left.subtract(1, ordering: .relaxed) }
    var isSpent: Bool { left.load(ordering: .relaxed) <= 0 }
}

/// When things happened first.
final class Times: Sendable {
    private let times = Mutex<[String: Duration]>([:])
    func note(_ name: String, _ time: Duration) { times.withLock { $0[name] = $0[name] ?? time } }
    subscript(name: String) -> Duration { times.withLock { $0[name] ?? .zero } }
}
