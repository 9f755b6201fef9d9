internal import JSON

/// A Studio domain in the list of all.
public struct SageMakerDomainSummary: Sendable, Hashable {
    /// `d-…`
    public var id: String
    /// Its ARN.
    public var arn: String?
    /// Its name.
    public var name: String?
    /// `InService`, `Deleting`, `Failed`, `Pending`, `Updating`, `Update_Failed` or `Delete_Failed`.
    public var status: String?
}

/// A Studio domain.
public struct SageMakerDomain: Sendable, Hashable {
    /// `d-…`
    public var id: String
    /// Its ARN.
    public var arn: String?
    /// Its name.
    public var name: String?
    /// `InService`, `Deleting`, `Failed`, `Pending`, `Updating`, `Update_Failed` or `Delete_Failed`.
    public var status: String
    /// Why it failed.
    public var failureReason: String?
    /// The VPC its apps run in.
    public var vpcID: String?
    /// The subnets its apps run in.
    public var subnetIDs: [String]
    /// The EFS file system with its users' homes.
    public var homeFileSystemID: String?
    /// The security group at the border between its apps and SageMaker's own, where there is one.
    public var boundarySecurityGroupID: String?
}

extension SageMakerClient {
    /// All domains of account and region (ListDomains).
    public func listDomains() async throws -> [SageMakerDomainSummary] {
        try await list("ListDomains", "Domains") { domain in
            SageMakerDomainSummary(
                id: try domain.text("DomainId"), arn: try domain.optionalText("DomainArn"),
                name: try domain.optionalText("DomainName"), status: try domain.optionalText("Status"))
        }
    }

    /// A domain (DescribeDomain). One that is not there is a `ServiceError` whose `isNotFound` holds.
    public func describeDomain(_ id: String) async throws -> SageMakerDomain {
        let answer = try await call("DescribeDomain", ["DomainId": .string(id)])
        return SageMakerDomain(
            id: try answer.optionalText("DomainId") ?? id, arn: try answer.optionalText("DomainArn"),
            name: try answer.optionalText("DomainName"), status: try answer.text("Status"),
            failureReason: try answer.optionalText("FailureReason"), vpcID: try answer.optionalText("VpcId"),
            subnetIDs: try answer.texts("SubnetIds"),
            homeFileSystemID: try answer.optionalText("HomeEfsFileSystemId"),
            boundarySecurityGroupID: try answer.optionalText("SecurityGroupIdForDomainBoundary"))
    }
}
