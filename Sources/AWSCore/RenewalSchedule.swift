internal import AWSSigning
internal import Timestamps

/// When cached credentials are renewed.
public struct RenewalSchedule: Sendable {
    /// How urgent a renewal is.
    enum Need {
        /// The credentials serve.
        case none
        /// They serve a while longer; one caller may see to new ones.
        case early
        /// They have ended or are about to.
        case must
    }

    /// How long before their end credentials are renewed, by one caller while the others use the old ones.
    public var early: Duration
    /// How long before their end everybody waits for new ones.
    public var mandatory: Duration
    /// The pause after a renewal that failed.
    public var pause: Duration
    /// The same, once renewing is mandatory.
    public var mandatoryPause: Duration

    /// Makes a schedule.
    ///
    /// - Parameter early: Five minutes, and up to one more by chance, so that functions started together do not all
    ///   renew together.
    public init(
        early: Duration = .seconds(300) + .seconds(Double.random(in: 0...60)), mandatory: Duration = .seconds(60),
        pause: Duration = .seconds(30), mandatoryPause: Duration = .seconds(5)
    ) {
        self.early = early
        self.mandatory = mandatory
        self.pause = pause
        self.mandatoryPause = mandatoryPause
    }

    func need(of credentials: Credentials?, now: Timestamp, lastAttempt: Timestamp?) -> Need {
        guard let credentials else { return .must }
        guard let expiration = credentials.expiration else { return .none }
        let left = expiration - now
        guard left > .zero else { return .must }
        guard left <= early else { return .none }
        let isMandatory = left <= mandatory
        if let lastAttempt, now - lastAttempt < (isMandatory ? mandatoryPause : pause) { return .none }
        return isMandatory ? .must : .early
    }
}
