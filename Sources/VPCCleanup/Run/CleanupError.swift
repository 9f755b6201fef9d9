/// Why a VPC is not clean.
struct CleanupError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What went wrong, with ids, and what to do.
    let description: String

    private init(_ description: String) {
        self.description = description
    }

    /// Nothing may be done in the VPC.
    static func refused(_ reason: String) -> CleanupError {
        CleanupError("Nothing was touched: \(reason).")
    }

    /// There is no such VPC.
    static func missing(_ vpcID: String) -> CleanupError {
        CleanupError("There is no \(vpcID) in this account and region; give VpcId the id of the stack's VPC.")
    }

    /// A domain still lives in the VPC.
    static func domain(_ domain: Domain) -> CleanupError {
        CleanupError(
            "Nothing was touched: SageMaker domain \(domain.id) in \(domain.vpcID) is \(domain.status). Delete the domain "
                + "first; in a template, let it depend on this resource.")
    }

    /// A domain takes too long to go.
    static func slowDomain(_ domain: Domain) -> CleanupError {
        CleanupError(
            "Nothing was touched: SageMaker domain \(domain.id) in \(domain.vpcID) is still \(domain.status). Delete "
                + "again once it is gone.")
    }

    /// Leftovers are still there.
    static func incomplete(_ vpcID: String, _ remaining: [String]) -> CleanupError {
        let shown = remaining.prefix(20)
        let more = remaining.count > shown.count ? "; and \(remaining.count - shown.count) more, see the log" : ""
        return CleanupError(
            "\(vpcID) still has leftovers that could not be deleted: \(shown.joined(separator: "; "))\(more). Delete "
                + "again once they are free.")
    }
}
