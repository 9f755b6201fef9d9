extension EC2Client {
    /// Security groups by id, or all that fit the filters (DescribeSecurityGroups). An id that is not there is
    /// `InvalidGroup.NotFound`; a group just deleted may still be listed for some seconds.
    public func describeSecurityGroups(
        ids: [String] = [], filters: [EC2Filter] = []
    ) async throws -> [EC2SecurityGroup] {
        try await list(
            "DescribeSecurityGroups", "securityGroupInfo", idName: "GroupId", ids: ids, filters: filters
        ) { item in
            EC2SecurityGroup(
                id: try item.text("groupId"), name: try item.text("groupName"),
                description: item.optionalText("groupDescription") ?? "", vpcID: item.optionalText("vpcId"),
                ownerID: item.optionalText("ownerId"), tags: item.tags)
        }
    }

    /// The rules of groups, in both directions (DescribeSecurityGroupRules), 200 groups a call. Groups that are not there
    /// have none.
    public func describeSecurityGroupRules(groupIDs: [String]) async throws -> [EC2SecurityGroupRule] {
        try await listByGroup("DescribeSecurityGroupRules", "securityGroupRuleSet", groupIDs) { item in
            EC2SecurityGroupRule(
                id: try item.text("securityGroupRuleId"), groupID: try item.text("groupId"),
                groupOwnerID: item.optionalText("groupOwnerId"), isEgress: try item.bool("isEgress"),
                ipProtocol: item.optionalText("ipProtocol"), fromPort: item.integer("fromPort"),
                toPort: item.integer("toPort"), cidrIPv4: item.optionalText("cidrIpv4"),
                cidrIPv6: item.optionalText("cidrIpv6"), prefixListID: item.optionalText("prefixListId"),
                referencedGroup: item.child("referencedGroupInfo").map { group in
                    EC2SecurityGroupRule.ReferencedGroup(
                        groupID: group.optionalText("groupId"), userID: group.optionalText("userId"),
                        vpcID: group.optionalText("vpcId"),
                        vpcPeeringConnectionID: group.optionalText("vpcPeeringConnectionId"),
                        peeringStatus: group.optionalText("peeringStatus"))
                })
        }
    }

    /// The associations of groups with VPCs that are not their own (DescribeSecurityGroupVpcAssociations), 200 groups a
    /// call.
    public func describeSecurityGroupVPCAssociations(
        groupIDs: [String]
    ) async throws -> [EC2SecurityGroupVPCAssociation] {
        try await listByGroup(
            "DescribeSecurityGroupVpcAssociations", "securityGroupVpcAssociationSet", groupIDs
        ) { item in
            EC2SecurityGroupVPCAssociation(
                groupID: try item.text("groupId"), vpcID: try item.text("vpcId"),
                vpcOwnerID: item.optionalText("vpcOwnerId"), state: item.optionalText("state"))
        }
    }

    /// Where else rules refer to groups: on the other side of peering connections and transit gateways
    /// (DescribeSecurityGroupReferences), 200 groups a call.
    public func describeSecurityGroupReferences(groupIDs: [String]) async throws -> [EC2SecurityGroupReference] {
        var references: [EC2SecurityGroupReference] = []
        for chunk in groupIDs.chunks(of: Self.maximumFilterValues) {
            references += try await list(
                "DescribeSecurityGroupReferences", "securityGroupReferenceSet", Self.numbered("GroupId", chunk),
                pageSize: nil
            ) { item in
                EC2SecurityGroupReference(
                    groupID: try item.text("groupId"), referencingVPCID: try item.text("referencingVpcId"),
                    vpcPeeringConnectionID: item.optionalText("vpcPeeringConnectionId"),
                    transitGatewayID: item.optionalText("transitGatewayId"))
            }
        }
        return references
    }

    /// Takes rules about incoming traffic out of a group (RevokeSecurityGroupIngress). When one is not there, none is taken
    /// out and the error is `InvalidSecurityGroupRuleId.NotFound`.
    public func revokeSecurityGroupIngress(groupID: String, ruleIDs: [String]) async throws {
        try await revoke("RevokeSecurityGroupIngress", groupID, ruleIDs)
    }

    /// Takes rules about outgoing traffic out of a group (RevokeSecurityGroupEgress); otherwise as
    /// ``revokeSecurityGroupIngress(groupID:ruleIDs:)``.
    public func revokeSecurityGroupEgress(groupID: String, ruleIDs: [String]) async throws {
        try await revoke("RevokeSecurityGroupEgress", groupID, ruleIDs)
    }

    /// Deletes a group (DeleteSecurityGroup). While interfaces wear it or rules of its VPC refer to it, the error is
    /// `DependencyViolation`.
    public func deleteSecurityGroup(_ id: String) async throws {
        try await perform("DeleteSecurityGroup", [("GroupId", id)])
    }

    private func revoke(_ operation: String, _ groupID: String, _ ruleIDs: [String]) async throws {
        guard !ruleIDs.isEmpty else { return }
        try await perform(operation, [("GroupId", groupID)] + Self.numbered("SecurityGroupRuleId", ruleIDs))
    }

    private func listByGroup<Item>(
        _ operation: String, _ set: String, _ groupIDs: [String], _ item: (XMLAnswer) throws -> Item
    ) async throws -> [Item] {
        var items: [Item] = []
        for chunk in groupIDs.chunks(of: Self.maximumFilterValues) {
            items += try await list(operation, set, [EC2Filter("group-id", Array(chunk))].parameters, item)
        }
        return items
    }
}
