import TestSupport
import Testing

@testable import VPCCleanup

/// Generated dirty VPCs, next to which there is much that looks alike and is none of ours.
@Suite struct DirtyWorldTests {
    struct Dirt {
        var state = FakeWorld.State.empty
        var manners = FakeWorld.Manners()
        var options = CleanupOptions(vpcID: vpc)
        /// What has to go.
        var ours: Set<String> = []

        init(seed: UInt64) {
            var random = SeededGenerator(seed: seed)
            func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
            options.deletesHomeFileSystems = Bool.random(using: &random)
            options.deletesGuardDuty = Bool.random(using: &random)
            for index in 0..<number(1...6) {
                state.addLeftovers(of: "d-\(index)", mountTargets: number(0...3), isTagged: Bool.random(using: &random))
                manners.mountTargetTime["fs-d-\(index)"] = .seconds(number(10...240))
            }
            manners.interfaceLag = .seconds(number(0...60))
            manners.fileSystemTime = .seconds(number(0...60))
            manners.listLag = .seconds(number(0...20))
            manners.latency = .milliseconds(number(5...900))
            if options.deletesGuardDuty { state.addGuardDuty() }
            let groups = state.groups.keys.filter { $0 != "sg-default" }.sorted()
            for index in 0..<number(0...4) {
                let isStudio = Bool.random(using: &random)
                let isAvailable = Bool.random(using: &random)
                let id = "eni-\(index)"
                state.add(
                    NetworkInterface(
                        id, isStudio ? studioDescription : functionDescription("gone"),
                        type: isStudio ? "interface" : "lambda", isAvailable: isAvailable,
                        groups: [groups[number(0...groups.count - 1)]]))
                if !isAvailable {
                    state.due.append(
                        (.seconds(number(1...isStudioTime(isStudio))), { $0.interfaces[id]?.status = "available" }))
                }
            }
            // Rules between the leftovers, and one to itself.
            for id in groups {
                state.groups[id]?.rules.append(
                    .init(
                        id: "sgr-\(id)-x", direction: Bool.random(using: &random) ? .ingress : .egress,
                        referencedGroupID: groups[number(0...groups.count - 1)]))
            }
            ours = Set(groups).union(state.interfaces.keys).union(state.endpoints.keys)
            ours.formUnion(state.fileSystems.values.flatMap(\.mountTargets).map(\.id))
            if options.deletesHomeFileSystems {
                ours.formUnion(state.fileSystems.values.filter { !$0.mountTargets.isEmpty }.map(\.id))
            }
            addDecoys()
        }

        private func isStudioTime(_ isStudio: Bool) -> Int { isStudio ? 300 : 2_400 }

        private mutating func addDecoys() {
            state.domains["d-alive"] = Domain(id: "d-alive", status: "InService", vpcID: otherVPC)
            var far = SecurityGroup.nfs("sg-far", "inbound", "d-alive")
            far.vpcID = otherVPC
            state.add(far)
            state.addFileSystem("fs-alive", domain: "d-alive", mountTargets: 2, group: "sg-far", in: otherVPC)
            state.addFileSystem("fs-dead", domain: "d-dead", mountTargets: 2, group: "sg-far", in: otherVPC)
            state.addFileSystem("fs-plain", domain: nil, mountTargets: 1, group: "sg-far", in: otherVPC)
            state.addFileSystem("fs-bare", domain: "d-unknown", mountTargets: 0, group: "sg-far")
            var interface = NetworkInterface("eni-far", studioDescription, isAvailable: true, groups: ["sg-far"])
            interface.vpcID = otherVPC
            state.add(interface)
            var mine = SecurityGroup("sg-mine", "mine")
            mine.rules = [.init(id: "sgr-mine", direction: .ingress, referencedGroupID: "sg-mine")]
            state.add(mine)
            state.add(NetworkInterface("eni-mine", "kept on purpose", isAvailable: true, groups: ["sg-mine"]))
        }
    }

    @Test func dirtyVPCsAreCleanedAndNothingElseIsTouched() throws {
        var calls = 0
        var longest = Duration.zero
        for seed in 1...250 as ClosedRange<UInt64> {
            let dirt = Dirt(seed: seed)
            let cleanup = Cleanup(dirt.state, dirt.manners, dirt.options)
            try cleanup.clean()
            calls += cleanup.world.callCount
            longest = max(longest, cleanup.elapsed)
            let after = cleanup.world.now
            for mutation in after.mutations {
                for id in mutation.split(separator: " ")[1].split(separator: ",") {
                    #expect(dirt.ours.contains(String(id)), "seed \(seed): \(mutation)")
                }
            }
            let left = dirt.ours.filter { id in
                after.groups[id] != nil || after.interfaces[id] != nil || after.fileSystems[id] != nil
                    || after.endpoints[id]?.isDeleted == false
                    || after.fileSystems.values.contains { $0.mountTargets.contains { $0.id == id } }
            }
            #expect(left.isEmpty, "seed \(seed): \(left)")

            var second = after
            second.settle(.seconds(86_400))
            second.mutations = []
            let again = Cleanup(second, dirt.manners, dirt.options)
            try again.clean()
            #expect(again.world.now.mutations.isEmpty, "seed \(seed)")
        }
        print("250 dirty VPCs: \(calls / 250) calls on average, the longest took \(longest)")
    }

