internal import JSON

/// What a cleanup has come to: counted for the answer, and carried over from one invocation to the next.
struct CleanupState: Sendable, Hashable {
    /// The ids of what was deleted, in the order it went, by kind.
    var deleted: [ResourceName.Kind: [String]] = [:]
    /// The ids of what AWS has accepted to delete and what may still be there, by kind.
    var requested: [ResourceName.Kind: [String]] = [:]
    /// How many rules were revoked.
    var revokedRules = 0
    /// The file systems found to be the VPC's; without their mount targets nobody could tell.
    var knownFileSystems: Set<String> = []
    /// How long was waited for what, in milliseconds, so that a new invocation does not begin to wait anew.
    var waited: [String: Int64] = [:]

    /// Nothing done.
    init() {}

    /// The most that a checkpoint is believed to have waited, in milliseconds, and to have revoked: no work comes near it,
    /// and no sum of it overflows.
    private static let mostWaited: Int64 = 86_400_000
    private static let mostRevoked: Int64 = 1_000_000

    /// Reads a checkpoint. One of another form counts for nothing: the world itself says most of it.
    init(_ json: JSONValue?) {
        for (kind, name) in Self.kinds {
            deleted[kind] = json?["deleted"]?[name]?.array?.compactMap(\.string)
            requested[kind] = json?["requested"]?[name]?.array?.compactMap(\.string)
        }
        revokedRules = Int(clamping: min(max(json?["revokedRules"]?.integer ?? 0, 0), Self.mostRevoked))
        knownFileSystems = Set(json?["knownFileSystems"]?.array?.compactMap(\.string) ?? [])
        for member in json?["waited"]?.object ?? JSONObject() {
            waited[member.name] = member.value.integer.map { min(max($0, 0), Self.mostWaited) }
        }
    }

    /// The checkpoint.
    var json: JSONValue {
        func list(_ ids: some Sequence<String>) -> JSONValue { .array(ids.map(JSONValue.string)) }
        func table(_ ids: [ResourceName.Kind: [String]]) -> JSONValue {
            var table = JSONObject()
            for (kind, name) in Self.kinds { table[name] = ids[kind].map { list($0) } }
            return .object(table)
        }
        let waited = JSONObject(
            self.waited.sorted { $0.key < $1.key }.map { .init(name: $0.key, value: .integer($0.value)) })
        return [
            "deleted": table(deleted), "requested": table(requested), "revokedRules": .integer(revokedRules),
            "knownFileSystems": list(knownFileSystems.sorted()), "waited": .object(waited),
        ]
    }

    /// The kinds that are deleted, and the name each has in a checkpoint.
    private static let kinds: [(ResourceName.Kind, String)] = [
        (.mountTarget, "mountTargets"), (.fileSystem, "fileSystems"), (.endpoint, "endpoints"),
        (.interface, "interfaces"), (.securityGroup, "securityGroups"),
    ]

    /// `deleted 3 mount targets, 1 security group; revoked 4 rules`
    var summary: String {
        let counts = Self.kinds.compactMap { kind, _ -> String? in
            guard let count = deleted[kind]?.count, count > 0 else { return nil }
            return "\(count) \(kind.rawValue)\(count == 1 ? "" : "s")"
        }
        var text = counts.isEmpty ? "deleted nothing" : "deleted \(counts.joined(separator: ", "))"
        if revokedRules > 0 { text += "; revoked \(revokedRules) rule\(revokedRules == 1 ? "" : "s")" }
        return text
    }
}

extension Inventory {
    /// Whether something is there.
    func contains(_ name: ResourceName) -> Bool {
        switch name.kind {
        case .domain: domains.contains { $0.id == name.id }
        case .fileSystem: fileSystems.contains { $0.id == name.id }
        case .mountTarget: fileSystems.contains { $0.mountTargets.contains { $0.id == name.id } }
        case .securityGroup: groups.contains { $0.id == name.id }
        case .interface: interfaces.contains { $0.id == name.id }
        case .endpoint: endpoints.contains { $0.id == name.id && !$0.isDeleted }
        case .other: others.contains { $0.id == name.id }
        }
    }

    /// The inventory without what was deleted: lists may show it for a while.
    func without(_ deleted: [ResourceName.Kind: [String]]) -> Inventory {
        var rest = self
        let gone = deleted.mapValues(Set.init)
        func isGone(_ kind: ResourceName.Kind, _ id: String) -> Bool { gone[kind]?.contains(id) == true }
        rest.fileSystems.removeAll { isGone(.fileSystem, $0.id) }
        for index in rest.fileSystems.indices {
            rest.fileSystems[index].mountTargets.removeAll { isGone(.mountTarget, $0.id) }
        }
        rest.groups.removeAll { isGone(.securityGroup, $0.id) }
        rest.interfaces.removeAll { isGone(.interface, $0.id) }
        rest.endpoints.removeAll { isGone(.endpoint, $0.id) }
        return rest
    }
}
