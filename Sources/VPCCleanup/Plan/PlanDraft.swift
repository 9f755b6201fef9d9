/// A plan in the making.
struct PlanDraft {
    let inventory: Inventory
    let options: CleanupOptions
    let evidence: Evidence
    /// The domains that live in other VPCs: what their tags are on is in use.
    let domainsElsewhere: Set<String>
    /// The domains whose groups are in the VPC, by whatever evidence, so that mount targets may be theirs.
    let domainsWithGroups: Set<String>
    /// The domains whose tagged groups are in the VPC, so that they are its domains. A name is not enough here: users'
    /// data hangs on it.
    let domainsWithTaggedGroups: Set<String>

    var plan: CleanupPlan
    /// The actions by which mount targets go, by the target's id.
    var mountTargetActions: [String: Int] = [:]
    /// The file systems that are leftovers of this VPC.
    var ownFileSystems: Set<String> = []
    /// The mount targets that interfaces are of, by the interface's id.
    let targetsOfInterfaces: [String: String]
    /// The actions on a domain's file systems, after which its groups go.
    var domainActions: [String: Set<Int>] = [:]
    /// The actions by which endpoints go, by the endpoint's id.
    var endpointActions: [String: Int] = [:]
    /// The actions by which interfaces go, by the interface's id.
    var interfaceActions: [String: Int] = [:]
    /// The interfaces that stay.
    var blockingInterfaces: [NetworkInterface] = []

    init(_ inventory: Inventory, _ options: CleanupOptions) {
        self.inventory = inventory
        self.options = options
        let evidence = Evidence(accountID: inventory.accountID)
        self.evidence = evidence
        domainsElsewhere = Set(inventory.domains.filter { $0.vpcID != options.vpcID }.map(\.id))
        let groups = inventory.groups.filter { $0.vpcID == options.vpcID && $0.ownerID == inventory.accountID }
        domainsWithGroups = Set(groups.compactMap(evidence.domain(of:)))
        domainsWithTaggedGroups = Set(groups.compactMap { evidence.domain(ofTags: $0.tags) })
        targetsOfInterfaces = inventory.fileSystems.flatMap(\.mountTargets).reduce(into: [:]) { targets, target in
            if let interface = target.interfaceID { targets[interface] = target.id }
        }
        plan = CleanupPlan(vpcID: options.vpcID)
        plan.wornGroups = Set(inventory.interfaces.flatMap(\.groupIDs))
    }

    /// Adds an action after those it depends on.
    ///
    /// - Returns: Its place.
    @discardableResult
    mutating func act(
        _ operation: CleanupAction.Operation, _ evidence: String, after dependencies: Set<Int> = []
    ) -> Int {
        let index = plan.actions.count
        // Dependencies have lower places, so that no circle can come about.
        let wave = 1 + (dependencies.map { plan.actions[$0].wave }.max() ?? 0)
        plan.actions.append(
            CleanupAction(
                index: index, operation: operation, evidence: evidence, dependencies: dependencies, wave: wave))
        return index
    }

    /// Adds something that stays and is in nobody's way.
    mutating func keep(_ kind: ResourceName.Kind, _ id: String, _ reason: String) {
        plan.keeps.append(.init(resource: ResourceName(kind, id), reason: reason))
    }

    /// Adds something that stays in the way.
    mutating func block(
        _ kind: ResourceName.Kind, _ id: String, owner: String, _ reason: String,
        _ prospect: CleanupPlan.Blocker.Prospect = .foreign, called name: String? = nil
    ) {
        plan.blockers.append(
            .init(
                resource: ResourceName(kind, id), kind: name ?? kind.rawValue, owner: owner, reason: reason,
                prospect: prospect))
    }

    /// Adds all there is as kept.
    mutating func keepEverything(_ reason: String) {
        for fileSystem in inventory.fileSystems {
            keep(.fileSystem, fileSystem.id, reason)
            for target in fileSystem.mountTargets { keep(.mountTarget, target.id, reason) }
        }
        for endpoint in inventory.endpoints { keep(.endpoint, endpoint.id, reason) }
        for interface in inventory.interfaces { keep(.interface, interface.id, reason) }
        for group in inventory.groups { keep(.securityGroup, group.id, reason) }
        for other in inventory.others { keep(.other, other.id, reason) }
    }

    /// Adds what is none of ours, whatever it is.
    mutating func addOthers() {
        for other in inventory.others.sorted(by: { $0.id < $1.id }) {
            block(.other, other.id, owner: other.owner, "not a leftover of SageMaker", called: other.kind)
        }
    }
}
