internal import AWSCore
internal import AWSServices
internal import Synchronization

/// The account and region a function runs in, through the clients of AWS.
final class AWSWorld: VPCWorld {
    private let ec2: EC2Client
    private let efs: EFSClient
    private let sageMaker: SageMakerClient
    private let lambda: LambdaClient
    private let caller: @Sendable () async throws -> String
    /// Whose function this is does not change.
    private let account = Mutex<String?>(nil)

    init(
        ec2: EC2Client, efs: EFSClient, sageMaker: SageMakerClient, lambda: LambdaClient,
        caller: @escaping @Sendable () async throws -> String
    ) {
        self.ec2 = ec2
        self.efs = efs
        self.sageMaker = sageMaker
        self.lambda = lambda
        self.caller = caller
    }

    func accountID() async throws -> String {
        if let known = account.withLock({ $0 }) { return known }
        let id = try await caller()
        account.withLock { $0 = id }
        return id
    }

    func vpc(_ id: String) async throws -> VPCFacts? {
        try await unlessGone { try await ec2.describeVPCs(ids: [id]).first }.map { vpc in
            VPCFacts(id: vpc.id, isDefault: vpc.isDefault, ownerID: vpc.ownerID ?? "")
        }
    }

    func domains() async throws -> [Domain] {
        var domains: [Domain] = []
        // The list does not tell the VPC.
        for summary in try await sageMaker.listDomains() {
            if let domain = try await domain(summary.id) { domains.append(domain) }
        }
        return domains
    }

    func domain(_ id: String) async throws -> Domain? {
        try await unlessGone { try await sageMaker.describeDomain(id) }.map { domain in
            Domain(id: domain.id, status: domain.status, vpcID: domain.vpcID ?? "")
        }
    }

    func fileSystems() async throws -> [FileSystemListing] {
        try await efs.describeFileSystems().filter { $0.tags[Evidence.domainTag] != nil }.map { fileSystem in
            FileSystemListing(
                fileSystem: FileSystem(
                    id: fileSystem.id, ownerID: fileSystem.ownerID ?? "", tags: fileSystem.tags,
                    sizeInBytes: fileSystem.sizeInBytes ?? 0),
                mountTargetCount: fileSystem.mountTargetCount)
        }
    }

    func fileSystemState(_ id: String) async throws -> String? {
        try await unlessGone { try await efs.describeFileSystems(id: id).first }?.lifeCycleState
    }

    func mountTargets(of fileSystem: String) async throws -> [MountTarget] {
        let targets = try await unlessGone { try await efs.describeMountTargets(fileSystemID: fileSystem) } ?? []
        return targets.map { target in
            MountTarget(
                id: target.id, vpcID: target.vpcID ?? "", state: target.lifeCycleState,
                interfaceID: target.networkInterfaceID)
        }
    }

    func accessPointCount(of fileSystem: String) async throws -> Int {
        try await efs.describeAccessPoints(fileSystemID: fileSystem).count
    }

    func replicas(of fileSystem: String) async throws -> [String] {
        try await efs.describeReplicationConfigurations(fileSystemID: fileSystem).flatMap { replication in
            replication.destinations.map { "\(replication.sourceFileSystemID) to \($0.fileSystemID) in \($0.region)" }
        }
    }

    func functions(in vpc: String) async throws -> [AttachedFunction] {
        try await lambda.listFunctions().filter { $0.vpcID == vpc }.map { function in
            let version = function.version.flatMap { $0 == "$LATEST" ? nil : ":\($0)" } ?? ""
            return AttachedFunction(
                name: function.name + version, subnetIDs: Set(function.subnetIDs), groupIDs: Set(function.groupIDs))
        }
    }

    func deleteMountTarget(_ id: String) async throws { try await efs.deleteMountTarget(id) }

    func deleteFileSystem(_ id: String) async throws { try await efs.deleteFileSystem(id) }

