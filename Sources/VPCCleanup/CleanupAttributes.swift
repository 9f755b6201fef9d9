internal import CloudFormation

/// What `Fn::GetAtt` gives, always under the same names.
struct CleanupAttributes: Sendable {
    /// The bytes a list of ids may take, so that all lists fit into an answer.
    static let longestList = 240

    /// What was done.
    var state: CleanupState
    /// What is left, or with `DryRun` would be done; nil when nothing was looked at.
    var plan: CleanupPlan?
    /// Lines before the plan.
    var preface: [String] = []

    init(state: CleanupState) {
        self.state = state
    }

    /// The plan, line by line.
    var lines: [String] { preface + (plan?.lines ?? []) }

    /// All attributes.
    var all: [ResourceOutcome.Attribute] {
        let kinds: [(String, ResourceName.Kind)] = [
            ("MountTarget", .mountTarget), ("FileSystem", .fileSystem), ("Endpoint", .endpoint),
            ("NetworkInterface", .interface), ("SecurityGroup", .securityGroup),
        ]
        var attributes: [ResourceOutcome.Attribute] = []
        for (name, kind) in kinds {
            let ids = (state.deleted[kind] ?? []).sorted()
            attributes.append(.init("Deleted\(name)s", String(ids.count)))
            attributes.append(.init("Deleted\(name)Ids", Self.list(ids)))
        }
        attributes.append(.init("RevokedRules", String(state.revokedRules)))
        attributes.append(.init("RetainedFileSystemIds", Self.list(plan?.retainedFileSystemIDs ?? [])))
        attributes.append(.init("PlannedActions", String(plan?.actions.count ?? 0)))
        let remaining = plan?.blockers.map(\.description).joined(separator: "; ") ?? ""
        attributes.append(.init("Remaining", remaining, mayShorten: true))
        attributes.append(.init("Plan", lines.joined(separator: "\n"), mayShorten: true))
        return attributes
    }

    /// Ids with commas between them: as many as fit, and how many more there are.
    static func list(_ ids: [String]) -> String {
        var text = ""
        for (index, id) in ids.enumerated() {
            let rest = ids.count - index
            let tail = rest > 1 ? ",+\(rest - 1) more".utf8.count : 0
            guard text.utf8.count + 1 + id.utf8.count + tail <= longestList else {
                return text.isEmpty ? "+\(rest) more" : "\(text),+\(rest) more"
            }
            text += text.isEmpty ? id : ",\(id)"
        }
        return text
    }
}
