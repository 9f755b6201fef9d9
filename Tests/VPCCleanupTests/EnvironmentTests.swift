import CloudFormation
import Configuration
import HTTP
import JSON
import Lambda
import Logging
import Synchronization
import TestSupport
import Testing

@testable import VPCCleanup

/// The function as its environment makes it, before an AWS that answers from a table.
@Suite struct EnvironmentTests {
    private static let environment = [
        "AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "secret",
        "POLL_INTERVAL_SECONDS": "0.01",
    ]

    private static let tag = """
        <tagSet><item><key>ManagedByAmazonSageMakerResource</key>\
        <value>arn:aws:sagemaker:eu-central-1:123456789012:domain/d-a</value></item></tagSet>
        """

    /// What AWS answers, by action or by host and path.
    private static let answers: [(request: String, body: String)] = [
        (
            "Action=GetCallerIdentity",
            "<R><GetCallerIdentityResult><Account>123456789012</Account><Arn>arn:x</Arn><UserId>u</UserId></GetCallerIdentityResult></R>"
        ),
        (
            "Action=DescribeVpcs&",
            "<R><vpcSet><item><vpcId>\(vpc)</vpcId><ownerId>123456789012</ownerId><isDefault>false</isDefault></item></vpcSet></R>"
        ),
        (
            "Action=DescribeSecurityGroups&",
            """
            <R><securityGroupInfo><item><groupId>sg-0</groupId><groupName>default</groupName><vpcId>\(vpc)</vpcId>\
            <ownerId>123456789012</ownerId></item><item><groupId>sg-1</groupId><groupName>nfs</groupName>\
            <vpcId>\(vpc)</vpcId><ownerId>123456789012</ownerId>\(tag)</item></securityGroupInfo></R>
            """
        ),
        (
            "Action=DescribeSecurityGroupRules",
            """
            <R><securityGroupRuleSet><item><securityGroupRuleId>sgr-1</securityGroupRuleId><groupId>sg-0</groupId>\
            <isEgress>true</isEgress><referencedGroupInfo><groupId>sg-1</groupId></referencedGroupInfo></item>\
            </securityGroupRuleSet></R>
            """
        ),
        (
            "Action=DescribeSecurityGroupVpcAssociations",
            """
            <R><securityGroupVpcAssociationSet><item><groupId>sg-1</groupId><vpcId>\(otherVPC)</vpcId>\
            <state>disassociated</state></item></securityGroupVpcAssociationSet></R>
            """
        ),
        (
            "Action=DescribeNetworkInterfaces",
            """
            <R><networkInterfaceSet><item><networkInterfaceId>eni-1</networkInterfaceId><status>in-use</status>\
            <description>\(functionDescription("gone"))</description><interfaceType>lambda</interfaceType>\
            <vpcId>\(vpc)</vpcId><ownerId>123456789012</ownerId><groupSet><item><groupId>sg-1</groupId></item></groupSet>\
            <attachment><attachmentId>ela-attach-1</attachmentId><instanceOwnerId>amazon-aws</instanceOwnerId></attachment>\
            </item></networkInterfaceSet></R>
            """
        ),
        ("Action=DescribeVpcEndpoints", "<R><vpcEndpointSet/></R>"),
        (
            "Action=DescribeInternetGateways",
            "<R><internetGatewaySet><item><internetGatewayId>igw-1</internetGatewayId></item></internetGatewaySet></R>"
        ),
        ("Action=Describe", "<R/>"),
        ("/file-systems", fileSystem),
        (
            "/mount-targets",
            """
            {"MountTargets":[{"MountTargetId":"fsmt-1","FileSystemId":"fs-1","SubnetId":"subnet-1","VpcId":"\(vpc)",\
            "LifeCycleState":"available","NetworkInterfaceId":"eni-2"}]}
            """
        ),
        ("/functions", #"{"Functions":[{"FunctionName":"else","FunctionArn":"arn:x","VpcConfig":{"VpcId":""}}]}"#),
        ("api.sagemaker", #"{"Domains":[]}"#),
    ]

    private static let fileSystem = """
        {"FileSystems":[{"FileSystemId":"fs-1","OwnerId":"123456789012","CreationToken":"x","LifeCycleState":"available",\
        "NumberOfMountTargets":1,"SizeInBytes":{"Value":6144},"Tags":[{"Key":"ManagedByAmazonSageMakerResource",\
        "Value":"arn:aws:sagemaker:eu-central-1:123456789012:domain/d-a"}]}]}
        """

    private func reply(_ type: String, isThere: Bool = true) throws -> (JSONValue, [HTTPRequest]) {
        let time = VirtualTime()
        let transport = StubTransport { request in
            if request.method == .put { return HTTPResponse(status: 200) }
            var text = "\(request.authority)\(request.path)?\(request.query ?? "") "
            if case .bytes(let body) = request.body { text += String(decoding: body, as: UTF8.self) }
            if !isThere, text.contains("Action=DescribeVpcs&") {
                let error = "<Response><Errors><Error><Code>InvalidVpcID.NotFound</Code></Error></Errors></Response>"
                return HTTPResponse(status: 400, body: Array(error.utf8))
            }
            let answer = Self.answers.first { text.contains($0.request) }
            // EC2 and STS name the answer's element after the action.
            let action = text.split(separator: "Action=").dropFirst().first?.prefix { $0 != "&" } ?? ""
            let body = (answer?.body ?? text).replacing("<R", with: "<\(action)Response").replacing(
                "</R>", with: "</\(action)Response>")
            return HTTPResponse(status: answer == nil ? 404 : 200, body: Array(body.utf8))
        }
        let handler = try VPCCleanupResource.handler(
            environment: Environment(Self.environment), transport: transport, clock: time.clock,
            logger: LambdaContext.silentLogger)
        let event: JSONValue = [
            "RequestType": .string(type), "ResponseURL": "https://s3.example/x", "StackId": "arn:stack",
            "RequestId": "r",
            "LogicalResourceId": "C", "ResourceType": "Custom::VPCCleanup",
            "PhysicalResourceId": .string("vpc-cleanup/\(vpc)"),
            "ResourceProperties": ["VpcId": .string(vpc), "DryRun": "true"],
        ]
        _ = try time.run { try await handler.handle(event.encoded, context: LambdaContext(requestID: "1")) }
        let requests = transport.requests
        guard case .bytes(let body) = try #require(requests.last).body else { return (.null, requests) }
        return (try JSONValue(parsing: body), requests)
    }

    @Test func theWorldIsReadOffAWSAndNothingIsChanged() throws {
        let (reply, requests) = try reply("Delete")
        #expect(reply["Status"] == "SUCCESS", "\(reply)")
        #expect(
            reply["Data"]?["Plan"]?.string == """
                wave 1: delete mount targets fsmt-1 of fs-1 [its tag names domain d-a, and it has mount targets in \(vpc)]
                wave 1: delete interface eni-1 once it is let go [its description names the Lambda function gone, in \(vpc)]
                blocked by: security group sg-1 (rule sgr-1 of default group sg-0, which EmptyDefaultSecurityGroup may \
                empty names it; owner 123456789012)
                blocked by: internet gateway igw-1 (not a leftover of SageMaker; owner this account)
                keep: file system fs-1 (HomeFileSystems is Retain; 6144 bytes of users' data)
                keep: security group sg-0 (is the default group)
                """)
        #expect(requests.dropLast().allSatisfy { $0.headers["authorization"]?.contains("eu-central-1") == true })
        #expect(!requests.contains { $0.method == .delete })
    }

    @Test func aVPCThatIsGoneIsNoError() throws {
        let (reply, requests) = try reply("Delete", isThere: false)
        #expect(reply["Status"] == "SUCCESS")
        #expect(reply["Data"]?["Plan"] == .string("\(vpc) is gone"))
        #expect(requests.count == 3)
    }

    @Test(arguments: [["AWS_REGION": ""], ["POLL_INTERVAL_SECONDS": "often"], ["AWS_ENDPOINT_URL_EC2": "x"]])
    func anEnvironmentThatMakesNoSenseIsRefusedByName(changes: [String: String]) throws {
        let environment = Self.environment.merging(changes) { $1 }
        let error = #expect(throws: ConfigurationError.self) {
            try VPCCleanupResource.handler(
                environment: Environment(environment), transport: StubTransport { _ in HTTPResponse(status: 200) },
                clock: ManualClock(), logger: LambdaContext.silentLogger)
        }
        #expect(error?.description.contains(changes.keys.first ?? "-") == true)
    }
}
