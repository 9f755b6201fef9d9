internal import CloudFormation

/// The properties of a `Custom::VPCCleanup`.
public struct VPCCleanupProperties: Sendable, Equatable {
    /// What becomes of home file systems.
    public enum HomeFileSystems: String, Sendable, CaseIterable {
        /// They stay, without mount targets.
        case retain = "Retain"
        /// They are deleted, and with them what users keep in them.
        case delete = "Delete"
    }

    /// What becomes of GuardDuty's endpoints and their group.
    public enum GuardDutyEndpoints: String, Sendable, CaseIterable {
        /// They stay, and keep the VPC from being deleted.
        case keep = "Keep"
        /// They are deleted.
        case delete = "Delete"
    }

    /// `VpcId`: the VPC that is cleaned up when the resource is deleted.
    public var vpcID: String
    /// `DomainId`: a domain whose file system is deleted too when it has no mount target any more.
    public var domainID: String?
    /// `HomeFileSystems`; they are retained unless it says otherwise.
    public var homeFileSystems = HomeFileSystems.retain
    /// `GuardDutyEndpoints`; they are kept unless it says otherwise.
    public var guardDutyEndpoints = GuardDutyEndpoints.keep
    /// `EmptyDefaultSecurityGroup`: whether the VPC's default group is emptied when the resource is made or changed.
    public var emptyDefaultSecurityGroup = false
    /// `DryRun`: whether nothing is deleted and changed, but told what would be.
    public var dryRun = false

    /// Properties of a VPC, all others as they are by default.
    public init(vpcID: String) {
        self.vpcID = vpcID
    }

    init(from reader: inout PropertyReader) {
        vpcID = reader.requiredString("VpcId", .id(prefix: "vpc-"))
        domainID = reader.string(
            "DomainId", TextRule("a domain's id such as d-0123456789ab", accepts: Evidence.isDomainID))
        homeFileSystems = reader.choice("HomeFileSystems") ?? .retain
        guardDutyEndpoints = reader.choice("GuardDutyEndpoints") ?? .keep
        emptyDefaultSecurityGroup = reader.bool("EmptyDefaultSecurityGroup") ?? false
        dryRun = reader.bool("DryRun") ?? false
    }

    var options: CleanupOptions {
        CleanupOptions(
            vpcID: vpcID, domainID: domainID, deletesHomeFileSystems: homeFileSystems == .delete,
            deletesGuardDuty: guardDutyEndpoints == .delete, editsDefaultGroup: emptyDefaultSecurityGroup)
    }
}
