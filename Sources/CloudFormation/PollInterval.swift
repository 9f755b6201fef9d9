public import Configuration

/// How often a resource that changes by itself is looked at.
public enum PollInterval {
    private static let name = "POLL_INTERVAL_SECONDS"

    /// What `POLL_INTERVAL_SECONDS` says, in place of a resource's own interval: for local runs and tests.
    ///
    /// - Throws: `ConfigurationError` when it is no decimal from 0.001 to 300.
    public static func base(_ environment: Environment, default base: Duration) throws(ConfigurationError) -> Duration {
        guard let text = environment[name] else { return base }
        guard let seconds = Double(text), (0.001...300).contains(seconds) else {
            throw ConfigurationError([
                "\(name) is \(String(text.prefix(40)).debugDescription); it has to be a decimal from 0.001 to 300."
            ])
        }
        return .milliseconds(Int64(seconds * 1_000))
    }
}
