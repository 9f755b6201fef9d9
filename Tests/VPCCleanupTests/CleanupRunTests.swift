import AWSCore
import JSON
import TestSupport
import Testing

@testable import VPCCleanup

@Suite struct CleanupRunTests {
    private func leftovers(_ domains: String...) -> FakeWorld.State {
        var state = FakeWorld.State.empty
        for domain in domains { state.addLeftovers(of: domain) }
        return state
    }

    @Test func aDomainsLeftoversGoAndItsFileSystemStays() throws {
        let cleanup = Cleanup(leftovers("d-a"))
        let plan = try #require(try cleanup.clean())
        #expect(cleanup.world.now.isClean(vpc))
        #expect(cleanup.world.now.fileSystems["fs-d-a"]?.mountTargets.isEmpty == true)
        #expect(plan.retainedFileSystemIDs == ["fs-d-a"])
        #expect(cleanup.run.journal.state.deleted[.securityGroup]?.count == 2)
        #expect(cleanup.run.journal.state.revokedRules == 2)
    }

    @Test func theFileSystemGoesWhenTheUserSaysSo() throws {
        let cleanup = Cleanup(leftovers("d-a"), .init(), CleanupOptions(vpcID: vpc, deletesHomeFileSystems: true))
        try cleanup.clean()
        #expect(cleanup.world.now.isClean(vpc))
        #expect(cleanup.world.now.fileSystems.isEmpty)
    }

    @Test func aSecondCleanupChangesNothing() throws {
        let first = Cleanup(leftovers("d-a", "d-b"))
        try first.clean()
        var state = first.world.now
        state.mutations = []
        state.settle(.seconds(86_400))
        let second = Cleanup(state)
        try second.clean()
        #expect(second.world.now.mutations.isEmpty)
    }

    @Test func aVPCThatIsGoneTakesTwoCalls() throws {
        var state = leftovers("d-a")
        state.vpcs[vpc] = nil
        let cleanup = Cleanup(state)
        #expect(try cleanup.clean() == nil)
        #expect(cleanup.world.callCount == 2)
    }

    @Test func guardDutysEndpointAndGroupGoWhenTheUserSaysSo() throws {
        var state = leftovers("d-a")
        state.addGuardDuty()
        let kept = Cleanup(state)
        let plan = try #require(try kept.clean())
        #expect(Set(plan.blockers.map(\.resource.id)) == ["vpce-guard", "eni-guard", "sg-guard"])
        #expect(kept.world.now.endpoints["vpce-guard"]?.state == "Available")

        let cleanup = Cleanup(state, .init(), CleanupOptions(vpcID: vpc, deletesGuardDuty: true))
        try cleanup.clean()
        #expect(cleanup.world.now.isClean(vpc))
        #expect(cleanup.world.now.calls["DeleteVpcEndpoints"] == 1)
    }

    @Test func aFunctionsInterfaceIsDeletedOnceLambdaLetsItGo() throws {
        var state = leftovers("d-a")
        state.add(
            NetworkInterface("eni-f", functionDescription("gone"), type: "lambda", groups: ["sg-out-d-a"]))
        state.due.append((.seconds(25 * 60), { $0.interfaces["eni-f"]?.status = "available" }))
        let cleanup = Cleanup(state)
        try cleanup.clean()
        #expect(cleanup.world.now.isClean(vpc))
        #expect(cleanup.elapsed > .seconds(1_500) && cleanup.elapsed < .seconds(1_530))
        #expect(cleanup.lines.contains { $0.contains("eni-f (held by Lambda function gone; owner \(account))") })
    }

