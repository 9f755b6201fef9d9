internal import AWSCore
internal import AWSServices

/// Takes the inventory of a VPC: reads only, side by side.
struct Survey: Sendable {
    let world: any VPCWorld
    let limit: CallLimit
    let options: CleanupOptions
    let log: @Sendable (String) -> Void

    /// What there is, or nil when the VPC is gone.
    func inventory(accountID: String) async throws -> Inventory? {
        guard let vpc = try await limit.run({ try await world.vpc(options.vpcID) }) else { return nil }
        var inventory = Inventory(vpc: vpc, accountID: accountID)
        // Of what is never cleaned up no more need be known.
        guard !vpc.isDefault, vpc.ownerID == accountID else { return inventory }
        async let domains = limit.run { try await world.domains() }
        async let groups = groups(accountID)
        async let interfaces = limit.run { try await world.interfaces(in: options.vpcID) }
        async let endpoints = limit.run { try await world.endpoints(in: options.vpcID) }
        inventory.domains = try await domains
        inventory.fileSystems = try await fileSystems(accountID, domains: inventory.domains)
        inventory.groups = try await groups
        inventory.interfaces = try await interfaces
        inventory.endpoints = try await endpoints
        if inventory.interfaces.contains(where: \.isOfAFunction) {
            inventory.functions = try await optional("functions") { try await world.functions(in: options.vpcID) }
        }
        return inventory
    }

    /// The VPC's default group, for the plan that empties it; nil when the VPC is gone.
    func defaultGroup(accountID: String) async throws -> Inventory? {
        guard let vpc = try await limit.run({ try await world.vpc(options.vpcID) }) else { return nil }
        var inventory = Inventory(vpc: vpc, accountID: accountID)
        guard options.editsDefaultGroup, !vpc.isDefault, vpc.ownerID == accountID else { return inventory }
        var groups = try await limit.run { try await world.groups(in: options.vpcID) }.filter(\.isDefault)
        let rules = try await limit.run { [groups] in try await world.rules(of: groups.map(\.id)) }
        for index in groups.indices { groups[index].rules = rules[groups[index].id] ?? [] }
        inventory.groups = groups
        return inventory
    }

    /// Gateways and the like, which are only reported.
    func others() async throws -> [OtherResource] {
        try await withThrowingTaskGroup(of: [OtherResource].self) { group in
            for kind in EC2VPCResource.Kind.allCases {
                group.addTask {
                    try await optional("each \(kind.rawValue)") { try await world.others(kind, in: options.vpcID) }
                        ?? []
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
    }

    /// The tagged file systems, with their mount targets: of those whose domain is not at home elsewhere.
    private func fileSystems(_ accountID: String, domains: [Domain]) async throws -> [FileSystem] {
        let evidence = Evidence(accountID: accountID)
        let elsewhere = Set(domains.filter { $0.vpcID != options.vpcID }.map(\.id))
        let listings = try await limit.run { try await world.fileSystems() }.filter { listing in
            guard let domain = evidence.domain(ofTags: listing.fileSystem.tags) else { return false }
            return listing.fileSystem.ownerID == accountID && !elsewhere.contains(domain)
        }
        return try await withThrowingTaskGroup(of: FileSystem.self) { group in
            for listing in listings { group.addTask { try await details(of: listing) } }
            return try await group.reduce(into: []) { $0.append($1) }.sorted { $0.id < $1.id }
        }
    }

    private func details(of listing: FileSystemListing) async throws -> FileSystem {
        var fileSystem = listing.fileSystem
        let id = fileSystem.id
        if listing.mountTargetCount > 0 {
            fileSystem.mountTargets = try await limit.run { try await world.mountTargets(of: id) }
        }
        if options.deletesHomeFileSystems {
            // Not only for the report, but EFS itself deletes no file system that is replicated.
            fileSystem.replicas = try await optional("replications") { try await world.replicas(of: id) } ?? []
            fileSystem.accessPointCount =
                try await optional("access points") { try await world.accessPointCount(of: id) } ?? 0
        }
        return fileSystem
    }

    private func groups(_ accountID: String) async throws -> [SecurityGroup] {
        var groups = try await limit.run { try await world.groups(in: options.vpcID) }
        guard !groups.isEmpty else { return [] }
        let ids = groups.map(\.id)
        let evidence = Evidence(accountID: accountID)
        let leftovers = groups.filter { evidence.domain(of: $0) != nil || evidence.isGuardDuty($0) }.map(\.id)
        async let rules = limit.run { try await world.rules(of: ids) }
        let associations =
            leftovers.isEmpty
            ? [:] : try await optional("groups' associations") { try await world.associations(of: leftovers) } ?? [:]
        let found = try await rules
        for index in groups.indices {
            groups[index].rules = found[groups[index].id] ?? []
            groups[index].associatedVPCs = associations[groups[index].id] ?? []
        }
        return groups
    }

    /// Reads what a cleanup does not need to know: what cannot be read is logged and left out.
    private func optional<Value: Sendable>(
        _ what: String, _ read: @escaping @Sendable () async throws -> Value
    ) async throws -> Value? {
        do {
            return try await limit.run(read)
        } catch let error where !(error is CancellationError) {
            log("Could not look up \(what), and goes on without: \(error)")
            return nil
        }
    }
}

extension NetworkInterface {
    /// Whether Lambda made the interface for a function.
    var isOfAFunction: Bool {
        if case .function = use { true } else { false }
    }
}
