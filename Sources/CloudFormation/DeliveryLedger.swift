internal import Synchronization

/// Lets every delivery have its effect once in this process: a second one that comes meanwhile waits for the first, one
/// that comes afterwards gets the first one's result, and one that comes because the answer could not be sent finds that
/// answer.
///
/// It is no more than a saving: the process may be another one the next time, and resources have to bear repetition.
final class DeliveryLedger: Sendable {
    /// How many deliveries are remembered.
    static let capacity = 64

    private struct Waiter {
        var id: Int
        var continuation: CheckedContinuation<Turn, Never>
    }

    private enum Turn {
        case first
        case finished(Result<[UInt8], any Error>)
        case cancelled
    }

    private struct State {
        var running: [String: [Waiter]] = [:]
        var finished: [String: [UInt8]] = [:]
        var unsent: [String: CustomResourceReply] = [:]
        var order: [String] = []
        var nextID = 0

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
    func once(_ key: String, _ work: () async throws -> [UInt8]) async throws -> [UInt8] {
        switch await turn(key) {
        case .finished(let result): return try result.get()
        case .cancelled: throw CancellationError()
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

    private func turn(_ key: String) async -> Turn {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let immediate = state.withLock { state -> Turn? in
                    // A cancellation from here on finds the waiter; one from before shows in the flag.
                    guard !Task.isCancelled else { return .cancelled }
                    if let result = state.finished[key] { return .finished(.success(result)) }
                    guard state.running[key] != nil else {
                        state.running[key] = []
                        return .first
                    }
                    state.running[key]?.append(Waiter(id: id, continuation: continuation))
                    return nil
                }
                if let immediate { continuation.resume(returning: immediate) }
            }
        } onCancel: {
            let waiter = state.withLock { state -> Waiter? in
                guard let index = state.running[key]?.firstIndex(where: { $0.id == id }) else { return nil }
                return state.running[key]?.remove(at: index)
            }
            waiter?.continuation.resume(returning: .cancelled)
        }
    }

    private func end(_ key: String, _ result: Result<[UInt8], any Error>) {
        let waiters = state.withLock { state in
            if case .success(let value) = result {
                state.unsent[key] = nil
                state.finished[key] = value
                state.touch(key)
            }
            return state.running.removeValue(forKey: key) ?? []
        }
        for waiter in waiters { waiter.continuation.resume(returning: .finished(result)) }
    }
}