    @Test func anInterfaceOfALivingFunctionIsReportedAtOnce() throws {
        var state = leftovers("d-a")
        state.functions = [AttachedFunction("alive", groups: ["sg-x"])]
        state.add(NetworkInterface("eni-f", functionDescription("alive"), type: "lambda", groups: ["sg-x"]))
        let cleanup = Cleanup(state)
        let plan = try #require(try cleanup.clean())
        #expect(
            plan.blockers.map(\.description) == [
                "network interface eni-f (Lambda function alive is attached to the VPC; owner \(account))"
            ])
        #expect(cleanup.elapsed < .seconds(120))
    }

    @Test func aGroupThatAnInstanceWearsIsReportedWithTheInstance() throws {
        var state = leftovers("d-a")
        state.add(NetworkInterface("eni-i", groups: ["sg-out-d-a"], instance: "i-1"))
        let cleanup = Cleanup(state)
        let failure = try #require(cleanup.failure())
        #expect(failure.contains("security group sg-out-d-a (eni-i (instance i-1) wears it; owner \(account))"))
        #expect(cleanup.world.now.interfaces["eni-i"] != nil)
        #expect(cleanup.world.now.groups["sg-in-d-a"] == nil)
        #expect(cleanup.elapsed > .seconds(300) && cleanup.elapsed < .seconds(420))
    }

    @Test func aHolderThatGoesInTimeIsWaitedFor() throws {
        var state = leftovers("d-a")
        state.add(NetworkInterface("eni-i", "ELB app/web/0123", groups: ["sg-out-d-a"]))
        state.due.append((.seconds(200), { $0.interfaces["eni-i"] = nil }))
        let cleanup = Cleanup(state)
        try cleanup.clean()
        #expect(cleanup.world.now.isClean(vpc))
    }

    /// What is left when the targets have gone and the next invocation begins: their interfaces, for a while.
    @Test(arguments: [true, false])
    func interfacesThatOutliveTheirTargetsAreWaitedFor(isHandedOver: Bool) throws {
        var state = leftovers("d-a")
        state.fileSystems["fs-d-a"]?.mountTargets = []
        let interfaces = state.interfaces.keys.filter { $0.hasPrefix("eni-fsmt-d-a") }
        state.due.append((.seconds(40), { state in for id in interfaces { state.interfaces[id] = nil } }))
        var checkpoint = CleanupState()
        if isHandedOver { checkpoint.deleted[.mountTarget] = interfaces.map { String($0.dropFirst("eni-".count)) } }
        var options = CleanupOptions(vpcID: vpc)
        options.domainID = "d-a"
        let cleanup = Cleanup(state, .init(), options, from: checkpoint.json)
        let plan = try #require(try cleanup.clean())
        #expect(plan.blockers.isEmpty)
        #expect(cleanup.world.now.isClean(vpc))
        #expect(cleanup.elapsed < .seconds(70))
    }

    @Test func aRuleThatComesMeanwhileIsFoundByANewPlan() throws {
        var manners = FakeWorld.Manners()
        manners.intervene = { call, id, state in
            guard call == "DeleteSecurityGroup", id == "sg-out-d-a", state.groups["sg-late"] == nil else { return }
            var late = SecurityGroup("sg-late", "late")
            late.rules = [.init(id: "sgr-late", direction: .ingress, referencedGroupID: "sg-out-d-a")]
            state.add(late)
        }
        let cleanup = Cleanup(leftovers("d-a"), manners)
        try cleanup.clean()
        #expect(cleanup.world.now.groups["sg-out-d-a"] == nil)
        #expect(cleanup.world.now.groups["sg-late"]?.rules.isEmpty == true)
        #expect(cleanup.world.now.calls["DescribeVpcs"] == 3)
    }

    @Test func aRuleThatIsGoneAlreadyDoesNotKeepTheOthers() throws {
        var state = leftovers("d-a")
        state.groups["sg-in-d-a"]?.rules.append(
            .init(id: "sgr-2", direction: .ingress, referencedGroupID: "sg-out-d-a"))
        var manners = FakeWorld.Manners()
        manners.intervene = { call, id, state in
            if call == "RevokeSecurityGroup" { state.groups[id]?.rules.removeAll { $0.id == "sgr-2" } }
        }
        let cleanup = Cleanup(state, manners)
        try cleanup.clean()
        #expect(cleanup.world.now.isClean(vpc))
    }

    @Test func aRefusalForGoodIsReportedWithItsIDWhileTheRestGoesOn() throws {
        var manners = FakeWorld.Manners()
        manners.refuse = { call, id, _ in
            call == "DeleteSecurityGroup" && id == "sg-in-d-a"
                ? failure("UnauthorizedOperation", "no", status: 403) : nil
        }
        let cleanup = Cleanup(leftovers("d-a", "d-b"), manners)
        let reason = try #require(cleanup.failure())
        #expect(reason.contains("security group sg-in-d-a: aws Call failed: UnauthorizedOperation (403): no"))
        #expect(cleanup.world.now.groups.keys.sorted() == ["sg-default", "sg-in-d-a"])
    }

    @Test func aDomainThatLivesIsNamedAndNothingIsTouched() throws {
        var state = leftovers("d-a")
        state.domains["d-a"] = Domain(id: "d-a", status: "InService", vpcID: vpc)
        let cleanup = Cleanup(state)
        #expect(cleanup.failure()?.contains("SageMaker domain d-a in \(vpc) is InService") == true)
        #expect(cleanup.world.now.mutations.isEmpty)
    }

    @Test func aDomainThatIsBeingDeletedIsWaitedFor() throws {
        var state = leftovers("d-a")
        state.domains["d-a"] = Domain(id: "d-a", status: "Deleting", vpcID: vpc)
        state.due.append((.seconds(400), { $0.domains["d-a"] = nil }))
        let cleanup = Cleanup(state)
        try cleanup.clean()
        #expect(cleanup.world.now.isClean(vpc))
    }

    @Test(arguments: ["default", "shared"]) func aVPCThatIsNotOursToCleanIsRefused(kind: String) throws {
        var state = leftovers("d-a")
        state.vpcs[vpc] = VPCFacts(
            id: vpc, isDefault: kind == "default", ownerID: kind == "shared" ? "999999999999" : account)
        let cleanup = Cleanup(state)
        #expect(cleanup.failure()?.hasPrefix("Nothing was touched: \(vpc)") == true)
        #expect(cleanup.world.now.mutations.isEmpty)
    }

    /// A client tries again by itself; here every refusal reaches the cleanup, but for those of the inventories.
    @Test(arguments: 1...20 as ClosedRange<UInt64>) func throttlingOnlyCostsTime(seed: UInt64) throws {
        var state = leftovers("d-a", "d-b", "d-c")
        state.addGuardDuty()
        state.add(NetworkInterface("eni-1", studioDescription, isAvailable: true, groups: ["sg-in-d-a"]))
        var manners = FakeWorld.Manners()
        manners.refuse = { call, id, count in
            var random = SeededGenerator(seed: seed &+ UInt64(count) &* 7_919 &+ UInt64(id.utf8.count))
            let isPartOfInventory = count < 2 || !(call.hasPrefix("DescribeMount") || call == "DescribeFileSystem")
            let isMutation = call.hasPrefix("Delete") || call.hasPrefix("Revoke")
            return (isMutation || !isPartOfInventory) && Double.random(in: 0..<1, using: &random) < 0.3
                ? failure("RequestLimitExceeded", status: 503) : nil
        }
        let options = CleanupOptions(vpcID: vpc, deletesHomeFileSystems: true, deletesGuardDuty: true)
        let cleanup = Cleanup(state, manners, options)
        try cleanup.clean()
        #expect(cleanup.world.now.isClean(vpc) && cleanup.world.now.fileSystems.isEmpty)
    }

    @Test func anInventoryThatDoesNotGetThroughIsTakenAgain() throws {
        var manners = FakeWorld.Manners()
        manners.refuse = { call, _, count in
            call == "DescribeVpcs" && count < 3 ? failure("InternalError", status: 500) : nil
        }
        let cleanup = Cleanup(leftovers("d-a"), manners)
        try cleanup.clean()
        #expect(cleanup.world.now.isClean(vpc))
    }

    @Test func atMostEightCallsAreUnderWay() throws {
        var state = FakeWorld.State.empty
        for number in 0..<40 { state.addLeftovers(of: "d-\(number)", mountTargets: 1) }
        let cleanup = Cleanup(state)
        try cleanup.clean()
        #expect(cleanup.world.now.mostInFlight == CleanupRun.width)
        #expect(cleanup.world.now.isClean(vpc))
    }

    @Test func whatComesBackForEverEndsWithAnError() throws {
        var state = FakeWorld.State.empty
        state.addGuardDuty()
        var manners = FakeWorld.Manners()
        manners.intervene = { call, _, state in
            guard call == "DescribeVpcEndpoints", state.endpoints.values.allSatisfy(\.isDeleted) else { return }
            let id = "vpce-\(state.calls[call, default: 0])"
            state.endpoints[id] = VPCEndpoint(
                id: id, type: "Interface", serviceName: "com.amazonaws.eu-central-1.guardduty-data", state: "available",
                vpcID: vpc, ownerID: account, tags: [Evidence.guardDutyTag: "true"])
        }
        let cleanup = Cleanup(state, manners, CleanupOptions(vpcID: vpc, deletesGuardDuty: true))
        #expect(cleanup.failure()?.contains("once more") == true)
    }
}
