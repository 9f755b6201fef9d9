extension PlanDraft {
    /// Decides about groups: SageMaker's, and GuardDuty's when the user says so, go once nothing wears or names them.
    mutating func addGroups() {
        let groups = inventory.groups.sorted { $0.id < $1.id }
        var leftovers: [(group: SecurityGroup, evidence: String)] = []
        for group in groups {
            guard let evidence = identify(group) else { continue }
            if let holder = holder(of: group, among: groups) {
                block(.securityGroup, group.id, owner: holder.owner, holder.reason, holder.prospect)
            } else {
                leftovers.append((group, evidence))
            }
        }
        let revocations = addRevocations(of: Set(leftovers.map(\.group.id)), in: groups)
        for (group, evidence) in leftovers {
            act(
                .deleteGroup(group.id), evidence,
                after: wearers(of: group).union(revocations[group.id] ?? []).union(
                    self.evidence.domain(of: group).flatMap { domainActions[$0] } ?? []))
        }
    }

    /// Why a group is a leftover, or nil when it is none, which is then reported.
    private mutating func identify(_ group: SecurityGroup) -> String? {
        guard group.vpcID == options.vpcID else {
            // The list of a VPC's groups has groups of other VPCs in it that are associated with it.
            block(.securityGroup, group.id, owner: group.ownerID, "made in \(group.vpcID), associated with this VPC")
            return nil
        }
        guard !group.isDefault else {
            keep(.securityGroup, group.id, "is the default group")
            return nil
        }
        guard group.ownerID == inventory.accountID else {
            block(.securityGroup, group.id, owner: group.ownerID, "of another account")
            return nil
        }
        if let domain = evidence.domain(of: group) {
            guard !domainsElsewhere.contains(domain) else {
                block(.securityGroup, group.id, owner: group.ownerID, "domain \(domain) is in another VPC")
                return nil
            }
            let form = evidence.domain(ofTags: group.tags) == nil ? "name and description name" : "its tag names"
            return "\(form) domain \(domain), in \(group.vpcID)"
        }
        if evidence.isGuardDuty(group) {
            guard options.deletesGuardDuty else {
                block(.securityGroup, group.id, owner: "GuardDuty", "GuardDutyEndpoints is Keep")
                return nil
            }
            return "its name and its tag \(Evidence.guardDutyTag) are GuardDuty's, in \(group.vpcID)"
        }
        block(.securityGroup, group.id, owner: group.ownerID, "\"\(group.name)\" is not a leftover of SageMaker")
        return nil
    }

    private struct Holder {
        var owner: String
        var reason: String
        var prospect: CleanupPlan.Blocker.Prospect
    }

    /// What keeps a leftover from being deleted and is not ours to remove.
    private func holder(of group: SecurityGroup, among groups: [SecurityGroup]) -> Holder? {
        if !group.associatedVPCs.isEmpty {
            let vpcs = group.associatedVPCs.sorted().joined(separator: ", ")
            return Holder(
                owner: group.ownerID, reason: "it is associated with \(vpcs); disassociate it first", prospect: .stuck)
        }
        for other in groups where other.id != group.id && !mayEdit(other) {
            guard let rule = other.rules.first(where: { $0.referencedGroupID == group.id }) else { continue }
            let remedy = other.isDefault ? ", which EmptyDefaultSecurityGroup may empty" : ""
            return Holder(
                owner: other.ownerID, reason: "rule \(rule.id) of \(other.name) group \(other.id)\(remedy) names it",
                prospect: .stuck)
        }
        if let interface = blockingInterfaces.first(where: { $0.groupIDs.contains(group.id) }) {
            return Holder(
                owner: interface.owner, reason: "\(interface.id) (\(interface.use.holder)) wears it", prospect: .held)
        }
        let wearing = inventory.endpoints.first {
            $0.groupIDs.contains(group.id) && !$0.isDeleted && endpointActions[$0.id] == nil
        }
        if let wearing {
            return Holder(owner: wearing.ownerID, reason: "endpoint \(wearing.id) wears it", prospect: .held)
        }
        return nil
    }

    /// Whether rules may be taken out of a group.
    private func mayEdit(_ group: SecurityGroup) -> Bool {
        group.vpcID == options.vpcID && group.ownerID == inventory.accountID
            && (!group.isDefault || options.editsDefaultGroup)
    }

    /// Takes out every rule that names a leftover: it would keep it from being deleted. A rule that names its own group
    /// goes with it.
    ///
    /// - Returns: The actions that free each leftover.
    private mutating func addRevocations(
        of leftovers: Set<String>, in groups: [SecurityGroup]
    ) -> [String: Set<Int>] {
        var actions: [String: Set<Int>] = [:]
        for group in groups {
            for direction in SecurityGroupRule.Direction.allCases {
                let rules = group.rules.filter { rule in
                    guard let named = rule.referencedGroupID, rule.direction == direction else { return false }
                    return named != group.id && leftovers.contains(named)
                }
                guard !rules.isEmpty else { continue }
                let named = Set(rules.compactMap(\.referencedGroupID))
                let action = act(
                    .revokeRules(rules.map(\.id).sorted(), group: group.id, direction),
                    "they name \(named.sorted().joined(separator: ", ")), which is to be deleted")
                for id in named { actions[id, default: []].insert(action) }
            }
        }
        return actions
    }

    /// The actions after which nothing wears a group.
    private func wearers(of group: SecurityGroup) -> Set<Int> {
        let interfaces = inventory.interfaces.filter { $0.groupIDs.contains(group.id) }
        let endpoints = inventory.endpoints.filter { $0.groupIDs.contains(group.id) }
        return Set(interfaces.compactMap { interfaceActions[$0.id] } + endpoints.compactMap { endpointActions[$0.id] })
    }
}