    func groups(in vpc: String) async throws -> [SecurityGroup] {
        try await ec2.describeSecurityGroups(filters: [EC2Filter("vpc-id", vpc)]).map { group in
            SecurityGroup(
                id: group.id, name: group.name, description: group.description, vpcID: group.vpcID ?? "",
                ownerID: group.ownerID ?? "", tags: group.tags)
        }
    }

    func rules(of groups: [String]) async throws -> [String: [SecurityGroupRule]] {
        let rules = try await ec2.describeSecurityGroupRules(groupIDs: groups)
        return Dictionary(grouping: rules, by: \.groupID).mapValues { rules in
            rules.map { rule in
                SecurityGroupRule(
                    id: rule.id, direction: rule.isEgress ? .egress : .ingress,
                    referencedGroupID: rule.referencedGroup?.groupID)
            }
        }
    }

    func associations(of groups: [String]) async throws -> [String: [String]] {
        let associations = try await ec2.describeSecurityGroupVPCAssociations(groupIDs: groups)
        return Dictionary(grouping: associations.filter { $0.state != "disassociated" }, by: \.groupID)
            .mapValues { $0.map(\.vpcID) }
    }

    func interfaces(in vpc: String) async throws -> [NetworkInterface] {
        try await ec2.describeNetworkInterfaces(filters: [EC2Filter("vpc-id", vpc)]).map { interface in
            NetworkInterface(
                id: interface.id, description: interface.description, type: interface.interfaceType ?? "interface",
                status: interface.status, vpcID: interface.vpcID ?? "", ownerID: interface.ownerID ?? "",
                subnetID: interface.subnetID ?? "", requesterID: interface.requesterID, groupIDs: interface.groupIDs,
                instanceID: interface.attachment?.instanceID,
                attachmentOwnerID: interface.attachment?.instanceOwnerID)
        }
    }

    func endpoints(in vpc: String) async throws -> [VPCEndpoint] {
        try await ec2.describeVPCEndpoints(filters: [EC2Filter("vpc-id", vpc)]).map { endpoint in
            VPCEndpoint(
                id: endpoint.id, type: endpoint.type ?? "", serviceName: endpoint.serviceName ?? "",
                state: endpoint.state ?? "", vpcID: endpoint.vpcID, ownerID: endpoint.ownerID ?? "",
                tags: endpoint.tags, interfaceIDs: endpoint.networkInterfaceIDs, groupIDs: endpoint.groupIDs)
        }
    }

    func others(_ kind: EC2VPCResource.Kind, in vpc: String) async throws -> [OtherResource] {
        let gone: Set<String> = ["deleted", "rejected", "expired", "failed"]
        return try await ec2.describeVPCResources(kind, vpcID: vpc).filter { !gone.contains($0.state ?? "") }.map {
            OtherResource(id: $0.id, kind: kind.rawValue, owner: $0.ownerID ?? "this account")
        }
    }

    func deleteEndpoints(_ ids: [String]) async throws -> [String: ServiceError] {
        try await ec2.deleteVPCEndpoints(ids)
    }

    func deleteInterface(_ id: String) async throws { try await ec2.deleteNetworkInterface(id) }

    func revokeRules(_ ids: [String], of group: String, _ direction: SecurityGroupRule.Direction) async throws {
        switch direction {
        case .ingress: try await ec2.revokeSecurityGroupIngress(groupID: group, ruleIDs: ids)
        case .egress: try await ec2.revokeSecurityGroupEgress(groupID: group, ruleIDs: ids)
        }
    }

    func deleteGroup(_ id: String) async throws { try await ec2.deleteSecurityGroup(id) }

    /// What is read, or nil when it is not there.
    private func unlessGone<Value>(_ read: () async throws -> Value?) async throws -> Value? {
        do {
            return try await read()
        } catch let error as ServiceError where error.isNotFound {
            return nil
        }
    }
}
