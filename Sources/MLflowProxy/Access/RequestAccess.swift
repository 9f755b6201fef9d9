internal import HTTP

/// What a request does to MLflow's data, from the least to the most.
enum RequestAccess: UInt8, Sendable, Comparable {
    /// Nothing is changed.
    case read
    /// Something is added, changed, or done at the service's expense.
    case write
    /// Something is removed.
    case delete

    static func < (left: RequestAccess, right: RequestAccess) -> Bool { left.rawValue < right.rawValue }

    /// Whether a name holds a word, in small or capital letters, which says that something is removed, or may be: what
    /// GraphQL at an unknown route does is known to nobody. The generator of ``MLflowRoutes`` has the same words.
    static func soundsDeleting(_ name: some Collection<UInt8>) -> Bool {
        let name = name.map { HTTPToken.lowercased($0) }
        return name.indices.contains { start in
            words.contains { $0[0] == name[start] && name[start...].starts(with: $0) }
        }
    }

    private static let words: [[UInt8]] = [
        "delete", "remove", "detach", "purge", "destroy", "clear", "erase", "drop", "unlink", "revoke",
        "graphql",
    ].map { Array($0.utf8) }
}
