extension PlanDraft {
    /// Decides about file systems and their mount targets: SageMaker's targets in the VPC go; the file systems themselves,
    /// which hold what users keep, only when the user says so.
    mutating func addFileSystems() {
        for fileSystem in inventory.fileSystems.sorted(by: { $0.id < $1.id }) {
            switch ownership(of: fileSystem) {
            case .success(let ours): addOwn(fileSystem, domain: ours.domain, evidence: ours.evidence)
            case .failure(let why):
                keep(.fileSystem, fileSystem.id, why.reason)
                for target in fileSystem.mountTargets { addForeign(target, of: fileSystem, why.reason) }
            }
        }
    }

    private struct Ownership {
        var domain: String
        var evidence: String
    }

    private struct NotOurs: Error {
        var reason: String
    }

    /// Whether the file system is a leftover in this VPC.
    private func ownership(of fileSystem: FileSystem) -> Result<Ownership, NotOurs> {
        guard fileSystem.ownerID == inventory.accountID else {
            return .failure(NotOurs(reason: "belongs to account \(fileSystem.ownerID)"))
        }
        guard let domain = evidence.domain(ofTags: fileSystem.tags) else {
            return .failure(NotOurs(reason: "no tag \(Evidence.domainTag) with a domain of this account"))
        }
        if domainsElsewhere.contains(domain) {
            return .failure(NotOurs(reason: "its domain \(domain) is in another VPC"))
        }
        let tag = "its tag names domain \(domain)"
        if fileSystem.mountTargets.contains(where: { $0.vpcID == options.vpcID }) {
            // SageMaker's own targets wear a group of the domain, which stays as long as they do. Others were made by those
            // who mount what a domain of another VPC left them.
            guard domainsWithGroups.contains(domain) || options.domainID == domain else {
                return .failure(
                    NotOurs(
                        reason: "no group of its domain \(domain) is in this VPC, and DomainId is not \(domain)"))
            }
            return .success(Ownership(domain: domain, evidence: "\(tag), and it has mount targets in \(options.vpcID)"))
        }
        guard fileSystem.mountTargets.isEmpty else {
            return .failure(NotOurs(reason: "its mount targets are in another VPC"))
        }
        // Without a mount target only its domain can tie it to a VPC. A domain has one VPC, where its groups are.
        if options.knownFileSystems.contains(fileSystem.id) {
            return .success(
                Ownership(domain: domain, evidence: "\(tag), and its mount targets were in \(options.vpcID)"))
        }
        if options.domainID == domain {
            return .success(Ownership(domain: domain, evidence: "\(tag), which DomainId names"))
        }
        if domainsWithTaggedGroups.contains(domain) {
            return .success(Ownership(domain: domain, evidence: "\(tag), whose groups are in \(options.vpcID)"))
        }
        return .failure(
            NotOurs(reason: "nothing ties it to this VPC: it has no mount target, and DomainId is not \(domain)"))
    }

    private mutating func addOwn(_ fileSystem: FileSystem, domain: String, evidence: String) {
        ownFileSystems.insert(fileSystem.id)
        let ours = fileSystem.mountTargets.filter { $0.vpcID == options.vpcID }.map(\.id).sorted()
        var dependencies: Set<Int> = []
        if !ours.isEmpty {
            let action = act(.deleteMountTargets(ours, fileSystem: fileSystem.id), evidence)
            dependencies.insert(action)
            for target in ours { mountTargetActions[target] = action }
            domainActions[domain, default: []].insert(action)
        }
        let elsewhere = fileSystem.mountTargets.filter { $0.vpcID != options.vpcID }
        for target in elsewhere { keep(.mountTarget, target.id, "is in \(target.vpcID)") }
        if let reason = reasonToRetain(fileSystem, of: domain, elsewhere: elsewhere) {
            plan.retainedFileSystemIDs.append(fileSystem.id)
            keep(.fileSystem, fileSystem.id, reason)
            return
        }
        let content = "\(fileSystem.sizeInBytes) bytes, \(fileSystem.accessPointCount) access points"
        let action = act(.deleteFileSystem(fileSystem.id), "\(evidence); \(content)", after: dependencies)
        // The groups go after it: until then they tell whose it is, should the cleanup begin anew in between.
        domainActions[domain, default: []].insert(action)
    }

    private func reasonToRetain(_ fileSystem: FileSystem, of domain: String, elsewhere: [MountTarget]) -> String? {
        if !options.deletesHomeFileSystems {
            return "HomeFileSystems is Retain; \(fileSystem.sizeInBytes) bytes of users' data"
        }
        if !elsewhere.isEmpty {
            return "has mount targets in another VPC: \(elsewhere.map(\.id).joined(separator: ", "))"
        }
        if !fileSystem.replicas.isEmpty {
            return "is replicated, somebody's copy for disasters: \(fileSystem.replicas.joined(separator: ", "))"
        }
        // AWS Backup gives what it restores the original's tags.
        let alike = inventory.fileSystems.filter { evidence.domain(ofTags: $0.tags) == domain }.map(\.id).sorted()
        if alike.count > 1 {
            return
                "\(alike.joined(separator: ", ")) have the tag of \(domain), which has one home: only a person can tell "
                + "it from its copies"
        }
        return nil
    }

    private mutating func addForeign(_ target: MountTarget, of fileSystem: FileSystem, _ reason: String) {
        if target.vpcID == options.vpcID {
            block(.mountTarget, target.id, owner: fileSystem.ownerID, "of \(fileSystem.id): \(reason)")
        } else {
            keep(.mountTarget, target.id, "is in \(target.vpcID)")
        }
    }
}
