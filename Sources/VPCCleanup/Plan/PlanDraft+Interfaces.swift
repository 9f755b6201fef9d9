extension PlanDraft {
    /// Decides about endpoints: GuardDuty's go when the user says so, in one call; all others belong to somebody.
    mutating func addEndpoints() {
        var ours: [String] = []
        for endpoint in inventory.endpoints.sorted(by: { $0.id < $1.id }) {
            if endpoint.vpcID != options.vpcID {
                keep(.endpoint, endpoint.id, "is in \(endpoint.vpcID)")
            } else if endpoint.isDeleted {
                keep(.endpoint, endpoint.id, "is deleted")
            } else if endpoint.ownerID != inventory.accountID {
                block(.endpoint, endpoint.id, owner: endpoint.ownerID, "of another account, to \(endpoint.serviceName)")
            } else if evidence.isGuardDuty(endpoint) {
                if options.deletesGuardDuty {
                    ours.append(endpoint.id)
                } else {
                    block(.endpoint, endpoint.id, owner: "GuardDuty", "GuardDutyEndpoints is Keep")
                }
            } else if endpoint.isDeleting {
                keep(.endpoint, endpoint.id, "is being deleted")
            } else {
                let kind = "\(endpoint.type.lowercased()) endpoint"
                block(.endpoint, endpoint.id, owner: endpoint.ownerID, "to \(endpoint.serviceName)", called: kind)
            }
        }
        guard !ours.isEmpty else { return }
        let action = act(
            .deleteEndpoints(ours), "to guardduty-data, with the tag \(Evidence.guardDutyTag), in \(options.vpcID)")
        for id in ours { endpointActions[id] = action }
    }

    /// Decides about interfaces: those of SageMaker and Lambda go as soon as they are let go; those of what is deleted go
    /// by themselves; all others belong to somebody.
    mutating func addInterfaces() {
        for interface in inventory.interfaces.sorted(by: { $0.id < $1.id }) {
            guard interface.vpcID == options.vpcID else {
                keep(.interface, interface.id, "is in \(interface.vpcID)")
                continue
            }
            guard interface.ownerID == inventory.accountID else {
                stays(interface, "of another account: \(interface.use.holder)")
                continue
            }
            if let target = targetsOfInterfaces[interface.id] {
                goes(interface, with: mountTargetActions[target], "mount target \(target)")
                continue
            }
            switch interface.use {
            case .mountTarget(let target, let fileSystem) where isGone(target, of: fileSystem):
                lingers(interface, "mount target \(target)")
            case .mountTarget(let target, _):
                goes(interface, with: mountTargetActions[target], "mount target \(target)")
            case .endpoint(let id) where options.deletedEndpoints.contains(id): lingers(interface, "endpoint \(id)")
            case .endpoint(let id): goes(interface, with: endpointActions[id], "endpoint \(id)")
            case .studio(let domain) where domainsElsewhere.contains(domain):
                stays(interface, "domain \(domain) is in another VPC")
            case .studio(let domain):
                remove(interface, "its description names the Studio domain \(domain)")
            case .function(let name):
                if let function = inventory.functions?.first(where: { $0.uses(interface) }) {
                    stays(interface, "Lambda function \(function.name) is attached to the VPC")
                } else {
                    remove(interface, "its description names the Lambda function \(name)")
                }
            // A notebook instance that is stopped is not attached to its interface, and needs it to start again.
            case .notebook, .loadBalancer, .instance, .service, .unattached: stays(interface, interface.use.holder)
            }
        }
    }

    /// An interface that its service deletes with what it is for, if that is deleted.
    private mutating func goes(_ interface: NetworkInterface, with action: Int?, _ what: String) {
        let listed = inventory.endpoints.first { $0.interfaceIDs.contains(interface.id) }
        if let action = action ?? listed.flatMap({ endpointActions[$0.id] }) {
            interfaceActions[interface.id] = action
            keep(.interface, interface.id, "goes with \(what)")
        } else {
            stays(interface, what)
        }
    }

    /// Whether a mount target that an interface is of has gone: this cleanup deleted it, or its file system is the VPC's
    /// leftover and is without it.
    private func isGone(_ target: String, of fileSystem: String) -> Bool {
        if options.deletedMountTargets.contains(target) { return true }
        guard ownFileSystems.contains(fileSystem),
            let listed = inventory.fileSystems.first(where: { $0.id == fileSystem })
        else { return false }
        return !listed.mountTargets.contains { $0.id == target }
    }

    /// An interface that its service deletes a moment after what it was for. It holds nothing up but the VPC, until then.
    private mutating func lingers(_ interface: NetworkInterface, _ what: String) {
        block(.interface, interface.id, owner: interface.owner, "goes with \(what), which is deleted", .held)
    }

    private mutating func stays(_ interface: NetworkInterface, _ reason: String) {
        blockingInterfaces.append(interface)
        block(.interface, interface.id, owner: interface.owner, reason)
    }

    private mutating func remove(_ interface: NetworkInterface, _ evidence: String) {
        let evidence = "\(evidence), in \(options.vpcID)"
        interfaceActions[interface.id] =
            interface.isAvailable
            ? act(.deleteInterface(interface.id), evidence) : act(.releaseInterface(interface.id), evidence)
    }
}
