import AWSCore
import AWSServices
import Synchronization
import TestSupport

@testable import VPCCleanup

/// An account that is as strict as AWS: what is held cannot be deleted, deletions take their time, interfaces outlive
/// what they are of, lists lag behind. Time is the clock's.
final class FakeWorld: VPCWorld {
    /// How the world behaves.
    struct Manners: Sendable {
        /// How long a call takes.
        var latency = Duration.milliseconds(150)
        /// How long a mount target takes to go, by file system.
        var mountTargetTime: [String: Duration] = [:]
        /// How long a mount target takes to go, of all other file systems.
        var otherMountTargetTime = Duration.seconds(60)
        /// How long an interface outlives its mount target.
        var interfaceLag = Duration.seconds(25)
        /// How long a file system takes to go.
        var fileSystemTime = Duration.seconds(20)
        /// How long an endpoint takes to go.
        var endpointTime = Duration.seconds(90)
        /// How long a deleted group stays in the lists.
        var listLag = Duration.seconds(4)
        /// Refuses a call, by its name, the id it is about, and how often that call was made before.
        var refuse: (@Sendable (_ call: String, _ id: String, _ count: Int) -> ServiceError?)?
        /// Changes the world before a call.
        var intervene: (@Sendable (_ call: String, _ id: String, _ state: inout State) -> Void)?
    }

    /// What there is.
    struct State: Sendable {
        var account = "123456789012"
        var vpcs: [String: VPCFacts] = [:]
        var domains: [String: Domain] = [:]
        var fileSystems: [String: FileSystem] = [:]
        var groups: [String: SecurityGroup] = [:]
        var ghosts: [String: SecurityGroup] = [:]
        var interfaces: [String: NetworkInterface] = [:]
        var endpoints: [String: VPCEndpoint] = [:]
        var functions: [AttachedFunction] = []
        var others: [OtherResource] = []
        /// Interfaces whose service lets them go only when their resource is gone.
        var requesterManaged: Set<String> = []

        var due: [(at: Duration, apply: @Sendable (inout State) -> Void)] = []
        var calls: [String: Int] = [:]
        var mutations: [String] = []
        var inFlight = 0
        var mostInFlight = 0

        mutating func settle(_ now: Duration) {
            while let index = due.indices.filter({ due[$0].at <= now }).min(by: { due[$0].at < due[$1].at }) {
                due.remove(at: index).apply(&self)
            }
        }

        /// Whether the VPC's subnets, groups and the VPC itself could be deleted.
        func isClean(_ vpc: String) -> Bool {
            !interfaces.values.contains { $0.vpcID == vpc }
                && !groups.values.contains { $0.vpcID == vpc && !$0.isDefault }
                && !endpoints.values.contains { $0.vpcID == vpc && !$0.isDeleted }
        }
    }

    let time: VirtualTime
    let manners: Manners
    let state: Mutex<State>

    init(_ time: VirtualTime, _ state: State, _ manners: Manners = Manners()) {
        self.time = time
        self.manners = manners
        self.state = Mutex(state)
    }

    var now: State {
        state.withLock { state in
            state.settle(time.clock.now.offset)
            return state
        }
    }

    var callCount: Int { state.withLock { $0.calls.values.reduce(0, +) } }

    /// One call: it takes its time, may be throttled, and sees the world as it is then.
    private func call<Value: Sendable>(
        _ name: String, _ id: String = "", pages: Int = 1, mutates: Bool = false,
        _ body: @Sendable (inout State, Duration) throws -> Value
    ) async throws -> Value {
        state.withLock { state in
            state.calls[name, default: 0] += pages
            if mutates { state.mutations.append("\(name) \(id)") }
            state.inFlight += 1
            state.mostInFlight = max(state.mostInFlight, state.inFlight)
        }
        defer { state.withLock { $0.inFlight -= 1 } }
        try await time.clock.sleep(for: manners.latency * pages)
        return try state.withLock { state in
            state.settle(time.clock.now.offset)
            manners.intervene?(name, id, &state)
            if let error = manners.refuse?(name, id, state.calls[name, default: 1] - 1) { throw error }
            return try body(&state, time.clock.now.offset)
        }
    }

    func accountID() async throws -> String {
        // Asked once in the life of a function.
        if now.calls["GetCallerIdentity"] != nil { return now.account }
        return try await call("GetCallerIdentity") { state, _ in state.account }
    }

