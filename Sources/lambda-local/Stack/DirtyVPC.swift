import AWSCore
import AWSSigning
import Configuration
import HTTP
import JSON
import LambdaEmulator
import XML

/// A VPC in the AWS stand-in with what a deleted SageMaker domain leaves in it: a home file system with a mount target, and
/// the two groups for its traffic, whose rules name each other.
struct DirtyVPC {
    static let domainID = "d-0123456789ab"
    private static let domainARN = "arn:aws:sagemaker:us-east-1:123456789012:domain/\(domainID)"
    private static let tagKey = "ManagedByAmazonSageMakerResource"

    let vpcID: String
    let subnetID: String
    private let calls: Calls

    /// Makes it.
    ///
    /// - Parameter authority: Where the stand-in is.
    init(authority: String, transport: LoopbackTransport) async throws {
        calls = try Calls(authority: authority, transport: transport)
        vpcID = try await calls.ec2("CreateVpc", [("CidrBlock", "10.0.0.0/16")], "vpcId")
        subnetID = try await calls.ec2("CreateSubnet", [("VpcId", vpcID), ("CidrBlock", "10.0.1.0/24")], "subnetId")
        var groups: [String] = []
        for direction in ["inbound", "outbound"] {
            groups.append(
                try await calls.ec2(
                    "CreateSecurityGroup",
                    [
                        ("VpcId", vpcID), ("GroupName", "security-group-for-\(direction)-nfs-\(Self.domainID)"),
                        (
                            "GroupDescription",
                            "[DO NOT DELETE] Security Group that allows \(direction) NFS traffic for SageMaker Notebooks "
                                + "Domain [\(Self.domainID)]"
                        ),
                        ("TagSpecification.1.ResourceType", "security-group"),
                        ("TagSpecification.1.Tag.1.Key", Self.tagKey),
                        ("TagSpecification.1.Tag.1.Value", Self.domainARN),
                    ], "groupId"))
        }
        try await allowNFS("AuthorizeSecurityGroupIngress", on: groups[0], with: groups[1])
        try await allowNFS("AuthorizeSecurityGroupEgress", on: groups[1], with: groups[0])
        let fileSystem = try await calls.efs(
            "file-systems",
            [
                "CreationToken": "local-home", "Encrypted": true,
                "Tags": [["Key": .string(Self.tagKey), "Value": .string(Self.domainARN)]],
            ])
        guard let id = fileSystem["FileSystemId"]?.string else {
            throw LocalError("The AWS stand-in made a file system without an id.")
        }
        _ = try await calls.efs(
            "mount-targets",
            ["FileSystemId": .string(id), "SubnetId": .string(subnetID), "SecurityGroups": [.string(groups[0])]])
    }

    /// Deletes it, as CloudFormation would once the clean-up has answered.
    func delete() async throws {
        let left = try await calls.groups(of: vpcID).filter { $0 != "default" }
        guard left.isEmpty else {
            throw LocalError("These groups are left in \(vpcID): \(left.joined(separator: ", ")).")
        }
        try await calls.ec2("DeleteSubnet", [("SubnetId", subnetID)])
        try await calls.ec2("DeleteVpc", [("VpcId", vpcID)])
    }

    private func allowNFS(_ operation: String, on group: String, with other: String) async throws {
        try await calls.ec2(
            operation,
            [
                ("GroupId", group), ("IpPermissions.1.IpProtocol", "tcp"), ("IpPermissions.1.FromPort", "2049"),
                ("IpPermissions.1.ToPort", "2049"), ("IpPermissions.1.Groups.1.GroupId", other),
            ])
    }
}

/// Calls that make what the functions then remove.
private struct Calls {
    private let ec2: AWSClient
    private let efs: AWSClient

    private struct StandInCredentials: CredentialProvider {
        func credentials() async throws -> Credentials {
            Credentials(
                accessKeyID: LocalStack.Stand.accessKeyID, secretAccessKey: LocalStack.Stand.secretAccessKey,
                sessionToken: LocalStack.Stand.sessionToken)
        }
    }

    init(authority: String, transport: LoopbackTransport) throws {
        let environment = Environment(["AWS_ENDPOINT_URL": "http://\(authority)"])
        func client(_ service: AWSService, _ form: AWSClient.ErrorForm) throws -> AWSClient {
            AWSClient(
                endpoint: try ServiceEndpoint.resolve(
                    service: service, region: LocalStack.Stand.region, environment: environment),
                errorForm: form, credentials: StandInCredentials(), transport: transport, clock: ContinuousClock())
        }
        ec2 = try client(.ec2, .xml)
        efs = try client(.efs, .json)
    }

    @discardableResult
    func ec2(
        _ operation: String, _ parameters: [(name: String, value: String)], _ member: String? = nil
    ) async throws -> String {
        let answer = try await call(operation, parameters)
        guard let member else { return "" }
        guard let value = answer.first(member)?.text else {
            throw LocalError("The AWS stand-in's answer to \(operation) has no \(member).")
        }
        return value
    }

    /// The names of a VPC's groups.
    func groups(of vpcID: String) async throws -> [String] {
        let answer = try await call(
            "DescribeSecurityGroups", [("Filter.1.Name", "vpc-id"), ("Filter.1.Value.1", vpcID)])
        return answer["securityGroupInfo"]?.children("item").compactMap { $0["groupName"]?.text } ?? []
    }

    func efs(_ path: String, _ body: JSONValue) async throws -> JSONValue {
        let request = efs.endpoint.request(
            .post, path: "/2015-02-01/\(path)", headers: ["content-type": "application/json"],
            body: .bytes(body.encoded))
        return try JSONValue(parsing: try await efs.send("Create", request).body)
    }

    private func call(
        _ operation: String, _ parameters: [(name: String, value: String)]
    ) async throws -> XMLElement {
        var form = FormParameters(action: operation, version: "2016-11-15")
        for parameter in parameters { form.append(parameter.name, parameter.value) }
        return try XMLElement(parsing: try await ec2.send(operation, form.request(to: ec2.endpoint)).body)
    }
}
