internal import CloudFormation
public import Configuration

/// How long is waited between two looks at the same thing, and how often in all. Everything is a multiple of one base.
public struct PollSchedule: Sendable, Hashable {
    /// The first interval.
    public let base: Duration

    /// Makes a schedule of intervals that grow from the base by a half each time, up to three times the base.
    ///
    /// - Parameter base: The first interval; EC2 wants to be asked every five seconds at most.
    public init(base: Duration = .seconds(5)) {
        self.base = base
    }

    /// The schedule that `POLL_INTERVAL_SECONDS` gives a base to.
    ///
    /// - Throws: ``ConfigurationError`` when it is no decimal from 0.001 to 300.
    public init(_ environment: Environment) throws(ConfigurationError) {
        self.init(base: try PollInterval.base(environment, default: .seconds(5)))
    }

    /// The interval after a number of looks that found nothing new, from 0.
    func interval(after looks: Int) -> Duration {
        switch looks {
        case ...0: base
        case 1: base * 3 / 2
        case 2: base * 9 / 4
        default: base * 3
        }
    }

    /// How long AWS is given to delete what it has accepted to, or somebody to let go of a leftover: 5 minutes for most,
    /// with the default base.
    ///
    /// Ten seconds at least: a short base makes looks frequent, not AWS fast.
    func patience(_ kind: Patience) -> Duration { max(.seconds(10), base * kind.rawValue) }

    /// What is waited for, by the number of base intervals.
    enum Patience: Int, Sendable {
        /// Something holds a group: a lagging interface, or one that its owner deletes at the same time. 5 minutes.
        case holder = 60
        /// Mount targets, file systems, Studio's interfaces: minutes at most. 10 minutes.
        case deletion = 120
        /// Endpoints. 15 minutes.
        case endpoint = 180
        /// A domain that is being deleted. 30 minutes.
        case domain = 360
        /// Interfaces that Lambda frees long after the function is gone: as long as CloudFormation waits. 60 minutes.
        case function = 720
    }
}
