internal import AWSCore
internal import HTTP
internal import Timestamps

/// When a request goes to the service again: only where it can do no harm, and only within the time there is.
struct UpstreamRetry: Sendable {
    /// How often, and after what waits where the service does not say.
    var policy = RetryPolicy(attempts: 3, base: .milliseconds(200), longest: .seconds(20))

    /// How long to wait after a transfer that failed; nil to give up.
    ///
    /// - Parameter attempt: The tries so far.
    func wait(after error: TransportError, to request: HTTPRequest, attempt: Int) -> Duration? {
        switch error.kind {
        case .nameLookup, .connect: break
        // The service may have done what it was asked, and said so in vain.
        case .connectionLost where request.method.isIdempotent: break
        default: return nil
        }
        return policy.wait(after: error, attempt: attempt)
    }

    /// How long the service wants to be left alone; nil when it does not say, or the request may not be repeated, or that
    /// is longer than a client waits better than a function.
    func wait(after answer: HTTPResponse, to request: HTTPRequest, attempt: Int, now: Timestamp) -> Duration? {
        guard attempt < policy.attempts, let text = answer.headers["retry-after"] else { return nil }
        switch answer.status {
        case 429: break
        // Something in between may say so after the service has begun.
        case 503 where request.method.isIdempotent: break
        default: return nil
        }
        guard let wait = Self.retryAfter(text, now: now), wait <= policy.longest else { return nil }
        return wait
    }

    /// Seconds, or a date (RFC 9110, section 10.2.3).
    private static func retryAfter(_ text: String, now: Timestamp) -> Duration? {
        if let date = Timestamp(httpDate: text) { return max(.zero, date - now) }
        guard !text.isEmpty, text.utf8.count <= 9, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let seconds = Int64(text)
        else { return nil }
        return .seconds(seconds)
    }
}
