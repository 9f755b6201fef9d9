public import HTTP
internal import Synchronization
public import Timestamps

/// How far this machine's clock is from a service's, as the service's own `Date` shows it. A signature is good for some
/// minutes only, so a wrong clock would make every call fail.
public final class ClockSkew: Sendable {
    /// What is taken for a wrong clock; less is the answer's way here.
    private static let tolerance = Duration.seconds(240)
    private let offset = Mutex(Duration.zero)

    /// No difference, until a service shows one.
    public init() {}

    /// The service's time, as well as it is known.
    public func corrected(_ time: Timestamp) -> Timestamp {
        time + offset.withLock { $0 }
    }

    /// Learns from a refusal.
    ///
    /// - Parameters:
    ///   - error: What the service said.
    ///   - response: Its answer, with its time.
    ///   - now: This machine's time.
    /// - Returns: Whether the time of signing may have been the reason and is another now, so that the call may be signed
    ///   and sent again.
    public func learn(from error: ServiceError, _ response: HTTPResponse, now: Timestamp) -> Bool {
        guard Self.codes.contains(error.code), let date = response.headers["date"],
            let theirs = Timestamp(httpDate: date)
        else { return false }
        let offset = theirs - now
        return self.offset.withLock { known in
            let difference = offset - known
            guard difference > Self.tolerance || difference < .zero - Self.tolerance else { return false }
            known = offset
            return true
        }
    }

    private static let codes: Set<String> = [
        "RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture", "InvalidSignatureException",
        "SignatureDoesNotMatch", "AuthFailure",
    ]
}
