/// What is to be done about a VPC, in which order, and why not more.
struct CleanupPlan: Sendable, Hashable {
    /// Something that stays, and does not keep the VPC from being deleted.
    struct Keep: Sendable, Hashable {
        /// What stays.
        var resource: ResourceName
        /// Why.
        var reason: String
    }

    /// Something that stays, and keeps the VPC from being deleted.
    struct Blocker: Sendable, Hashable {
        /// What help there is.
        enum Prospect: Sendable, Hashable {
            /// It is somebody else's, who may delete it when the cleanup is over.
            case foreign
            /// It is a leftover that others hold, who may let it go soon.
            case held
            /// It is a leftover that others hold, and waiting does not help.
            case stuck
        }

        /// What blocks.
        var resource: ResourceName
        /// Its kind for a person, where that says more: `internet gateway`.
        var kind: String
        /// Whose it is: an account or a service.
        var owner: String
        /// What it is, or who holds it.
        var reason: String
        /// What help there is.
        var prospect: Prospect
    }

    /// The VPC.
    var vpcID: String
    /// Why nothing may be done at all: the VPC is a default one, or another account's.
    var refusal: String?
    /// The domains in the VPC that have to go before anything is done.
    var domains: [Domain] = []
    /// What is to be done, in an order that keeps the dependencies.
    var actions: [CleanupAction] = []
    /// What stays, and is in nobody's way.
    var keeps: [Keep] = []
    /// What stays in the way.
    var blockers: [Blocker] = []
    /// The groups that some interface wears.
    var wornGroups: Set<String> = []
    /// The file systems that stay though they are the VPC's leftovers.
    var retainedFileSystemIDs: [String] = []

    /// The actions by wave: those of one can be carried out side by side, once the earlier ones are done.
    var waves: [[CleanupAction]] {
        var waves = [[CleanupAction]](repeating: [], count: actions.map(\.wave).max() ?? 0)
        for action in actions { waves[action.wave - 1].append(action) }
        return waves
    }

    /// The leftovers that others hold.
    var heldBlockers: [Blocker] { blockers.filter { $0.prospect != .foreign } }
}

extension CleanupPlan.Blocker: CustomStringConvertible {
    /// `interface eni-1 (instance i-1; owner 123456789012)`
    var description: String { "\(kind) \(resource.id) (\(reason); owner \(owner))" }
}

extension CleanupPlan: CustomStringConvertible {
    /// The plan for a person.
    var description: String { lines.joined(separator: "\n") }

    /// The plan for a person: one line a fact.
    var lines: [String] {
        var lines: [String] = []
        if let refusal { lines.append("refused: \(refusal)") }
        lines += domains.map { "first: domain \($0.id) (\($0.status)) has to be deleted" }
        for (index, wave) in waves.enumerated() {
            lines += wave.map { "wave \(index + 1): \($0) [\($0.evidence)]" }
        }
        lines += blockers.map { "blocked by: \($0)" }
        lines += keeps.map { "keep: \($0.resource) (\($0.reason))" }
        if actions.isEmpty, refusal == nil { lines.insert("\(vpcID): nothing to do", at: 0) }
        return lines
    }
}
