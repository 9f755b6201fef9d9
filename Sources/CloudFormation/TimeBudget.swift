internal import HTTP
internal import JSON
internal import Timestamps

/// The times by which a request's work has to end.
struct TimeBudget: Sendable, Hashable {
    /// The longest CloudFormation waits for an answer.
    static let longestWait = Duration.seconds(3_600)
    /// What is kept of CloudFormation's patience to send the answer, of an hour. Shorter times keep a tenth.
    static let finalReserve = Duration.seconds(60)
    /// An invocation with less work time than this is not worth a hand-over.
    static let shortestHop = Duration.seconds(20)

    /// When CloudFormation began to wait, as well as it is known.
    let startedAt: Timestamp
    /// When CloudFormation's patience ends, less a reserve.
    let finalDeadline: Timestamp
    /// When this invocation's work ends.
    let workDeadline: Timestamp

    /// - Parameters:
    ///   - startedAt: What a hand-over says; else it is taken from the response URL, or is now.
    ///   - invocationEnd: When Lambda ends the invocation.
    ///   - margin: What is kept of the invocation to hand over and to answer; half of a shorter one.
    init(
        _ request: CustomResourceRequest, startedAt: Timestamp?, invocationEnd: Timestamp?, now: Timestamp,
        margin: Duration
    ) {
        let startedAt = startedAt ?? Self.signingTime(request.address.responseURL, now: now) ?? now
        let wait = Self.serviceTimeout(request) ?? Self.longestWait
        self.startedAt = startedAt
        finalDeadline = startedAt + (wait - min(Self.finalReserve, wait / 10))
        let end = invocationEnd ?? max(now, finalDeadline) + margin
        let kept = min(margin, max(.zero, end - now) / 2)
        workDeadline = min(end - kept, finalDeadline)
    }

    /// Whether another invocation would have time to do something.
    func hasTimeForAnother(at now: Timestamp) -> Bool {
        finalDeadline - now >= Self.shortestHop
    }

    /// `ServiceTimeout`, which lowers the hour.
    private static func serviceTimeout(_ request: CustomResourceRequest) -> Duration? {
        guard let value = request.properties["ServiceTimeout"],
            let seconds = value.string.flatMap({ Int64($0) }) ?? value.integer, (1...3_600).contains(seconds)
        else { return nil }
        return .seconds(seconds)
    }

    /// When CloudFormation signed the URL, which it does as it begins to wait. Lambda may deliver the event up to six
    /// hours later; a time that is older, or to come, belongs to a sample or a clock that is wrong, and is disregarded.
    private static func signingTime(_ url: String, now: Timestamp) -> Timestamp? {
        let name = "X-Amz-Date="
        guard let query = URLParts(url)?.query,
            let pair = query.split(separator: "&").first(where: { $0.hasPrefix(name) }),
            let time = Timestamp(iso8601: String(pair.dropFirst(name.utf8.count)))
        else { return nil }
        return time <= now && now - time <= .seconds(6 * 3_600) ? time : nil
    }
}
