import AWSCore
import Testing

@testable import VPCCleanup

/// One row of what blocks a VPC a test: what is planned for it, and why.
@Suite struct PlannerTests {
    private var inventory = Inventory(vpc: VPCFacts(id: vpc, ownerID: account), accountID: account)
    private var options = CleanupOptions(vpcID: vpc)

    private func plan() -> CleanupPlan { CleanupPlanner.plan(inventory, options) }
    private var operations: [CleanupAction.Operation] { plan().actions.map(\.operation) }
    private func keepReason(_ id: String) -> String? { plan().keeps.first { $0.resource.id == id }?.reason }
    private func blocker(_ id: String) -> CleanupPlan.Blocker? { plan().blockers.first { $0.resource.id == id } }

    private mutating func use(_ state: FakeWorld.State) {
        inventory.groups = state.groups.values.filter { $0.vpcID == vpc }
        inventory.fileSystems = Array(state.fileSystems.values)
        inventory.interfaces = Array(state.interfaces.values)
        inventory.endpoints = Array(state.endpoints.values)
        inventory.functions = state.functions
    }

    private mutating func useLeftovers(isTagged: Bool = true) {
        var state = FakeWorld.State.empty
        state.addLeftovers(of: "d-a", isTagged: isTagged)
        use(state)
    }

