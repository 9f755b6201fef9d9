import TestSupport

@testable import VPCCleanup

/// Inventories of all that can be in a VPC's neighbourhood, ours and others', in every combination.
struct RandomInventory {
    var random: SeededGenerator
    var inventory = Inventory(vpc: VPCFacts(id: vpc, ownerID: account), accountID: account)
    var options = CleanupOptions(vpcID: vpc)
    private let domains = ["d-a", "d-b", "d-c", "d-elsewhere"]

    init(seed: UInt64) {
        random = SeededGenerator(seed: seed)
        inventory.domains = [Domain(id: "d-elsewhere", status: "InService", vpcID: otherVPC)]
        options.deletesHomeFileSystems = Bool.random(using: &random)
        options.deletesGuardDuty = Bool.random(using: &random)
        options.editsDefaultGroup = Bool.random(using: &random)
        if chance(0.3) { options.domainID = "d-c" }
        if chance(0.2) { options.knownFileSystems = ["fs-1"] }
        inventory.functions = chance(0.2) ? nil : [AttachedFunction("alive", groups: ["sg-default"])]
        addFileSystems()
        addGroups()
        addEndpoints()
        addInterfaces()
        if chance(0.5) { inventory.others = [OtherResource(id: "igw-1", kind: "internet gateway", owner: account)] }
    }

    private mutating func chance(_ share: Double) -> Bool { Double.random(in: 0..<1, using: &random) < share }
    private mutating func count(_ limit: Int) -> Int { Int.random(in: 0...limit, using: &random) }
    private mutating func one<Element>(of list: [Element]) -> Element {
        list[Int.random(in: 0..<list.count, using: &random)]
    }
    private mutating func owner() -> String { chance(0.1) ? "999999999999" : account }
    private mutating func place() -> String { chance(0.15) ? otherVPC : vpc }

    private mutating func tags() -> [String: String] {
        let domain = one(of: domains)
        return one(of: [
            [Evidence.domainTag: domainARN(domain)], [Evidence.domainTag: domainARN(domain)], [:],
            [Evidence.domainTag: domainARN(domain, account: "999999999999")], [Evidence.domainTag: "d-a"],
            [Evidence.guardDutyTag: "true"],
        ])
    }

    private mutating func addFileSystems() {
        for number in 0..<count(4) {
            var fileSystem = FileSystem(id: "fs-\(number)", ownerID: owner(), tags: tags())
            let targets = count(3)
            for index in 0..<targets {
                fileSystem.mountTargets.append(MountTarget(id: "fsmt-\(number)-\(index)", vpcID: place()))
            }
            if chance(0.15) { fileSystem.replicas = ["fs-x in eu-west-1"] }
            inventory.fileSystems.append(fileSystem)
        }
    }

    private mutating func addGroups() {
        inventory.groups = [SecurityGroup("sg-default", "default")]
        for number in 0..<count(12) {
            var group: SecurityGroup
            switch count(3) {
            case 0:
                group = .nfs("sg-\(number)", one(of: ["inbound", "outbound"]), one(of: domains), isTagged: chance(0.5))
            case 1: group = SecurityGroup("sg-\(number)", "GuardDutyManagedSecurityGroup-\(vpc)", tags: tags())
            default: group = SecurityGroup("sg-\(number)", "group-\(number)", tags: tags())
            }
            group.vpcID = chance(0.05) ? otherVPC : vpc
            group.ownerID = owner()
            if chance(0.05) { group.associatedVPCs = [otherVPC] }
            inventory.groups.append(group)
        }
        let ids = inventory.groups.map(\.id)
        for index in inventory.groups.indices {
            for rule in 0..<count(3) {
                inventory.groups[index].rules.append(
                    .init(
                        id: "sgr-\(index)-\(rule)", direction: one(of: [.ingress, .egress]),
                        referencedGroupID: chance(0.6) ? one(of: ids) : nil))
            }
        }
    }

    private mutating func addEndpoints() {
        for number in 0..<count(3) {
            let service = one(of: ["guardduty-data", "s3", "ec2"])
            inventory.endpoints.append(
                VPCEndpoint(
                    id: "vpce-\(number)", type: one(of: ["Interface", "Gateway"]),
                    serviceName: "com.amazonaws.eu-central-1.\(service)",
                    state: one(of: ["available", "Available", "deleting", "Deleted", "failed"]), vpcID: place(),
                    ownerID: owner(), tags: chance(0.6) ? [Evidence.guardDutyTag: "true"] : [:],
                    interfaceIDs: chance(0.5) ? ["eni-\(number)"] : [],
                    groupIDs: chance(0.5) ? [one(of: inventory.groups.map(\.id))] : []))
        }
    }

    private mutating func addInterfaces() {
        let groups = inventory.groups.map(\.id)
        for number in 0..<count(10) {
            let domain = one(of: domains)
            let target = one(of: inventory.fileSystems.flatMap(\.mountTargets).map(\.id) + ["fsmt-none"])
            let description = one(of: [
                "[DO NOT DELETE] ENI managed by SageMaker for Studio Domain (\(domain)) - 1",
                functionDescription("alive"),
                functionDescription("gone"), "EFS mount target for fs-1 (\(target))",
                "VPC Endpoint Interface vpce-\(count(3))", "ELB app/x/1", "", "Primary network interface",
            ])
            var interface = NetworkInterface(
                "eni-\(number)", description, type: one(of: ["interface", "lambda", "efs", "nat_gateway"]),
                isAvailable: chance(0.5), groups: chance(0.7) ? [one(of: groups), one(of: groups)] : [],
                instance: chance(0.2) ? "i-1" : nil)
            interface.vpcID = place()
            interface.ownerID = owner()
            inventory.interfaces.append(interface)
        }
    }
}
