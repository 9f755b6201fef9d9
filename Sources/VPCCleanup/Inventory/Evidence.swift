internal import AWSCore

/// How SageMaker's and GuardDuty's leftovers are told from everybody else's. Tags and descriptions are compared in full;
/// what only looks alike is left alone.
struct Evidence: Sendable {
    /// The tag SageMaker puts on what it makes for a domain; its value is the domain's ARN.
    static let domainTag = "ManagedByAmazonSageMakerResource"
    /// The tag GuardDuty puts on what it makes.
    static let guardDutyTag = "GuardDutyManaged"

    /// The account whose resources count.
    let accountID: String

    /// The domain that a resource's tag names: a domain of this account.
    func domain(ofTags tags: [String: String]) -> String? {
        guard let value = tags[Self.domainTag], let arn = try? ARN(parsing: value), arn.service == "sagemaker",
            arn.accountID == accountID, arn.resource.hasPrefix("domain/")
        else { return nil }
        let id = String(arn.resource.dropFirst("domain/".utf8.count))
        return Self.isDomainID(id) ? id : nil
    }

    /// The domain a group was made for: by its tag, or by a name and a description that name the same one.
    func domain(of group: SecurityGroup) -> String? {
        if let domain = domain(ofTags: group.tags) { return domain }
        for direction in ["inbound", "outbound"] {
            let name = "security-group-for-\(direction)-nfs-"
            let description = "[DO NOT DELETE] Security Group that allows \(direction) NFS traffic for SageMaker "
            guard group.name.hasPrefix(name), group.description.hasPrefix(description) else { continue }
            let domain = String(group.name.dropFirst(name.utf8.count))
            if Self.isDomainID(domain), group.description.hasSuffix("[\(domain)]") { return domain }
        }
        return nil
    }

    /// Whether GuardDuty made the group, for this VPC.
    func isGuardDuty(_ group: SecurityGroup) -> Bool {
        group.name == "GuardDutyManagedSecurityGroup-\(group.vpcID)" && group.tags[Self.guardDutyTag] == "true"
    }

    /// Whether GuardDuty made the endpoint. One to GuardDuty without the tag was made by hand.
    func isGuardDuty(_ endpoint: VPCEndpoint) -> Bool {
        endpoint.serviceName.hasSuffix(".guardduty-data") && endpoint.tags[Self.guardDutyTag] == "true"
    }

    /// Whether a text is the id of a domain: `d-` and letters, digits and hyphens, 63 bytes at most.
    static func isDomainID(_ text: String) -> Bool {
        text.hasPrefix("d-") && (3...63).contains(text.utf8.count)
            && text.utf8.dropFirst(2).allSatisfy { byte in
                byte == UInt8(ascii: "-") || (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte)
            }
    }
}