    @Test mutating func targetsGoBeforeTheirGroupsAndRulesBeforeBoth() {
        useLeftovers()
        let plan = plan()
        #expect(
            plan.waves.map { $0.map(\.description) } == [
                [
                    "delete mount targets fsmt-d-a-0, fsmt-d-a-1 of fs-d-a",
                    "revoke ingress rules sgr-in-d-a of sg-in-d-a", "revoke egress rules sgr-out-d-a of sg-out-d-a",
                ],
                ["delete security group sg-in-d-a", "delete security group sg-out-d-a"],
            ])
        #expect(keepReason("fs-d-a") == "HomeFileSystems is Retain; 6144 bytes of users' data")
        #expect(plan.retainedFileSystemIDs == ["fs-d-a"])
        #expect(plan.blockers.isEmpty)
    }

    @Test mutating func theFileSystemGoesAfterItsTargetsAndBeforeItsGroups() {
        useLeftovers()
        options.deletesHomeFileSystems = true
        let waves = plan().waves.map { $0.map(\.operation) }
        #expect(waves.count == 3)
        #expect(waves[1] == [.deleteFileSystem("fs-d-a")])
        #expect(waves[2] == [.deleteGroup("sg-in-d-a"), .deleteGroup("sg-out-d-a")])
    }

    @Test mutating func groupsWithoutATagAreKnownByNameAndDescriptionTogether() {
        useLeftovers(isTagged: false)
        #expect(operations.contains(.deleteGroup("sg-in-d-a")))
        for index in inventory.groups.indices { inventory.groups[index].description = "mine" }
        #expect(!operations.contains(.deleteGroup("sg-in-d-a")))
        #expect(blocker("sg-in-d-a")?.prospect == .foreign)
    }

    @Test(arguments: [
        "arn:aws:sagemaker:eu-central-1:999999999999:domain/d-a", "arn:aws:iam::123456789012:role/d-a", "d-a",
        "arn:aws:sagemaker:eu-central-1:123456789012:app/d-a", "",
    ])
    mutating func aTagThatNamesNoDomainOfTheAccountIsNoEvidence(value: String) {
        inventory.groups = [SecurityGroup("sg-1", "x", tags: [Evidence.domainTag: value])]
        inventory.fileSystems = [
            FileSystem(
                id: "fs-1", ownerID: account, tags: [Evidence.domainTag: value],
                mountTargets: [MountTarget(id: "fsmt-1", vpcID: vpc)])
        ]
        #expect(operations.isEmpty)
        #expect(blocker("sg-1") != nil && blocker("fsmt-1") != nil)
    }

    @Test mutating func aFileSystemOfADomainElsewhereIsKept() {
        useLeftovers()
        inventory.domains = [Domain(id: "d-a", status: "InService", vpcID: otherVPC)]
        #expect(operations.isEmpty)
        #expect(keepReason("fs-d-a") == "its domain d-a is in another VPC")
    }

    @Test mutating func aDomainInTheVPCComesFirst() {
        useLeftovers()
        inventory.domains = [Domain(id: "d-a", status: "InService", vpcID: vpc)]
        #expect(plan().domains.map(\.id) == ["d-a"])
        #expect("\(plan())".hasPrefix("first: domain d-a (InService) has to be deleted\nwave 1: "))
    }

    /// A file system that an earlier cleanup retained, and that its users mount in a VPC of theirs.
    @Test mutating func aFileSystemWhoseDomainWasInAnotherVPCIsNotTouched() {
        useLeftovers()
        options.deletesHomeFileSystems = true
        let tag = [Evidence.domainTag: domainARN("d-before")]
        inventory.fileSystems.append(
            FileSystem(
                id: "fs-before", ownerID: account, tags: tag, mountTargets: [MountTarget(id: "fsmt-before", vpcID: vpc)]
            ))
        #expect(!operations.contains { "\($0)".contains("before") })
        let reason = "no group of its domain d-before is in this VPC, and DomainId is not d-before"
        #expect(keepReason("fs-before") == reason)
        #expect(blocker("fsmt-before")?.reason == "of fs-before: \(reason)")
        options.domainID = "d-before"
        #expect(operations.contains(.deleteMountTargets(["fsmt-before"], fileSystem: "fs-before")))
        #expect(operations.contains(.deleteFileSystem("fs-before")))
    }

    /// AWS Backup gives what it restores the tags of the original.
    @Test mutating func aRestoredCopyAndItsOriginalAreNotDeleted() {
        useLeftovers()
        options.deletesHomeFileSystems = true
        let tag = [Evidence.domainTag: domainARN("d-a")]
        inventory.fileSystems.append(FileSystem(id: "fs-copy", ownerID: account, tags: tag))
        #expect(operations.contains(.deleteMountTargets(["fsmt-d-a-0", "fsmt-d-a-1"], fileSystem: "fs-d-a")))
        #expect(!operations.contains(.deleteFileSystem("fs-copy")))
        #expect(!operations.contains(.deleteFileSystem("fs-d-a")))
        let reason =
            "fs-copy, fs-d-a have the tag of d-a, which has one home: only a person can tell it from its copies"
        #expect(keepReason("fs-copy") == reason && keepReason("fs-d-a") == reason)
    }

    @Test mutating func onlyTheTargetsInTheVPCGoAndTheFileSystemStays() {
        useLeftovers()
        options.deletesHomeFileSystems = true
        inventory.fileSystems[0].mountTargets.append(MountTarget(id: "fsmt-far", vpcID: otherVPC))
        #expect(operations.contains(.deleteMountTargets(["fsmt-d-a-0", "fsmt-d-a-1"], fileSystem: "fs-d-a")))
        #expect(!operations.contains(.deleteFileSystem("fs-d-a")))
        #expect(keepReason("fs-d-a") == "has mount targets in another VPC: fsmt-far")
        #expect(keepReason("fsmt-far") == "is in \(otherVPC)")
    }

    @Test mutating func aReplicatedFileSystemIsNotDeleted() {
        useLeftovers()
        options.deletesHomeFileSystems = true
        inventory.fileSystems[0].replicas = ["fs-d-a to fs-9 in eu-west-1"]
        #expect(!operations.contains(.deleteFileSystem("fs-d-a")))
        #expect(keepReason("fs-d-a")?.contains("fs-9 in eu-west-1") == true)
    }

    @Test mutating func aFileSystemWithoutTargetsIsOnlyDeletedWhenSomethingTiesItToTheVPC() {
        options.deletesHomeFileSystems = true
        inventory.fileSystems = [FileSystem(id: "fs-1", ownerID: account, tags: [Evidence.domainTag: domainARN("d-a")])]
        #expect(operations.isEmpty)
        options.domainID = "d-b"
        #expect(operations.isEmpty)
        options.domainID = "d-a"
        #expect(operations == [.deleteFileSystem("fs-1")])
        options.domainID = nil
        options.knownFileSystems = ["fs-1"]
        #expect(operations == [.deleteFileSystem("fs-1")])
        options.knownFileSystems = []
        inventory.groups = [.nfs("sg-1", "inbound", "d-a", isTagged: false)]
        #expect(!operations.contains(.deleteFileSystem("fs-1")))
        inventory.groups = [.nfs("sg-1", "inbound", "d-a")]
        #expect(operations.contains(.deleteFileSystem("fs-1")))
    }

    @Test mutating func rulesOfOtherGroupsThatNameALeftoverGo() {
        useLeftovers()
        var mine = SecurityGroup("sg-mine", "mine")
        mine.rules = [
            .init(id: "sgr-1", direction: .ingress, referencedGroupID: "sg-in-d-a"),
            .init(id: "sgr-2", direction: .ingress, referencedGroupID: "sg-mine"),
            .init(id: "sgr-3", direction: .egress),
        ]
        inventory.groups.append(mine)
        #expect(operations.contains(.revokeRules(["sgr-1"], group: "sg-mine", .ingress)))
        #expect(!operations.contains { "\($0)".contains("sgr-2") || "\($0)".contains("sgr-3") })
        #expect(blocker("sg-mine")?.reason == "\"mine\" is not a leftover of SageMaker")
    }

    @Test mutating func aRuleOfTheDefaultGroupIsOnlyTakenOutWhenThatMayBeEmptied() {
        useLeftovers()
        let index = inventory.groups.firstIndex { $0.isDefault } ?? 0
        inventory.groups[index].rules = [.init(id: "sgr-d", direction: .ingress, referencedGroupID: "sg-out-d-a")]
        #expect(blocker("sg-out-d-a")?.reason.contains("rule sgr-d of default group sg-default") == true)
        #expect(blocker("sg-out-d-a")?.prospect == .stuck)
        options.editsDefaultGroup = true
        #expect(operations.contains(.revokeRules(["sgr-d"], group: "sg-default", .ingress)))
        #expect(operations.contains(.deleteGroup("sg-out-d-a")))
        #expect(keepReason("sg-default") == "is the default group")
    }

    @Test mutating func aGroupThatOthersHoldIsNotTouched() {
        useLeftovers()
        inventory.interfaces.append(NetworkInterface("eni-i", groups: ["sg-out-d-a"], instance: "i-1"))
        #expect(blocker("sg-out-d-a")?.reason == "eni-i (instance i-1) wears it")
        #expect(blocker("sg-out-d-a")?.prospect == .held)
        #expect(!operations.contains(.revokeRules(["sgr-in-d-a"], group: "sg-in-d-a", .ingress)))
        #expect(operations.contains(.deleteGroup("sg-in-d-a")))
    }

    @Test mutating func aGroupThatIsAssociatedWithAnotherVPCIsReported() {
        useLeftovers()
        for index in inventory.groups.indices where inventory.groups[index].id == "sg-in-d-a" {
            inventory.groups[index].associatedVPCs = [otherVPC]
        }
        #expect(blocker("sg-in-d-a")?.reason == "it is associated with \(otherVPC); disassociate it first")
        inventory.groups = [SecurityGroup("sg-far", "far", vpc: otherVPC)]
        #expect(blocker("sg-far")?.reason == "made in \(otherVPC), associated with this VPC")
    }

    @Test mutating func interfacesOfStudioAndOfFunctionsGo() {
        inventory.functions = []
        inventory.interfaces = [
            NetworkInterface("eni-1", studioDescription, isAvailable: true),
            NetworkInterface("eni-2", studioDescription.replacing(" (", with: "("), isAvailable: true),
            NetworkInterface("eni-3", studioDescription),
            NetworkInterface("eni-4", functionDescription("my-function"), isAvailable: true),
            NetworkInterface("eni-5", functionDescription("my-function"), type: "lambda"),
        ]
        #expect(
            operations == [
                .deleteInterface("eni-1"), .deleteInterface("eni-2"), .releaseInterface("eni-3"),
                .deleteInterface("eni-4"), .releaseInterface("eni-5"),
            ])
    }

    /// An instance that is stopped keeps its interface, and needs it to start again.
    @Test(arguments: [true, false]) mutating func theInterfaceOfANotebookInstanceIsReported(isAvailable: Bool) {
        let description =
            "[Do not delete] Network Interface created to access resources in your VPC for SageMaker Notebook Instance book"
        inventory.interfaces = [NetworkInterface("eni-1", description, isAvailable: isAvailable)]
        #expect(operations.isEmpty)
        #expect(blocker("eni-1")?.reason == "SageMaker notebook instance book")
    }

    @Test(arguments: [
        ("AWS Lambda VPC ENI-f", "interface"), ("AWS Lambda VPC ENI-f-0123", "interface"),
        ("x AWS Lambda VPC ENI-f-01234567-89ab-cdef-0123-456789abcdef", "interface"), ("", "interface"),
        ("[DO NOT DELETE] ENI managed by SageMaker for Studio Domain (x) - 1", "interface"),
        ("ELB app/web/0123", "interface"), ("Interface for NAT Gateway nat-1", "nat_gateway"),
        ("RDSNetworkInterface", "interface"), ("Primary network interface", "interface"),
    ])
    mutating func interfacesOfAnyoneElseAreReported(description: String, type: String) {
        for isAvailable in [true, false] {
            inventory.interfaces = [NetworkInterface("eni-1", description, type: type, isAvailable: isAvailable)]
            #expect(operations.isEmpty)
            #expect(blocker("eni-1")?.prospect == .foreign)
        }
    }

    @Test(arguments: [true, false])
    mutating func anInterfaceOfAFunctionThatIsThereIsReportedWithItsName(isAvailable: Bool) {
        inventory.interfaces = [
            NetworkInterface("eni-5", functionDescription("my-f"), type: "lambda", isAvailable: isAvailable)
        ]
        inventory.functions = [AttachedFunction("my-f")]
        #expect(blocker("eni-5")?.reason == "Lambda function my-f is attached to the VPC")
        #expect(operations.isEmpty)
    }

    /// Functions with a subnet and their groups in common share an interface, which has the name of the first of them.
    @Test mutating func anInterfaceThatAnotherFunctionSharesIsReportedWithThatFunctionsName() {
        inventory.interfaces = [
            NetworkInterface("eni-5", functionDescription("gone"), type: "lambda", groups: ["sg-1", "sg-2"])
        ]
        inventory.functions = [AttachedFunction("other", groups: ["sg-2", "sg-1"])]
        #expect(blocker("eni-5")?.reason == "Lambda function other is attached to the VPC")
        // The first one has left its interface since: it has other groups now.
        inventory.functions = [AttachedFunction("gone", groups: ["sg-1"])]
        #expect(operations == [.releaseInterface("eni-5")])
    }

    @Test mutating func aTargetsInterfaceGoesWithItsTarget() {
        useLeftovers()
        #expect(keepReason("eni-fsmt-d-a-0") == "goes with mount target fsmt-d-a-0")
        for index in inventory.interfaces.indices { inventory.interfaces[index].description = "" }
        inventory.fileSystems[0].mountTargets[0].interfaceID = "eni-fsmt-d-a-0"
        #expect(keepReason("eni-fsmt-d-a-0") == "goes with mount target fsmt-d-a-0")
        useLeftovers()
        inventory.fileSystems = []
        #expect(blocker("eni-fsmt-d-a-0")?.reason == "mount target fsmt-d-a-0")
        #expect(blocker("eni-fsmt-d-a-0")?.owner == "amazon-aws")
        #expect(blocker("sg-in-d-a")?.prospect == .held)
    }

    @Test mutating func theInterfaceOfATargetThatIsGoneIsWaitedForAndHoldsNoGroupBack() {
        useLeftovers()
        inventory.fileSystems[0].mountTargets = []
        options.domainID = "d-a"
        let reason = "goes with mount target fsmt-d-a-0, which is deleted"
        #expect(blocker("eni-fsmt-d-a-0")?.reason == reason)
        #expect(blocker("eni-fsmt-d-a-0")?.prospect == .held)
        #expect(operations.contains(.deleteGroup("sg-in-d-a")))
        // The file system is gone too, but this cleanup deleted the targets.
        inventory.fileSystems = []
        options.deletedMountTargets = ["fsmt-d-a-0", "fsmt-d-a-1"]
        #expect(blocker("eni-fsmt-d-a-0")?.reason == reason)
        #expect(operations.contains(.deleteGroup("sg-in-d-a")))
    }

    @Test mutating func theInterfaceOfAnEndpointThatWasDeletedHoldsNoGroupBack() {
        useLeftovers()
        inventory.interfaces.append(
            NetworkInterface("eni-e", "VPC Endpoint Interface vpce-1", type: "vpc_endpoint", groups: ["sg-out-d-a"]))
        #expect(blocker("sg-out-d-a")?.prospect == .held)
        options.deletedEndpoints = ["vpce-1"]
        #expect(blocker("eni-e")?.reason == "goes with endpoint vpce-1, which is deleted")
        #expect(operations.contains(.deleteGroup("sg-out-d-a")))
    }

    @Test mutating func guardDutyGoesOnlyWhenAskedFor() {
        var state = FakeWorld.State.empty
        state.addGuardDuty()
        use(state)
        #expect(operations.isEmpty)
        #expect(blocker("vpce-guard")?.reason == "GuardDutyEndpoints is Keep")
        #expect(blocker("sg-guard")?.reason == "GuardDutyEndpoints is Keep")
        options.deletesGuardDuty = true
        #expect(operations == [.deleteEndpoints(["vpce-guard"]), .deleteGroup("sg-guard")])
        #expect(plan().actions[1].wave == 2)
        inventory.endpoints[0].tags = [:]
        #expect(!operations.contains(.deleteEndpoints(["vpce-guard"])))
        #expect(blocker("sg-guard")?.prospect == .held)
    }

    @Test mutating func otherEndpointsAreReported() {
        for (type, kind) in [("Interface", "interface endpoint"), ("Gateway", "gateway endpoint")] {
            inventory.endpoints = [
                VPCEndpoint(
                    id: "vpce-1", type: type, serviceName: "com.amazonaws.eu-central-1.s3", state: "available",
                    vpcID: vpc, ownerID: account)
            ]
            options.deletesGuardDuty = true
            #expect(operations.isEmpty)
            #expect(blocker("vpce-1")?.kind == kind)
        }
        inventory.endpoints[0].state = "Deleted"
        #expect(blocker("vpce-1") == nil && keepReason("vpce-1") == "is deleted")
    }

    @Test mutating func gatewaysAreReportedByKind() {
        inventory.others = [OtherResource(id: "nat-1", kind: "NAT gateway", owner: account)]
        #expect(
            plan().blockers.map(\.description) == ["NAT gateway nat-1 (not a leftover of SageMaker; owner \(account))"])
    }

    @Test mutating func whatBelongsToAnotherAccountIsReported() {
        useLeftovers()
        for index in inventory.groups.indices { inventory.groups[index].ownerID = "999999999999" }
        for index in inventory.interfaces.indices { inventory.interfaces[index].ownerID = "999999999999" }
        for index in inventory.fileSystems.indices { inventory.fileSystems[index].ownerID = "999999999999" }
        #expect(operations.isEmpty)
        #expect(blocker("sg-in-d-a")?.owner == "999999999999")
    }

    @Test(arguments: [true, false]) mutating func nothingIsPlannedForAVPCThatIsNotTheStacks(isDefault: Bool) {
        useLeftovers()
        inventory.vpc.isDefault = isDefault
        if !isDefault { inventory.vpc.ownerID = "999999999999" }
        #expect(plan().refusal?.hasPrefix(vpc) == true)
        #expect(operations.isEmpty)
        options.editsDefaultGroup = true
        inventory.groups = [SecurityGroup("sg-default", "default")]
        inventory.groups[0].rules = [.init(id: "sgr-1", direction: .ingress)]
        #expect(CleanupPlanner.planDefaultGroup(inventory, options).actions.isEmpty)
    }

    @Test mutating func theDefaultGroupsRulesGoInBothDirections() {
        inventory.groups = [SecurityGroup("sg-default", "default"), SecurityGroup("sg-1", "mine")]
        for index in inventory.groups.indices {
            inventory.groups[index].rules = [
                .init(id: "sgr-\(index)-1", direction: .ingress), .init(id: "sgr-\(index)-2", direction: .egress),
            ]
        }
        #expect(
            CleanupPlanner.planDefaultGroup(inventory, options).actions.map(\.operation) == [
                .revokeRules(["sgr-0-1"], group: "sg-default", .ingress),
                .revokeRules(["sgr-0-2"], group: "sg-default", .egress),
            ])
    }
}
