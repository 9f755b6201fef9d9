import AWSCore
import JSON
import Synchronization
import TestSupport

@testable import VPCCleanup

let account = "123456789012"
let vpc = "vpc-0123456789abcdef0"
let otherVPC = "vpc-0fedcba9876543210"

func domainARN(_ domain: String, account: String = account) -> String {
    "arn:aws:sagemaker:eu-central-1:\(account):domain/\(domain)"
}

extension SecurityGroup {
    init(_ id: String, _ name: String, _ description: String = "", vpc id2: String = vpc, tags: [String: String] = [:])
    {
        self.init(id: id, name: name, description: description, vpcID: id2, ownerID: account, tags: tags)
    }

    /// One of the two groups SageMaker makes for a domain, by tag, or only by name and description.
    static func nfs(_ id: String, _ direction: String, _ domain: String, isTagged: Bool = true) -> SecurityGroup {
        SecurityGroup(
            id, "security-group-for-\(direction)-nfs-\(domain)",
            "[DO NOT DELETE] Security Group that allows \(direction) NFS traffic for SageMaker Notebooks Domain [\(domain)]",
            tags: isTagged ? [Evidence.domainTag: domainARN(domain)] : [:])
    }
}

extension NetworkInterface {
    init(
        _ id: String, _ description: String = "", type: String = "interface", isAvailable: Bool = false,
        groups: [String] = [], instance: String? = nil
    ) {
        self.init(
            id: id, description: description, type: type, status: isAvailable ? "available" : "in-use", vpcID: vpc,
            ownerID: account, subnetID: "subnet-1", groupIDs: groups, instanceID: instance)
    }
}

let studioDescription = "[DO NOT DELETE] ENI managed by SageMaker for Studio Domain (d-gone) - 0a1b2c"
extension AttachedFunction {
    /// A function in the subnet of all interfaces.
    init(_ name: String, groups: Set<String> = []) {
        self.init(name: name, subnetIDs: ["subnet-0", "subnet-1"], groupIDs: groups)
    }
}

func functionDescription(_ name: String) -> String {
    "AWS Lambda VPC ENI-\(name)-01234567-89ab-cdef-0123-456789abcdef"
}

/// Fills a world.
extension FakeWorld.State {
    /// An account with the VPC, its default group, and another VPC.
    static var empty: FakeWorld.State {
        var state = FakeWorld.State()
        state.vpcs[vpc] = VPCFacts(id: vpc, ownerID: state.account)
        state.vpcs[otherVPC] = VPCFacts(id: otherVPC, ownerID: state.account)
        state.add(SecurityGroup("sg-default", "default"))
        return state
    }

    mutating func add(_ group: SecurityGroup) { groups[group.id] = group }
    mutating func add(_ interface: NetworkInterface) { interfaces[interface.id] = interface }

    /// What a deleted domain leaves: two groups that name each other, a file system with mount targets.
    mutating func addLeftovers(of domain: String, mountTargets: Int = 2, isTagged: Bool = true) {
        var inbound = SecurityGroup.nfs("sg-in-\(domain)", "inbound", domain, isTagged: isTagged)
        var outbound = SecurityGroup.nfs("sg-out-\(domain)", "outbound", domain, isTagged: isTagged)
        inbound.rules = [.init(id: "sgr-in-\(domain)", direction: .ingress, referencedGroupID: outbound.id)]
        outbound.rules = [.init(id: "sgr-out-\(domain)", direction: .egress, referencedGroupID: inbound.id)]
        add(inbound)
        add(outbound)
        guard mountTargets > 0 else { return }
        addFileSystem("fs-\(domain)", domain: domain, mountTargets: mountTargets, group: inbound.id)
    }

    mutating func addFileSystem(
        _ id: String, domain: String?, mountTargets count: Int, group: String, in vpcID: String = vpc
    ) {
        var fileSystem = FileSystem(id: id, ownerID: account, sizeInBytes: 6_144)
        if let domain { fileSystem.tags = [Evidence.domainTag: domainARN(domain)] }
        for number in 0..<count {
            let target = "fsmt-\(id.dropFirst(3))-\(number)"
            fileSystem.mountTargets.append(MountTarget(id: target, vpcID: vpcID))
            var interface = NetworkInterface(
                "eni-\(target)", "EFS mount target for \(id) (\(target))", type: "efs", groups: [group])
            interface.vpcID = vpcID
            interface.attachmentOwnerID = "amazon-aws"
            add(interface)
            requesterManaged.insert(interface.id)
        }
        fileSystems[id] = fileSystem
    }

    mutating func addGuardDuty() {
        let tags = [Evidence.guardDutyTag: "true"]
        add(SecurityGroup("sg-guard", "GuardDutyManagedSecurityGroup-\(vpc)", tags: tags))
        add(
            NetworkInterface(
                "eni-guard", "VPC Endpoint Interface vpce-guard", type: "vpc_endpoint", groups: ["sg-guard"]))
        requesterManaged.insert("eni-guard")
        endpoints["vpce-guard"] = VPCEndpoint(
            id: "vpce-guard", type: "Interface", serviceName: "com.amazonaws.eu-central-1.guardduty-data",
            state: "Available", vpcID: vpc, ownerID: account, tags: tags, interfaceIDs: ["eni-guard"],
            groupIDs: ["sg-guard"])
    }
}

/// A cleanup of a fake world, and what it told.
struct Cleanup: Sendable {
    final class Told: Sendable {
        let lines = Mutex<[String]>([])
        let checkpoint = Mutex<JSONValue?>(nil)
    }

    let time = VirtualTime()
    let world: FakeWorld
    let run: CleanupRun
    let told = Told()

    init(
        _ state: FakeWorld.State, _ manners: FakeWorld.Manners = .init(),
        _ options: CleanupOptions = CleanupOptions(vpcID: vpc), from checkpoint: JSONValue? = nil
    ) {
        world = FakeWorld(time, state, manners)
        let told = told
        let journal = CleanupJournal(
            vpcID: vpc, state: CleanupState(checkpoint), checkpoint: { json in told.checkpoint.withLock { $0 = json } },
            report: { line in told.lines.withLock { $0.append(line) } })
        run = CleanupRun(
            world: world, options: options, schedule: PollSchedule(), clock: time.clock, journal: journal,
            log: { line in told.lines.withLock { $0.append(line) } })
    }

    @discardableResult
    func clean() throws -> CleanupPlan? {
        let run = run
        return try time.run { try await run.clean() }
    }

    /// The error the cleanup ends with.
    func failure() -> String? {
        do {
            try clean()
            return nil
        } catch {
            return "\(error)"
        }
    }

    var elapsed: Duration { time.clock.now.offset }
    var lines: [String] { told.lines.withLock { $0 } }
    var checkpoint: JSONValue? { told.checkpoint.withLock { $0 } }
}
