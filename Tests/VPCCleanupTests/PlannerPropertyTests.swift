import TestSupport
import Testing

@testable import VPCCleanup

@Suite struct PlannerPropertyTests {
    static let seeds: ClosedRange<UInt64> = 1...1_000

    private func forEverySeed(_ check: (RandomInventory, CleanupPlan) throws -> Void) rethrows {
        for seed in Self.seeds {
            let random = RandomInventory(seed: seed)
            try check(random, CleanupPlanner.plan(random.inventory, random.options))
        }
    }

    @Test func theInventoriesGiveSomethingToDo() {
        var actions = 0
        var blockers = 0
        forEverySeed { _, plan in
            actions += plan.actions.count
            blockers += plan.blockers.count
        }
        print("\(Self.seeds.count) inventories: \(actions) actions, \(blockers) blockers")
        #expect(actions > 3_000 && blockers > 3_000)
    }

    @Test func everyResourceIsActedOnOrKeptOrBlockingAndOnlyOneOfThem() {
        forEverySeed { random, plan in
            let inventory = random.inventory
            var expected = inventory.fileSystems.map { ResourceName(.fileSystem, $0.id) }
            expected += inventory.fileSystems.flatMap(\.mountTargets).map { ResourceName(.mountTarget, $0.id) }
            expected += inventory.groups.map { ResourceName(.securityGroup, $0.id) }
            expected += inventory.interfaces.map { ResourceName(.interface, $0.id) }
            expected += inventory.endpoints.map { ResourceName(.endpoint, $0.id) }
            expected += inventory.others.map { ResourceName(.other, $0.id) }
            let found =
                plan.actions.flatMap(\.resources) + plan.keeps.map(\.resource) + plan.blockers.map(\.resource)
            #expect(found.map(\.description).sorted() == expected.map(\.description).sorted(), "\(random.random)")
        }
    }

