import HTTP
import Synchronization

/// A moment at which the function's processes are killed, as the kernel does when memory runs out.
public struct KillPoint: Sendable, Equatable {
    /// What the function is at.
    public enum Moment: String, Sendable, CaseIterable {
        /// Its answer is on the wire: it is stored, but the function never learns that.
        case answer
        /// It hands its work over: the call is taken, but the function never learns that.
        case handOver = "hand-over"
    }

    /// What the function is at.
    public var moment: Moment
    /// How often it is killed at this moment.
    public var count: Int

    /// Makes a point.
    public init(_ moment: Moment, count: Int = 1) {
        self.moment = moment
        self.count = count
    }

    /// Reads `answer` or `hand-over`, and how often after a colon: `answer:3`. Nil for anything else.
    public init?(parsing text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard let moment = Moment(rawValue: String(parts[0])), parts.count <= 2,
            let count = parts.count == 2 ? Int(parts[1]) : 1, count > 0
        else { return nil }
        self.init(moment, count: count)
    }
}

/// Kills whoever sends the first requests, when they are there whole, and then carries them out all the same.
final class KillingHandler: ServerHandler {
    private let handler: any ServerHandler
    private let left: Mutex<Int>
    private let kill: @Sendable () async -> Void

    init(_ handler: any ServerHandler, count: Int, kill: @escaping @Sendable () async -> Void) {
        self.handler = handler
        left = Mutex(count)
        self.kill = kill
    }

    var maximumBodyBytes: Int { handler.maximumBodyBytes }

    func refusal(of head: ServerRequestHead) -> ServerResponse? { handler.refusal(of: head) }

    func responseToMalformedRequest() -> ServerResponse { handler.responseToMalformedRequest() }

    func respond(to request: ServerRequest) async -> ServerResponse {
        let isDue = left.withLock { left in
            defer { left = max(0, left - 1) }
            return left > 0
        }
        // First the kill: what the request brings about may start another process, which is to live.
        if isDue { await kill() }
        return await handler.respond(to: request)
    }
}