    func vpc(_ id: String) async throws -> VPCFacts? {
        try await call("DescribeVpcs", id) { state, _ in state.vpcs[id] }
    }

    func domains() async throws -> [Domain] {
        let count = state.withLock { $0.domains.count }
        return try await call("ListDomains+DescribeDomain", pages: 1 + count) { state, _ in Array(state.domains.values)
        }
    }

    func domain(_ id: String) async throws -> Domain? {
        try await call("DescribeDomain", id) { state, _ in state.domains[id] }
    }

    func fileSystems() async throws -> [FileSystemListing] {
        try await call("DescribeFileSystems") { state, _ in
            state.fileSystems.values.filter { $0.tags[Evidence.domainTag] != nil }.map { fileSystem in
                var bare = fileSystem
                bare.mountTargets = []
                bare.replicas = []
                bare.accessPointCount = 0
                return FileSystemListing(fileSystem: bare, mountTargetCount: fileSystem.mountTargets.count)
            }
        }
    }

    func fileSystemState(_ id: String) async throws -> String? {
        try await call("DescribeFileSystem", id) { state, _ in state.fileSystems[id]?.state }
    }

    func mountTargets(of fileSystem: String) async throws -> [MountTarget] {
        try await call("DescribeMountTargets", fileSystem) { state, _ in
            state.fileSystems[fileSystem]?.mountTargets ?? []
        }
    }

    func accessPointCount(of fileSystem: String) async throws -> Int {
        try await call("DescribeAccessPoints", fileSystem) { state, _ in
            state.fileSystems[fileSystem]?.accessPointCount ?? 0
        }
    }

    func replicas(of fileSystem: String) async throws -> [String] {
        try await call("DescribeReplicationConfigurations", fileSystem) { state, _ in
            state.fileSystems[fileSystem]?.replicas ?? []
        }
    }

    func groups(in vpc: String) async throws -> [SecurityGroup] {
        try await call("DescribeSecurityGroups", vpc) { state, _ in
            (Array(state.groups.values) + Array(state.ghosts.values)).filter {
                $0.vpcID == vpc || $0.associatedVPCs.contains(vpc)
            }.map { group in
                var bare = group
                bare.rules = []
                bare.associatedVPCs = []
                return bare
            }
        }
    }

    func rules(of groups: [String]) async throws -> [String: [SecurityGroupRule]] {
        try await call("DescribeSecurityGroupRules", groups.first ?? "", pages: (groups.count + 199) / 200) {
            state, _ in
            Dictionary(uniqueKeysWithValues: groups.map { ($0, state.groups[$0]?.rules ?? []) })
        }
    }

    func associations(of groups: [String]) async throws -> [String: [String]] {
        try await call("DescribeSecurityGroupVpcAssociations", pages: (groups.count + 199) / 200) { state, _ in
            Dictionary(uniqueKeysWithValues: groups.map { ($0, state.groups[$0]?.associatedVPCs ?? []) })
        }
    }

    func interfaces(in vpc: String) async throws -> [NetworkInterface] {
        try await call("DescribeNetworkInterfaces", vpc) { state, _ in
            state.interfaces.values.filter { $0.vpcID == vpc }
        }
    }

    func endpoints(in vpc: String) async throws -> [VPCEndpoint] {
        try await call("DescribeVpcEndpoints", vpc) { state, _ in state.endpoints.values.filter { $0.vpcID == vpc } }
    }

    func functions(in vpc: String) async throws -> [AttachedFunction] {
        try await call("ListFunctions", vpc) { state, _ in state.functions }
    }

    func others(_ kind: EC2VPCResource.Kind, in vpc: String) async throws -> [OtherResource] {
        let pages = kind == .peeringConnection ? 2 : 1
        return try await call("DescribeOthers", vpc, pages: pages) { state, _ in
            state.others.filter { $0.kind == kind.rawValue }
        }
    }

    func deleteMountTarget(_ id: String) async throws {
        try await call("DeleteMountTarget", id, mutates: true) { state, now in
            guard
                let owner = state.fileSystems.values.first(where: { $0.mountTargets.contains { $0.id == id } })?.id,
                let index = state.fileSystems[owner]?.mountTargets.firstIndex(where: { $0.id == id })
            else { throw failure("MountTargetNotFound", status: 404) }
            guard state.fileSystems[owner]?.mountTargets[index].state == "available" else {
                throw failure("IncorrectMountTargetState", status: 409)
            }
            state.fileSystems[owner]?.mountTargets[index].state = "deleting"
            let end = now + (self.manners.mountTargetTime[owner] ?? self.manners.otherMountTargetTime)
            state.due.append(
                (end, { $0.fileSystems[owner]?.mountTargets.removeAll { $0.id == id } }))
            state.due.append(
                (
                    end + self.manners.interfaceLag,
                    { state in
                        let own = state.interfaces.values.filter {
                            $0.description == "EFS mount target for \(owner) (\(id))"
                        }
                        for interface in own { state.interfaces[interface.id] = nil }
                    }
                ))
        }
    }

