import AWSCore
import HTTP
import TestSupport
import Testing

@testable import AWSServices

@Suite struct EC2ClientTests {
    private let inVPC = [EC2Filter("vpc-id", "vpc-0a")]

    private func ec2(_ transport: StubTransport) throws -> EC2Client {
        EC2Client(try awsClient(.ec2, transport, .xml))
    }

    /// An answer as EC2 gives it.
    private func xml(_ operation: String, _ content: String) -> HTTPResponse {
        answer(
            200,
            """
            <?xml version="1.0" encoding="UTF-8"?>
            <\(operation)Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>r-1</requestId>
            \(content)</\(operation)Response>
            """)
    }

    private func refusal(_ status: Int, _ code: String, _ message: String) -> HTTPResponse {
        answer(
            status,
            "<Response><Errors><Error><Code>\(code)</Code><Message>\(message)</Message></Error></Errors>"
                + "<RequestID>r-2</RequestID></Response>")
    }

    @Test(arguments: [
        "DescribeVpcs", "DescribeSubnets", "DescribeSecurityGroups by filters", "DescribeSecurityGroupRules",
        "DescribeSecurityGroupVpcAssociations", "DescribeSecurityGroupReferences", "DescribeNetworkInterfaces",
        "DescribeNetworkInterfaces by id", "DescribeVpcEndpoints", "RevokeSecurityGroupIngress",
        "RevokeSecurityGroupEgress", "DeleteSecurityGroup", "DeleteNetworkInterface", "DeleteVpcEndpoints",
    ])
    func requestsAreThoseOfBotocore(operation: String) async throws {
        let transport = answers(xml(String(operation.prefix { $0 != " " }), ""))
        let ec2 = try ec2(transport)
        switch operation {
        case "DescribeVpcs": _ = try await ec2.describeVPCs(ids: ["vpc-0a"])
        case "DescribeSubnets": _ = try await ec2.describeSubnets(filters: inVPC)
        case "DescribeSecurityGroups by filters":
            _ = try await ec2.describeSecurityGroups(filters: inVPC + [EC2Filter("tag:a b", ["x*", "ü"])])
        case "DescribeSecurityGroupRules": _ = try await ec2.describeSecurityGroupRules(groupIDs: ["sg-1", "sg-2"])
        case "DescribeSecurityGroupVpcAssociations":
            _ = try await ec2.describeSecurityGroupVPCAssociations(groupIDs: ["sg-1", "sg-2"])
        case "DescribeSecurityGroupReferences":
            _ = try await ec2.describeSecurityGroupReferences(groupIDs: ["sg-1", "sg-2"])
        case "DescribeNetworkInterfaces": _ = try await ec2.describeNetworkInterfaces(filters: inVPC)
        case "DescribeNetworkInterfaces by id": _ = try await ec2.describeNetworkInterfaces(ids: ["eni-1"])
        case "DescribeVpcEndpoints": _ = try await ec2.describeVPCEndpoints(filters: inVPC)
        case "RevokeSecurityGroupIngress":
            try await ec2.revokeSecurityGroupIngress(groupID: "sg-1", ruleIDs: ["sgr-1", "sgr-2"])
        case "RevokeSecurityGroupEgress":
            try await ec2.revokeSecurityGroupEgress(groupID: "sg-1", ruleIDs: ["sgr-1", "sgr-2"])
        case "DeleteSecurityGroup": try await ec2.deleteSecurityGroup("sg-1")
        case "DeleteNetworkInterface": try await ec2.deleteNetworkInterface("eni-1")
        case "DeleteVpcEndpoints": #expect(try await ec2.deleteVPCEndpoints(["vpce-1", "vpce-2"]).isEmpty)
        default: Issue.record("there is no call \(operation)")
        }
        let request = try #require(transport.requests.first)
        #expect(try WireForms.block("ec2 \(operation)", request) == WireForms.botocore("ec2 \(operation)"))
    }