    @Test func nothingIsTouchedOutsideTheVPCOrOfAnotherAccountOrWithoutEvidence() {
        forEverySeed { random, plan in
            let inventory = random.inventory
            for action in plan.actions {
                #expect(!action.evidence.isEmpty)
                switch action.operation {
                case .deleteMountTargets(let ids, let id):
                    let fileSystem = inventory.fileSystems.first { $0.id == id }
                    #expect(fileSystem.map(isTaggedAsOurs) == true)
                    for id in ids { #expect(fileSystem?.mountTargets.first { $0.id == id }?.vpcID == vpc) }
                case .deleteFileSystem(let id):
                    let fileSystem = inventory.fileSystems.first { $0.id == id }
                    #expect(random.options.deletesHomeFileSystems)
                    #expect(fileSystem.map(isTaggedAsOurs) == true)
                    #expect(fileSystem?.mountTargets.allSatisfy { $0.vpcID == vpc } == true)
                    #expect(fileSystem?.replicas == [])
                case .deleteEndpoints(let ids):
                    #expect(random.options.deletesGuardDuty)
                    for endpoint in inventory.endpoints where ids.contains(endpoint.id) {
                        #expect(endpoint.vpcID == vpc && endpoint.ownerID == account)
                        #expect(
                            endpoint.serviceName.contains("guardduty") && endpoint.tags["GuardDutyManaged"] == "true")
                    }
                case .deleteInterface(let id), .releaseInterface(let id):
                    let interface = inventory.interfaces.first { $0.id == id }
                    #expect(interface?.vpcID == vpc && interface?.ownerID == account)
                    #expect(
                        interface?.description.contains("SageMaker") == true
                            || interface?.description.contains("Lambda") == true)
                case .revokeRules(let ids, let id, let direction):
                    let group = inventory.groups.first { $0.id == id }
                    #expect(group?.vpcID == vpc && group?.ownerID == account)
                    #expect(group?.isDefault == false || random.options.editsDefaultGroup)
                    let doomed = plan.actions.flatMap(\.resources).map(\.id)
                    for rule in group?.rules ?? [] where ids.contains(rule.id) {
                        #expect(rule.direction == direction && doomed.contains(rule.referencedGroupID ?? ""))
                    }
                case .deleteGroup(let id):
                    let group = inventory.groups.first { $0.id == id }
                    #expect(group?.vpcID == vpc && group?.ownerID == account && group?.isDefault == false)
                    let isSageMaker =
                        group?.tags[Evidence.domainTag]?.contains(account) == true
                        || group?.name.contains("-nfs-d-") == true
                    #expect(
                        isSageMaker || (group?.name.hasPrefix("GuardDuty") == true && random.options.deletesGuardDuty))
                    #expect(group?.tags.values.contains { $0.contains("d-elsewhere") } == false)
                }
            }
        }
    }

    private func isTaggedAsOurs(_ fileSystem: FileSystem) -> Bool {
        let value = fileSystem.tags["ManagedByAmazonSageMakerResource"] ?? ""
        return fileSystem.ownerID == account && value.contains(":\(account):domain/d-")
            && !value.contains("d-elsewhere")
    }

    @Test func wavesRespectWhatHoldsWhat() {
        forEverySeed { random, plan in
            let inventory = random.inventory
            for action in plan.actions {
                for dependency in action.dependencies {
                    #expect(dependency < action.index && plan.actions[dependency].wave < action.wave)
                }
                guard case .deleteGroup(let id) = action.operation else { continue }
                for group in inventory.groups where group.id != id {
                    for rule in group.rules where rule.referencedGroupID == id {
                        let revocation = plan.actions.first {
                            "\($0)".contains("\(rule.id) ") || "\($0)".contains("\(rule.id),")
                        }
                        #expect(revocation.map { $0.wave < action.wave } == true)
                    }
                }
                for interface in inventory.interfaces where interface.groupIDs.contains(id) && interface.vpcID == vpc {
                    // One that goes by itself may be waited for.
                    #expect(!plan.blockers.contains { $0.resource.id == interface.id && $0.prospect != .held })
                    let removal = plan.actions.first { $0.resources.contains(ResourceName(.interface, interface.id)) }
                    if let removal { #expect(removal.wave < action.wave) }
                }
            }
        }
    }

    @Test func aCleanedWorldNeedsNothing() {
        forEverySeed { random, plan in
            var options = random.options
            let rest = cleaned(random.inventory, by: plan, &options)
            let second = CleanupPlanner.plan(rest, options)
            #expect(second.actions.isEmpty, "\(second)")
            #expect(second.blockers.map(\.resource) == plan.blockers.map(\.resource))
        }
    }

    @Test func theOrderOfTheInventoryDoesNotMatter() {
        forEverySeed { random, plan in
            var generator = random.random
            var inventory = random.inventory
            inventory.groups.shuffle(using: &generator)
            inventory.interfaces.shuffle(using: &generator)
            inventory.endpoints.shuffle(using: &generator)
            inventory.fileSystems.shuffle(using: &generator)
            #expect(CleanupPlanner.plan(inventory, random.options).actions == plan.actions)
        }
    }

    /// What is there when all of a plan was done.
    private func cleaned(
        _ inventory: Inventory, by plan: CleanupPlan, _ options: inout CleanupOptions
    ) -> Inventory {
        var deleted: [ResourceName.Kind: [String]] = [:]
        var revoked: Set<String> = []
        for action in plan.actions {
            for resource in action.resources { deleted[resource.kind, default: []].append(resource.id) }
            switch action.operation {
            case .deleteMountTargets(_, let fileSystem): options.knownFileSystems.insert(fileSystem)
            case .revokeRules(let ids, _, _): revoked.formUnion(ids)
            default: break
            }
        }
        for keep in plan.keeps where keep.reason.hasPrefix("goes with") {
            deleted[keep.resource.kind, default: []].append(keep.resource.id)
        }
        var rest = inventory.without(deleted)
        for index in rest.groups.indices { rest.groups[index].rules.removeAll { revoked.contains($0.id) } }
        return rest
    }
}
