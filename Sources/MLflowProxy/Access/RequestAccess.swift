/// What a request does to MLflow's data, from the least to the most.
enum RequestAccess: UInt8, Sendable, Comparable {
    /// Nothing is changed.
    case read
    /// Something is added, changed, or done at the service's expense.
    case write
    /// Something is removed.
    case delete

    static func < (left: RequestAccess, right: RequestAccess) -> Bool { left.rawValue < right.rawValue }

    /// The words in a name which say that something is removed. The generator of ``MLflowRoutes`` knows the same.
    static func soundsDeleting(_ name: String) -> Bool {
        let name = name.lowercased()
        return words.contains { name.contains($0) }
    }

    private static let words = [
        "delete", "remove", "detach", "purge", "destroy", "clear", "erase", "drop", "unlink", "revoke",
    ]
}
