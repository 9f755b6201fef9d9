internal import Synchronization
internal import Waiting

/// Lets every delivery have its effect once in this process: a second one that comes meanwhile waits for the first, one
/// that comes afterwards gets the first one's result, and one that comes because the answer could not be sent finds that
/// answer.
///
/// It is no more than a saving: the process may be another one the next time, and resources have to bear repetition.
final class DeliveryLedger: Sendable {
    /// How many deliveries are remembered.
    static let capacity = 64

    private typealias Outcome = Result<[UInt8], any Error>

    private enum Turn {
        /// Nobody was at it: this delivery is carried out.
        case first
        /// It was carried out.
        case finished([UInt8])
        /// Another delivery is being carried out.
        case running(Waiter<Outcome>)
    }

    private struct State {
        /// The keys that are being carried out, with the deliveries that wait for it.
        var running: [String: [Waiter<Outcome>]] = [:]
        var finished: [String: [UInt8]] = [:]
        var unsent: [String: CustomResourceReply] = [:]
        var order: [String] = []

        /// Remembers that there is something about a key, and forgets the oldest.
        mutating func touch(_ key: String) {
            order.removeAll { $0 == key }
            order.append(key)
            guard order.count > DeliveryLedger.capacity else { return }
            let oldest = order.removeFirst()
            finished[oldest] = nil
            unsent[oldest] = nil
        }
    }

    private let state = Mutex(State())

    /// Carries out the work unless it was, and gives its result.
    ///
    /// - Throws: What the work throws, its first delivery's for one that waits; `CancellationError` when the task was
    ///   cancelled while it waited.
    func once(_ key: String, _ work: () async throws -> [UInt8]) async throws -> [UInt8] {
        switch turn(key) {
        case .finished(let result): return result
        case .running(let waiter):
            guard let outcome = await waiter.value() else { throw CancellationError() }
            return try outcome.get()
        case .first: break
        }
        do {
            let result = try await work()
            end(key, .success(result))
            return result
        } catch {
            end(key, .failure(error))
            throw error
        }
    }

    /// The answer of an earlier delivery that could not be sent.
    func unsentReply(_ key: String) -> CustomResourceReply? {
        state.withLock { $0.unsent[key] }
    }

    /// Keeps an answer until it is sent.
    func keep(_ reply: CustomResourceReply, for key: String) {
        state.withLock { state in
            state.unsent[key] = reply
            state.touch(key)
        }
    }

    private func turn(_ key: String) -> Turn {
        state.withLock { state in
            if let result = state.finished[key] { return .finished(result) }
            guard state.running[key] != nil else {
                state.running[key] = []
                return .first
            }
            let waiter = Waiter<Outcome>()
            state.running[key]?.append(waiter)
            return .running(waiter)
        }
    }

    private func end(_ key: String, _ result: Outcome) {
        let waiters = state.withLock { state in
            if case .success(let value) = result {
                state.unsent[key] = nil
                state.finished[key] = value
                state.touch(key)
            }
            return state.running.removeValue(forKey: key) ?? []
        }
        for waiter in waiters { waiter.give(result) }
    }
}
