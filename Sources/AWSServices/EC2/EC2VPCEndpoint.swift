public import AWSCore

/// A VPC endpoint.
public struct EC2VPCEndpoint: Sendable, Hashable {
    /// `vpce-…`
    public var id: String
    /// `Interface`, `Gateway`, `GatewayLoadBalancer`, `Resource` or `ServiceNetwork`.
    public var type: String?
    /// The VPC it is in.
    public var vpcID: String
    /// The account it belongs to.
    public var ownerID: String?
    /// The service it leads to: `com.amazonaws.eu-central-1.s3`.
    public var serviceName: String?
    /// `pending`, `available`, `deleting`, `deleted`, `failed`, … in letters of any case.
    public var state: String?
    /// Whether a service manages it.
    public var isRequesterManaged: Bool?
    /// The security groups its interfaces wear.
    public var groupIDs: [String]
    /// Its interfaces.
    public var networkInterfaceIDs: [String]
    /// The subnets of its interfaces.
    public var subnetIDs: [String]
    /// Its tags.
    public var tags: [String: String]
}

extension EC2Client {
    /// Endpoints by id, or all that fit the filters (DescribeVpcEndpoints); deleted ones stay listed for a while.
    public func describeVPCEndpoints(ids: [String] = [], filters: [EC2Filter] = []) async throws -> [EC2VPCEndpoint] {
        try await list(
            "DescribeVpcEndpoints", "vpcEndpointSet", idName: "VpcEndpointId", ids: ids, filters: filters
        ) { item in
            EC2VPCEndpoint(
                id: try item.text("vpcEndpointId"), type: item.optionalText("vpcEndpointType"),
                vpcID: try item.text("vpcId"), ownerID: item.optionalText("ownerId"),
                serviceName: item.optionalText("serviceName"), state: item.optionalText("state"),
                isRequesterManaged: try item.optionalBool("requesterManaged"),
                groupIDs: try item.items("groupSet").map { try $0.text("groupId") },
                networkInterfaceIDs: item.texts("networkInterfaceIdSet"), subnetIDs: item.texts("subnetIdSet"),
                tags: item.tags)
        }
    }

    /// Begins to delete endpoints (DeleteVpcEndpoints), 25 a call.
    ///
    /// - Returns: Why some are not deleted, by id: the call succeeds all the same.
    public func deleteVPCEndpoints(_ ids: [String]) async throws -> [String: ServiceError] {
        let operation = "DeleteVpcEndpoints"
        var failures: [String: ServiceError] = [:]
        for chunk in ids.chunks(of: 25) {
            let answer = try await call(operation, Self.numbered("VpcEndpointId", chunk))
            for item in answer.items("unsuccessful") {
                let error = item.child("error")
                failures[try item.text("resourceId")] = ServiceError(
                    service: "ec2", operation: operation, code: error?.optionalText("code") ?? "Unsuccessful",
                    message: error?.optionalText("message") ?? "", status: 200,
                    requestID: answer.optionalText("requestId"))
            }
        }
        return failures
    }
}
