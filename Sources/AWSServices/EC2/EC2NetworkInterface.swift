internal import AWSCore

/// An elastic network interface.
public struct EC2NetworkInterface: Sendable, Hashable {
    /// What an interface is attached to.
    public struct Attachment: Sendable, Hashable {
        /// `eni-attach-…`, or `ela-attach-…` of a service's.
        public var id: String?
        /// The instance, when it is one of the account's.
        public var instanceID: String?
        /// Who owns what it is attached to: an account, or `amazon-aws`.
        public var instanceOwnerID: String?
        /// `attaching`, `attached`, `detaching` or `detached`.
        public var status: String?
    }

    /// Who manages an interface in the account's place.
    public struct Operator: Sendable, Hashable {
        /// Whether somebody does.
        public var isManaged: Bool?
        /// The service that does.
        public var principal: String?
        /// Whether it is left out of lists that do not ask for it.
        public var isHiddenByDefault: Bool?
    }

    /// `eni-…`
    public var id: String
    /// `available`, `in-use`, `associated`, `attaching`, `detaching`, `pending`.
    public var status: String
    /// Its description, by which services say what it is for.
    public var description: String
    /// `interface`, `lambda`, `efs`, `nat_gateway`, …
    public var interfaceType: String?
    /// Who asked for it, when that is not the account: an account or `amazon-elb`.
    public var requesterID: String?
    /// Whether a service manages it.
    public var isRequesterManaged: Bool?
    /// Who manages it.
    public var `operator`: Operator?
    /// The VPC it is in.
    public var vpcID: String?
    /// The subnet it is in.
    public var subnetID: String?
    /// The account it belongs to.
    public var ownerID: String?
    /// The security groups it wears.
    public var groupIDs: [String]
    /// What it is attached to.
    public var attachment: Attachment?
    /// Its tags.
    public var tags: [String: String]
}

extension EC2Client {
    /// Interfaces by id, or all that fit the filters (DescribeNetworkInterfaces), those that are hidden by default
    /// included. An id that is not there is `InvalidNetworkInterfaceID.NotFound`.
    public func describeNetworkInterfaces(
        ids: [String] = [], filters: [EC2Filter] = []
    ) async throws -> [EC2NetworkInterface] {
        let parameters = Self.numbered("NetworkInterfaceId", ids) + filters.parameters
        let pageSize = ids.isEmpty ? 1000 : nil
        do {
            return try await list(
                "DescribeNetworkInterfaces", "networkInterfaceSet",
                parameters + [("IncludeManagedResources", "true")], pageSize: pageSize, Self.networkInterface)
        } catch let error as ServiceError where error.code == "UnknownParameter" {
            // A partition whose EC2 is older has none that are hidden.
            return try await list(
                "DescribeNetworkInterfaces", "networkInterfaceSet", parameters, pageSize: pageSize,
                Self.networkInterface)
        }
    }

    /// Deletes an interface that is attached to nothing (DeleteNetworkInterface). One in use is
    /// `InvalidNetworkInterface.InUse`, or `InvalidParameterValue` with "currently in use".
    public func deleteNetworkInterface(_ id: String) async throws {
        try await perform("DeleteNetworkInterface", [("NetworkInterfaceId", id)])
    }

    private static func networkInterface(_ item: XMLAnswer) throws -> EC2NetworkInterface {
        EC2NetworkInterface(
            id: try item.text("networkInterfaceId"), status: try item.text("status"),
            description: item.optionalText("description") ?? "", interfaceType: item.optionalText("interfaceType"),
            requesterID: item.optionalText("requesterId"),
            isRequesterManaged: try item.optionalBool("requesterManaged"),
            operator: try item.child("operator").map { value in
                EC2NetworkInterface.Operator(
                    isManaged: try value.optionalBool("managed"), principal: value.optionalText("principal"),
                    isHiddenByDefault: try value.optionalBool("hiddenByDefault"))
            }, vpcID: item.optionalText("vpcId"), subnetID: item.optionalText("subnetId"),
            ownerID: item.optionalText("ownerId"), groupIDs: try item.items("groupSet").map { try $0.text("groupId") },
            attachment: item.child("attachment").map { value in
                EC2NetworkInterface.Attachment(
                    id: value.optionalText("attachmentId"), instanceID: value.optionalText("instanceId"),
                    instanceOwnerID: value.optionalText("instanceOwnerId"), status: value.optionalText("status"))
            }, tags: item.tags)
    }
}
