/// Decides what is to be done about a VPC: a pure function of what there is and what the user wants.
///
/// Every resource of the inventory comes out as acted on, kept or blocking, exactly one of them. What is acted on lies in
/// the VPC, belongs to the account and is known by evidence; everything else is only reported.
enum CleanupPlanner {
    /// The plan that removes a VPC's leftovers.
    static func plan(_ inventory: Inventory, _ options: CleanupOptions) -> CleanupPlan {
        var draft = PlanDraft(inventory, options)
        if let refusal = refusal(inventory, options) {
            draft.plan.refusal = refusal
            draft.keepEverything("nothing is done here")
            return draft.plan
        }
        draft.plan.domains = inventory.domains.filter { $0.vpcID == options.vpcID }.sorted { $0.id < $1.id }
        draft.addFileSystems()
        draft.addEndpoints()
        draft.addInterfaces()
        draft.addGroups()
        draft.addOthers()
        return draft.plan
    }

    /// The plan that takes all rules out of the VPC's default group (CIS AWS Foundations Benchmark 5.4).
    static func planDefaultGroup(_ inventory: Inventory, _ options: CleanupOptions) -> CleanupPlan {
        var draft = PlanDraft(inventory, options)
        if let refusal = refusal(inventory, options) {
            draft.plan.refusal = refusal
            return draft.plan
        }
        let isOurs = { (group: SecurityGroup) in
            group.isDefault && group.vpcID == options.vpcID && group.ownerID == inventory.accountID
        }
        for group in inventory.groups.filter(isOurs) {
            for direction in SecurityGroupRule.Direction.allCases {
                let ids = group.rules.filter { $0.direction == direction }.map(\.id).sorted()
                guard !ids.isEmpty else { continue }
                draft.act(
                    .revokeRules(ids, group: group.id, direction),
                    "the default group of \(options.vpcID), which EmptyDefaultSecurityGroup asks to empty")
            }
        }
        return draft.plan
    }

    /// Why nothing may be done in the VPC at all.
    private static func refusal(_ inventory: Inventory, _ options: CleanupOptions) -> String? {
        let vpc = inventory.vpc
        if vpc.id != options.vpcID { return "the inventory is of \(vpc.id), not of \(options.vpcID)" }
        if vpc.isDefault {
            return "\(vpc.id) is the default VPC of its region, which is never cleaned up; give the VPC of the stack"
        }
        if vpc.ownerID != inventory.accountID {
            return "\(vpc.id) belongs to account \(vpc.ownerID) and is shared with this one (\(inventory.accountID)); "
                + "clean it up from its own account"
        }
        return nil
    }
}
