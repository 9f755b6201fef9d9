/// One thing to do, and why it may be done.
struct CleanupAction: Sendable, Hashable {
    /// What is done.
    enum Operation: Sendable, Hashable {
        /// Deletes a file system's mount targets, and waits until they are gone.
        case deleteMountTargets([String], fileSystem: String)
        /// Deletes a file system, and waits until it is gone.
        case deleteFileSystem(String)
        /// Deletes endpoints, and waits until they are gone.
        case deleteEndpoints([String])
        /// Deletes an interface that is attached to nothing.
        case deleteInterface(String)
        /// Waits until the service that uses an interface lets it go, then deletes it.
        case releaseInterface(String)
        /// Takes rules out of a group.
        case revokeRules([String], group: String, SecurityGroupRule.Direction)
        /// Deletes a group.
        case deleteGroup(String)
    }

    /// Its place in the plan's list, by which others depend on it.
    let index: Int
    /// What is done.
    let operation: Operation
    /// Why the thing is known to be a leftover.
    let evidence: String
    /// The places of the actions that come first; all before its own.
    let dependencies: Set<Int>
    /// The wave it belongs to, from 1: the first whose dependencies are all in earlier ones.
    let wave: Int

    /// What is deleted or changed.
    var resources: [ResourceName] {
        switch operation {
        case .deleteMountTargets(let ids, _): ids.map { ResourceName(.mountTarget, $0) }
        case .deleteFileSystem(let id): [ResourceName(.fileSystem, id)]
        case .deleteEndpoints(let ids): ids.map { ResourceName(.endpoint, $0) }
        case .deleteInterface(let id), .releaseInterface(let id): [ResourceName(.interface, id)]
        case .revokeRules: []
        case .deleteGroup(let id): [ResourceName(.securityGroup, id)]
        }
    }
}

extension CleanupAction: CustomStringConvertible {
    /// `delete mount targets fsmt-1, fsmt-2 of fs-1`
    var description: String { "\(operation)" }
}

extension CleanupAction.Operation: CustomStringConvertible {
    /// `delete mount targets fsmt-1, fsmt-2 of fs-1`
    var description: String {
        switch self {
        case .deleteMountTargets(let ids, let fileSystem):
            "delete mount targets \(ids.joined(separator: ", ")) of \(fileSystem)"
        case .deleteFileSystem(let id): "delete file system \(id)"
        case .deleteEndpoints(let ids): "delete endpoints \(ids.joined(separator: ", "))"
        case .deleteInterface(let id): "delete interface \(id)"
        case .releaseInterface(let id): "delete interface \(id) once it is let go"
        case .revokeRules(let ids, let group, let direction):
            "revoke \(direction.rawValue) rules \(ids.joined(separator: ", ")) of \(group)"
        case .deleteGroup(let id): "delete security group \(id)"
        }
    }
}

/// What a resource is called.
struct ResourceName: Sendable, Hashable, CustomStringConvertible {
    /// What kind of thing it is.
    enum Kind: String, Sendable, Hashable {
        /// A SageMaker domain.
        case domain = "domain"
        /// An EFS file system.
        case fileSystem = "file system"
        /// A mount target.
        case mountTarget = "mount target"
        /// A security group.
        case securityGroup = "security group"
        /// A network interface.
        case interface = "network interface"
        /// A VPC endpoint.
        case endpoint = "endpoint"
        /// Something else.
        case other = "other"
    }

    /// What kind of thing it is.
    let kind: Kind
    /// Its id.
    let id: String

    /// Names a resource.
    init(_ kind: Kind, _ id: String) {
        self.kind = kind
        self.id = id
    }

    /// `security group sg-1`
    var description: String { "\(kind.rawValue) \(id)" }
}