    func deleteFileSystem(_ id: String) async throws {
        try await call("DeleteFileSystem", id, mutates: true) { state, now in
            guard let fileSystem = state.fileSystems[id] else { throw failure("FileSystemNotFound", status: 404) }
            guard fileSystem.mountTargets.isEmpty, fileSystem.replicas.isEmpty else {
                throw failure("FileSystemInUse", status: 409)
            }
            state.fileSystems[id]?.state = "deleting"
            state.due.append((now + self.manners.fileSystemTime, { $0.fileSystems[id] = nil }))
        }
    }

    func deleteEndpoints(_ ids: [String]) async throws -> [String: ServiceError] {
        try await call("DeleteVpcEndpoints", ids.joined(separator: ","), mutates: true) { state, now in
            var refused: [String: ServiceError] = [:]
            for id in ids {
                guard state.endpoints[id] != nil else {
                    refused[id] = failure("InvalidVpcEndpoint.NotFound", status: 400)
                    continue
                }
                state.endpoints[id]?.state = "deleting"
                state.due.append(
                    (
                        now + self.manners.endpointTime,
                        { state in
                            for interface in state.endpoints[id]?.interfaceIDs ?? [] {
                                state.interfaces[interface] = nil
                            }
                            state.endpoints[id]?.state = "Deleted"
                            state.endpoints[id]?.interfaceIDs = []
                            state.endpoints[id]?.groupIDs = []
                        }
                    ))
            }
            return refused
        }
    }

    func deleteInterface(_ id: String) async throws {
        try await call("DeleteNetworkInterface", id, mutates: true) { state, _ in
            guard let interface = state.interfaces[id] else {
                throw failure("InvalidNetworkInterfaceID.NotFound", status: 400)
            }
            guard !state.requesterManaged.contains(id) else { throw failure("OperationNotPermitted", status: 400) }
            guard interface.isAvailable else {
                throw failure("InvalidParameterValue", "Network interface '\(id)' is currently in use.", status: 400)
            }
            state.interfaces[id] = nil
        }
    }

    func revokeRules(_ ids: [String], of group: String, _ direction: SecurityGroupRule.Direction) async throws {
        try await call("RevokeSecurityGroup", group, mutates: true) { state, _ in
            guard let rules = state.groups[group]?.rules else { throw failure("InvalidGroup.NotFound", status: 400) }
            let present = Set(rules.filter { $0.direction == direction }.map(\.id))
            guard ids.allSatisfy(present.contains) else {
                throw failure("InvalidSecurityGroupRuleId.NotFound", status: 400)
            }
            state.groups[group]?.rules.removeAll { ids.contains($0.id) }
        }
    }

    func deleteGroup(_ id: String) async throws {
        try await call("DeleteSecurityGroup", id, mutates: true) { state, now in
            guard let group = state.groups[id] else { throw failure("InvalidGroup.NotFound", status: 400) }
            guard !group.isDefault else { throw failure("CannotDelete", status: 400) }
            let isNamed = state.groups.values.contains { other in
                other.id != id && other.rules.contains { $0.referencedGroupID == id }
            }
            let isWorn =
                state.interfaces.values.contains { $0.groupIDs.contains(id) }
                || state.endpoints.values.contains { $0.groupIDs.contains(id) && !$0.isDeleted }
            guard !isNamed, !isWorn, group.associatedVPCs.isEmpty else {
                throw failure("DependencyViolation", "resource \(id) has a dependent object", status: 400)
            }
            state.groups[id] = nil
            state.ghosts[id] = group
            state.due.append((now + self.manners.listLag, { $0.ghosts[id] = nil }))
        }
    }
}

/// What AWS says when it refuses.
func failure(_ code: String, _ message: String = "", status: Int) -> ServiceError {
    ServiceError(service: "aws", operation: "Call", code: code, message: message, status: status)
}