    @Test func aVPCAndItsSubnetsAreRead() async throws {
        let vpcs = try await ec2(
            answers(
                xml(
                    "DescribeVpcs",
                    """
                    <vpcSet><item><vpcId>vpc-0a</vpcId><ownerId>123456789012</ownerId><state>available</state>
                    <cidrBlock>10.0.0.0/16</cidrBlock><isDefault>false</isDefault><tagSet><item><key>Name</key>
                    <value>a &amp; b</value></item><item><key>empty</key><value/></item></tagSet></item></vpcSet>
                    """))
        ).describeVPCs()
        #expect(
            vpcs == [
                EC2VPC(
                    id: "vpc-0a", ownerID: "123456789012", isDefault: false, state: "available",
                    cidrBlock: "10.0.0.0/16", tags: ["Name": "a & b", "empty": ""])
            ])
        let subnets = try await ec2(
            answers(
                xml(
                    "DescribeSubnets",
                    "<subnetSet><item><subnetId>subnet-1</subnetId><vpcId>vpc-0a</vpcId></item></subnetSet>"))
        ).describeSubnets()
        #expect(subnets == [EC2Subnet(id: "subnet-1", vpcID: "vpc-0a", tags: [:])])
    }

    /// Whether a VPC is the default one decides whether it is touched at all.
    @Test func aVPCThatDoesNotSayWhetherItIsTheDefaultIsAnError() async throws {
        for isDefault in ["", "<isDefault/>", "<isDefault>no</isDefault>"] {
            let ec2 = try ec2(
                answers(xml("DescribeVpcs", "<vpcSet><item><vpcId>vpc-0a</vpcId>\(isDefault)</item></vpcSet>")))
            await #expect(throws: UnexpectedAnswer.self) { try await ec2.describeVPCs() }
        }
    }

    @Test func groupsAndRulesAreRead() async throws {
        let groups = try await ec2(
            answers(
                xml(
                    "DescribeSecurityGroups",
                    """
                    <securityGroupInfo><item><ownerId>123456789012</ownerId><groupId>sg-034b</groupId>
                    <groupName>security-group-for-inbound-nfs-d-x</groupName><groupDescription>[DO NOT DELETE] …</groupDescription>
                    <vpcId>vpc-0a</vpcId><ipPermissions><item><groups><item><groupId>sg-1bc6</groupId></item></groups>
                    </item></ipPermissions><tagSet><item><key>ManagedByAmazonSageMakerResource</key>
                    <value>arn:aws:sagemaker:us-east-1:123456789012:domain/d-x</value></item></tagSet></item></securityGroupInfo>
                    """))
        ).describeSecurityGroups(filters: inVPC)
        #expect(
            groups == [
                EC2SecurityGroup(
                    id: "sg-034b", name: "security-group-for-inbound-nfs-d-x", description: "[DO NOT DELETE] …",
                    vpcID: "vpc-0a", ownerID: "123456789012",
                    tags: ["ManagedByAmazonSageMakerResource": "arn:aws:sagemaker:us-east-1:123456789012:domain/d-x"])
            ])
        let rules = try await ec2(
            answers(
                xml(
                    "DescribeSecurityGroupRules",
                    """
                    <securityGroupRuleSet><item><securityGroupRuleId>sgr-a1b4</securityGroupRuleId><groupId>sg-034b</groupId>
                    <groupOwnerId>123456789012</groupOwnerId><isEgress>false</isEgress><ipProtocol>tcp</ipProtocol>
                    <fromPort>2049</fromPort><toPort>2049</toPort><referencedGroupInfo><groupId>sg-1bc6</groupId>
                    <userId>123456789012</userId></referencedGroupInfo><tagSet/></item><item>
                    <securityGroupRuleId>sgr-2</securityGroupRuleId><groupId>sg-034b</groupId><isEgress>true</isEgress>
                    <ipProtocol>-1</ipProtocol><fromPort>-1</fromPort><toPort>-1</toPort><cidrIpv6>::/0</cidrIpv6></item>
                    </securityGroupRuleSet>
                    """))
        ).describeSecurityGroupRules(groupIDs: ["sg-034b"])
        #expect(
            rules == [
                EC2SecurityGroupRule(
                    id: "sgr-a1b4", groupID: "sg-034b", groupOwnerID: "123456789012", isEgress: false,
                    ipProtocol: "tcp", fromPort: 2049, toPort: 2049,
                    referencedGroup: .init(groupID: "sg-1bc6", userID: "123456789012")),
                EC2SecurityGroupRule(
                    id: "sgr-2", groupID: "sg-034b", isEgress: true, ipProtocol: "-1", fromPort: -1, toPort: -1,
                    cidrIPv6: "::/0"),
            ])
    }

    @Test func associationsAndReferencesAreRead() async throws {
        let associations = try await ec2(
            answers(
                xml(
                    "DescribeSecurityGroupVpcAssociations",
                    """
                    <securityGroupVpcAssociationSet><item><groupId>sg-1</groupId><vpcId>vpc-2</vpcId>
                    <vpcOwnerId>123456789012</vpcOwnerId><state>associated</state></item></securityGroupVpcAssociationSet>
                    """))
        ).describeSecurityGroupVPCAssociations(groupIDs: ["sg-1"])
        #expect(
            associations == [
                EC2SecurityGroupVPCAssociation(
                    groupID: "sg-1", vpcID: "vpc-2", vpcOwnerID: "123456789012", state: "associated")
            ])
        let references = try await ec2(
            answers(
                xml(
                    "DescribeSecurityGroupReferences",
                    """
                    <securityGroupReferenceSet><item><groupId>sg-1</groupId><referencingVpcId>vpc-3</referencingVpcId>
                    <vpcPeeringConnectionId>pcx-1</vpcPeeringConnectionId></item></securityGroupReferenceSet>
                    """))
        ).describeSecurityGroupReferences(groupIDs: ["sg-1"])
        #expect(
            references == [
                EC2SecurityGroupReference(groupID: "sg-1", referencingVPCID: "vpc-3", vpcPeeringConnectionID: "pcx-1")
            ])
    }

    @Test func interfacesAndEndpointsAreRead() async throws {
        let interfaces = try await ec2(
            answers(
                xml(
                    "DescribeNetworkInterfaces",
                    """
                    <networkInterfaceSet><item><networkInterfaceId>eni-ed</networkInterfaceId><subnetId>subnet-08</subnetId>
                    <vpcId>vpc-0a</vpcId><description>EFS mount target for fs-0a (fsmt-0b)</description>
                    <ownerId>123456789012</ownerId><requesterId>r</requesterId><requesterManaged>true</requesterManaged>
                    <operator><managed>true</managed><principal>efs</principal></operator><status>in-use</status>
                    <interfaceType>efs</interfaceType><groupSet><item><groupId>sg-1</groupId><groupName>a</groupName></item>
                    <item><groupId>sg-2</groupId></item></groupSet><attachment><attachmentId>ela-attach-0c</attachmentId>
                    <instanceOwnerId>amazon-aws</instanceOwnerId><status>attached</status></attachment><tagSet/></item>
                    <item><networkInterfaceId>eni-2</networkInterfaceId><status>available</status></item></networkInterfaceSet>
                    """))
        ).describeNetworkInterfaces(filters: inVPC)
        #expect(
            interfaces == [
                EC2NetworkInterface(
                    id: "eni-ed", status: "in-use", description: "EFS mount target for fs-0a (fsmt-0b)",
                    interfaceType: "efs", requesterID: "r", isRequesterManaged: true,
                    operator: .init(isManaged: true, principal: "efs"), vpcID: "vpc-0a", subnetID: "subnet-08",
                    ownerID: "123456789012", groupIDs: ["sg-1", "sg-2"],
                    attachment: .init(id: "ela-attach-0c", instanceOwnerID: "amazon-aws", status: "attached"), tags: [:]
                ),
                EC2NetworkInterface(id: "eni-2", status: "available", description: "", groupIDs: [], tags: [:]),
            ])
        let endpoints = try await ec2(
            answers(
                xml(
                    "DescribeVpcEndpoints",
                    """
                    <vpcEndpointSet><item><vpcEndpointId>vpce-1</vpcEndpointId><vpcEndpointType>Interface</vpcEndpointType>
                    <vpcId>vpc-0a</vpcId><serviceName>com.amazonaws.eu-central-1.guardduty-data</serviceName><state>Available</state>
                    <groupSet><item><groupId>sg-1</groupId></item></groupSet><subnetIdSet><item>subnet-1</item></subnetIdSet>
                    <networkInterfaceIdSet><item>eni-1</item><item>eni-2</item></networkInterfaceIdSet>
                    <requesterManaged>false</requesterManaged><ownerId>123456789012</ownerId></item></vpcEndpointSet>
                    """))
        ).describeVPCEndpoints()
        #expect(
            endpoints == [
                EC2VPCEndpoint(
                    id: "vpce-1", type: "Interface", vpcID: "vpc-0a", ownerID: "123456789012",
                    serviceName: "com.amazonaws.eu-central-1.guardduty-data", state: "Available",
                    isRequesterManaged: false, groupIDs: ["sg-1"], networkInterfaceIDs: ["eni-1", "eni-2"],
                    subnetIDs: ["subnet-1"], tags: [:])
            ])
    }

    private func group(_ id: String) -> String {
        "<item><groupId>\(id)</groupId><groupName>\(id)</groupName></item>"
    }

    @Test func allPagesAreReadEmptyOnesToo() async throws {
        let operation = "DescribeSecurityGroups"
        let transport = answers(
            xml(operation, "<securityGroupInfo>\(group("sg-1"))</securityGroupInfo><nextToken>token+/=</nextToken>"),
            xml(operation, "<securityGroupInfo/><nextToken>t2</nextToken>"),
            xml(operation, "<securityGroupInfo>\(group("sg-2"))</securityGroupInfo><nextToken/>"))
        #expect(try await ec2(transport).describeSecurityGroups(filters: inVPC).map(\.id) == ["sg-1", "sg-2"])
        #expect(
            try WireForms.block("ec2 \(operation)", transport.requests[1]) == WireForms.botocore("ec2 \(operation)"))
        #expect(transport.requests.count == 3)
    }

    @Test func aTokenThatComesAgainIsAnError() async throws {
        let transport = answers(xml("DescribeVpcs", "<vpcSet/><nextToken>same</nextToken>"))
        let ec2 = try ec2(transport)
        await #expect(throws: UnexpectedAnswer.self) { try await ec2.describeVPCs() }
        #expect(transport.requests.count == 2)
    }

    @Test func manyGroupsAreAskedForInSeveralCalls() async throws {
        let ids = (1...401).map { "sg-\($0)" }
        let transport = answers(xml("DescribeSecurityGroupRules", "<securityGroupRuleSet/>"))
        _ = try await ec2(transport).describeSecurityGroupRules(groupIDs: ids)
        #expect(
            transport.requests.map { bodyText($0).split(separator: "&").count { $0.contains(".Value.") } } == [
                200, 200, 1,
            ])
        #expect(bodyText(transport.requests[2]).contains("Filter.1.Value.1=sg-401&"))
    }

    @Test func withoutGroupsOrRulesNoCallIsMade() async throws {
        let transport = answers(answer(500))
        let ec2 = try ec2(transport)
        // A filter without values, or none, would list those of every VPC.
        #expect(try await ec2.describeSecurityGroupRules(groupIDs: []).isEmpty)
        #expect(try await ec2.describeSecurityGroupVPCAssociations(groupIDs: []).isEmpty)
        try await ec2.revokeSecurityGroupEgress(groupID: "sg-1", ruleIDs: [])
        #expect(try await ec2.deleteVPCEndpoints([]).isEmpty)
        #expect(transport.requests.isEmpty)
    }

    @Test func anOlderEC2IsAskedWithoutTheNewParameter() async throws {
        let transport = answers(
            refusal(400, "UnknownParameter", "The parameter IncludeManagedResources is not recognized"),
            xml("DescribeNetworkInterfaces", "<networkInterfaceSet/>"))
        #expect(try await ec2(transport).describeNetworkInterfaces(filters: inVPC).isEmpty)
        #expect(bodyText(transport.requests[1]).contains("IncludeManagedResources") == false)
    }

    @Test func endpointsThatAreNotDeletedAreNamed() async throws {
        let failures = try await ec2(
            answers(
                xml(
                    "DeleteVpcEndpoints",
                    """
                    <unsuccessful><item><error><code>InvalidVpcEndpoint.NotFound</code><message>not there</message></error>
                    <resourceId>vpce-1</resourceId></item><item><resourceId>vpce-2</resourceId></item></unsuccessful>
                    """))
        ).deleteVPCEndpoints(["vpce-1", "vpce-2", "vpce-3"])
        #expect(failures.keys.sorted() == ["vpce-1", "vpce-2"])
        #expect(failures["vpce-1"]?.isNotFound == true)
        #expect(
            failures["vpce-1"]?.description
                == "ec2 DeleteVpcEndpoints failed: InvalidVpcEndpoint.NotFound (200): not there [request r-1]")
    }

    @Test func aDeletionThatWasNotDoneIsAnError() async throws {
        let ec2 = try ec2(answers(xml("DeleteSecurityGroup", "<return>false</return>")))
        let error = await #expect(throws: UnexpectedAnswer.self) { try await ec2.deleteSecurityGroup("sg-1") }
        #expect(error?.description == "ec2 DeleteSecurityGroup was accepted, but the answer says that it was not done.")
    }

    @Test(arguments: [
        ("DependencyViolation", "resource sg-1 has a dependent object", false, true),
        ("InvalidGroup.NotFound", "", true, false), ("UnauthorizedOperation", "", false, false),
        ("InvalidParameterValue", "eni-1 is currently in use", false, true),
        ("InvalidParameterValue", "eni is wrong", false, false),
    ])
    func refusalsAreToldApart(code: String, message: String, isNotFound: Bool, isConflict: Bool) async throws {
        let ec2 = try ec2(answers(refusal(400, code, message)))
        let error = try #require(
            await #expect(throws: ServiceError.self) { try await ec2.deleteSecurityGroup("sg-1") })
        #expect(error.code == code)
        #expect(error.requestID == "r-2")
        #expect(error.isNotFound == isNotFound)
        #expect(error.isConflict == isConflict)
    }

    @Test(arguments: ["", "<html>", "<DescribeSubnetsResponse/>", #"{"vpcs":[]}"#])
    func anAnswerOfAnotherKindIsNotAnEmptyList(body: String) async throws {
        let ec2 = try ec2(answers(answer(200, body)))
        await #expect(throws: UnexpectedAnswer.self) { try await ec2.describeVPCs() }
    }

    @Test(arguments: EC2VPCResource.Kind.allCases)
    func whatElseHoldsAVPCIsAskedForAsBotocoreDoesIt(kind: EC2VPCResource.Kind) async throws {
        let operations: [EC2VPCResource.Kind: String] = [
            .internetGateway: "DescribeInternetGateways", .natGateway: "DescribeNatGateways",
            .egressOnlyInternetGateway: "DescribeEgressOnlyInternetGateways", .vpnGateway: "DescribeVpnGateways",
            .transitGatewayAttachment: "DescribeTransitGatewayVpcAttachments",
            .peeringConnection: "DescribeVpcPeeringConnections",
        ]
        let operation = try #require(operations[kind])
        let transport = answers(xml(operation, ""))
        #expect(try await ec2(transport).describeVPCResources(kind, vpcID: "vpc-0a").isEmpty)
        let request = try #require(transport.requests.first)
        #expect(try WireForms.block("ec2 \(operation)", request) == WireForms.botocore("ec2 \(operation)"))
    }

    @Test func whatElseHoldsAVPCIsRead() async throws {
        let gateways = try await ec2(
            answers(
                xml(
                    "DescribeInternetGateways",
                    """
                    <internetGatewaySet><item><internetGatewayId>igw-1</internetGatewayId><ownerId>123456789012</ownerId>
                    <attachmentSet><item><vpcId>vpc-0a</vpcId><state>available</state></item></attachmentSet></item>
                    </internetGatewaySet>
                    """))
        ).describeVPCResources(.internetGateway, vpcID: "vpc-0a")
        #expect(gateways == [EC2VPCResource(kind: .internetGateway, id: "igw-1", ownerID: "123456789012")])
        let egressOnly = try await ec2(
            answers(
                xml(
                    "DescribeEgressOnlyInternetGateways",
                    """
                    <egressOnlyInternetGatewaySet><item><egressOnlyInternetGatewayId>eigw-1</egressOnlyInternetGatewayId>
                    <attachmentSet><item><vpcId>vpc-other</vpcId></item></attachmentSet></item><item>
                    <egressOnlyInternetGatewayId>eigw-2</egressOnlyInternetGatewayId><attachmentSet><item>
                    <vpcId>vpc-0a</vpcId></item></attachmentSet></item></egressOnlyInternetGatewaySet>
                    """))
        ).describeVPCResources(.egressOnlyInternetGateway, vpcID: "vpc-0a")
        #expect(egressOnly.map(\.id) == ["eigw-2"])
        let peer =
            "<item><vpcPeeringConnectionId>pcx-1</vpcPeeringConnectionId><requesterVpcInfo>"
            + "<ownerId>210987654321</ownerId></requesterVpcInfo><status><code>active</code></status></item>"
        let operation = "DescribeVpcPeeringConnections"
        let peers = try await ec2(
            answers(
                xml(operation, "<vpcPeeringConnectionSet>\(peer)</vpcPeeringConnectionSet>"),
                xml(operation, "<vpcPeeringConnectionSet>\(peer)</vpcPeeringConnectionSet>"))
        ).describeVPCResources(.peeringConnection, vpcID: "vpc-0a")
        #expect(
            peers == [
                EC2VPCResource(kind: .peeringConnection, id: "pcx-1", state: "active", ownerID: "210987654321")
            ])
    }
}
