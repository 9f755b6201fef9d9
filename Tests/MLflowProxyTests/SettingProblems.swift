import Configuration
import MLflowProxy

/// What is wrong with settings; nothing when they are read.
func settingProblems(_ values: [String: String]) -> [String] {
    do throws(ConfigurationError) {
        _ = try ProxyConfiguration(Environment(values))
        return []
    } catch {
        return error.problems
    }
}