    /// Stops a cleanup at a call and begins anew, with the checkpoint as after a hand-over or without it as after a crash.
    @Test(arguments: [true, false]) func aCleanupThatIsCutShortAnywhereIsCarriedOn(keepsCheckpoint: Bool) throws {
        struct Crash: Error {}
        let dirt = Dirt(seed: 3)
        let whole = Cleanup(dirt.state, dirt.manners, dirt.options)
        try whole.clean()
        for step in stride(from: 1, through: whole.world.callCount, by: 3) {
            let budget = Counter(step)
            var manners = dirt.manners
            manners.intervene = { _, _, _ in budget.spend() }
            let first = Cleanup(dirt.state, manners, dirt.options)
            let run = first.run
            _ = try? first.time.run {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { _ = try await run.clean() }
                    group.addTask {
                        while !budget.isSpent { try await first.time.clock.sleep(for: .milliseconds(10)) }
                        throw Crash()
                    }
                    try await group.next()
                    group.cancelAll()
                }
            }
            var between = first.world.now
            // The world goes on while nobody looks.
            between.settle(first.elapsed + .seconds(3_000))
            let second = Cleanup(between, dirt.manners, dirt.options, from: keepsCheckpoint ? first.checkpoint : nil)
            try second.clean()
            let after = second.world.now
            #expect(after.groups.keys.sorted() == ["sg-default", "sg-far", "sg-mine"], "step \(step)")
            #expect(after.interfaces.values.filter { $0.vpcID == vpc }.map(\.id) == ["eni-mine"], "step \(step)")
            if keepsCheckpoint {
                let count = second.run.journal.state.deleted[.securityGroup]?.count ?? 0
                #expect(count <= whole.run.journal.state.deleted[.securityGroup]?.count ?? 0)
            }
        }
    }

    /// How far another delivery of the same request is ahead.
    enum Ahead: CaseIterable {
        /// It has done whatever is tried.
        case ofEveryCall
        /// From one call on there is nothing left.
        case ofAll
        /// From one call on the VPC is gone too, since CloudFormation had the other's answer.
        case ofTheAnswer
    }

    @Test(arguments: Ahead.allCases) func whatAnotherDeliveryDidFirstIsNoFailure(_ ahead: Ahead) throws {
        for seed in 1...6 as ClosedRange<UInt64> {
            let dirt = Dirt(seed: seed)
            let whole = Cleanup(dirt.state, dirt.manners, dirt.options)
            try whole.clean()
            var end = whole.world.now
            end.settle(.seconds(86_400))
            if ahead == .ofTheAnswer {
                end.vpcs[vpc] = nil
                end.groups = end.groups.filter { $0.value.vpcID != vpc }
                end.interfaces = end.interfaces.filter { $0.value.vpcID != vpc }
            }
            for step in 1...(ahead == .ofEveryCall ? 1 : whole.world.callCount) {
                let budget = Counter(step)
                var manners = dirt.manners
                manners.intervene = { [end] call, id, state in
                    budget.spend()
                    switch ahead {
                    case .ofEveryCall: state.carryOut(call, id)
                    case .ofAll, .ofTheAnswer:
                        guard budget.isSpent else { return }
                        state.due = []
                        state.vpcs = end.vpcs
                        state.groups = end.groups
                        state.interfaces = end.interfaces
                        state.endpoints = end.endpoints
                        state.fileSystems = end.fileSystems
                    }
                }
                let cleanup = Cleanup(dirt.state, manners, dirt.options)
                #expect(cleanup.failure() == nil, "seed \(seed), call \(step)")
                let left = Set(cleanup.world.now.groups.values.filter { $0.vpcID == vpc }.map(\.id))
                #expect(left.subtracting(["sg-default", "sg-mine"]).isEmpty, "seed \(seed), call \(step)")
            }
        }
    }
}

extension FakeWorld.State {
    /// Does at once what a call is about to do.
    fileprivate mutating func carryOut(_ call: String, _ id: String) {
        switch call {
        case "DeleteMountTarget":
            for fileSystem in fileSystems.keys { fileSystems[fileSystem]?.mountTargets.removeAll { $0.id == id } }
            interfaces["eni-\(id)"] = nil
        case "DeleteFileSystem": fileSystems[id] = nil
        case "DeleteVpcEndpoints":
            for id in id.split(separator: ",") {
                for interface in endpoints[String(id)]?.interfaceIDs ?? [] { interfaces[interface] = nil }
                endpoints[String(id)] = nil
            }
        case "DeleteNetworkInterface": interfaces[id] = nil
        case "RevokeSecurityGroup":
            groups[id]?.rules.removeAll { $0.referencedGroupID != nil && $0.referencedGroupID != id }
        case "DeleteSecurityGroup": groups[id] = nil
        default: break
        }
    }
}
