/// What the user decides about a cleanup.
struct CleanupOptions: Sendable, Hashable {
    /// The VPC: nothing outside of it is ever touched.
    var vpcID: String
    /// A domain whose file system counts as this VPC's though it has no mount target any more.
    var domainID: String?
    /// Whether home file systems are deleted with all that users keep in them.
    var deletesHomeFileSystems = false
    /// Whether GuardDuty's endpoints and groups are deleted.
    var deletesGuardDuty = false
    /// Whether rules may be taken out of the VPC's default group.
    var editsDefaultGroup = false
    /// File systems that were found to be this VPC's before their mount targets went.
    var knownFileSystems: Set<String> = []
    /// Mount targets that this cleanup deleted; their interfaces may stay for a moment.
    var deletedMountTargets: Set<String> = []
    /// Endpoints that this cleanup deleted; their interfaces may stay for a moment.
    var deletedEndpoints: Set<String> = []
}
