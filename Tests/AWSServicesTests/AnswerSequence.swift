import HTTP
import Synchronization

/// Answers in order; the last one stays.
final class AnswerSequence: Sendable {
    private let responses: [HTTPResponse]
    private let count = Mutex(0)

    init(_ responses: [HTTPResponse]) {
        self.responses = responses
    }

    func next() -> HTTPResponse {
        let index = count.withLock { count in
            count += 1
            return count - 1
        }
        return responses[min(index, responses.count - 1)]
    }
}
