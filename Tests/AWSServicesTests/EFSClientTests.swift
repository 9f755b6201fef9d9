import AWSCore
import HTTP
import TestSupport
import Testing
import Timestamps

@testable import AWSServices

@Suite struct EFSClientTests {
    private let fileSystem = "fs-0123456789abcdef0"
    private let mountTarget = "fsmt-0123456789abcdef0"

    private func efs(_ transport: StubTransport) throws -> EFSClient {
        EFSClient(try awsClient(.efs, transport))
    }

    @Test(arguments: [
        "DescribeFileSystems", "DescribeFileSystems by id", "DescribeMountTargets by id",
        "DescribeMountTargetSecurityGroups", "DescribeReplicationConfigurations", "DeleteMountTarget",
        "DeleteAccessPoint", "DeleteFileSystem",
    ])
    func requestsAreThoseOfBotocore(operation: String) async throws {
        let transport = answers(answer(200, "{}"))
        let efs = try efs(transport)
        switch operation {
        case "DescribeFileSystems": _ = try await efs.describeFileSystems()
        case "DescribeFileSystems by id": _ = try await efs.describeFileSystems(id: fileSystem)
        case "DescribeMountTargets by id": _ = try await efs.describeMountTarget(mountTarget)
        case "DescribeMountTargetSecurityGroups": _ = try await efs.describeMountTargetSecurityGroups(mountTarget)
        case "DescribeReplicationConfigurations":
            _ = try await efs.describeReplicationConfigurations(fileSystemID: fileSystem)
        case "DeleteMountTarget": try await efs.deleteMountTarget(mountTarget)
        case "DeleteAccessPoint": try await efs.deleteAccessPoint("fsap-0123456789abcdef0")
        case "DeleteFileSystem": try await efs.deleteFileSystem(fileSystem)
        default: Issue.record("there is no call \(operation)")
        }
        let request = try #require(transport.requests.first)
        #expect(try WireForms.block("efs \(operation)", request) == WireForms.botocore("efs \(operation)"))
        #expect(request.headers["authorization"]?.contains("/elasticfilesystem/aws4_request") == true)
    }

    @Test func fileSystemsOfAllPagesAreRead() async throws {
        let transport = answers(
            answer(
                200,
                #"""
                {"FileSystems":[{"OwnerId":"123456789012","CreationToken":"x","FileSystemId":"fs-01","CreationTime":1.7635E9,
                "LifeCycleState":"available","NumberOfMountTargets":3,"SizeInBytes":{"Value":6144},"Name":"home",
                "FileSystemProtection":{"ReplicationOverwriteProtection":"ENABLED"},"FileSystemArn":"arn:fs",
                "Tags":[{"Key":"ManagedByAmazonSageMakerResource","Value":"arn:domain"}]}],"NextMarker":"m/+="}
                """#), answer(200, #"{"FileSystems":[],"NextMarker":"n"}"#),
            answer(200, #"{"FileSystems":[{"FileSystemId":"fs-02","LifeCycleState":"deleting"}]}"#))
        #expect(
            try await efs(transport).describeFileSystems() == [
                EFSFileSystem(
                    id: "fs-01", arn: "arn:fs", ownerID: "123456789012", name: "home", lifeCycleState: "available",
                    mountTargetCount: 3, sizeInBytes: 6144, replicationOverwriteProtection: "ENABLED",
                    creationTime: Timestamp(secondsSinceEpoch: 1_763_500_000),
                    tags: ["ManagedByAmazonSageMakerResource": "arn:domain"]),
                EFSFileSystem(id: "fs-02", lifeCycleState: "deleting", mountTargetCount: 0, tags: [:]),
            ])
        #expect(
            transport.requests.map(\.query) == [
                "MaxItems=100", "MaxItems=100&Marker=m%2F%2B%3D", "MaxItems=100&Marker=n",
            ])
    }

    @Test func mountTargetsAndAccessPointsOfAllPagesAreRead() async throws {
        let targets = answers(
            answer(
                200,
                #"""
                {"MountTargets":[{"OwnerId":"123456789012","MountTargetId":"fsmt-4b","FileSystemId":"fs-01",
                "SubnetId":"subnet-9b","LifeCycleState":"available","IpAddress":"10.0.0.4","NetworkInterfaceId":"eni-20",
                "AvailabilityZoneId":"use1-az6","VpcId":"vpc-99"}],"NextMarker":"m/+="}
                """#), answer(200, #"{"MountTargets":[]}"#))
        #expect(
            try await efs(targets).describeMountTargets(fileSystemID: fileSystem) == [
                EFSMountTarget(
                    id: "fsmt-4b", fileSystemID: "fs-01", subnetID: "subnet-9b", vpcID: "vpc-99",
                    networkInterfaceID: "eni-20", ownerID: "123456789012", lifeCycleState: "available")
            ])
        #expect(
            try WireForms.block("efs DescribeMountTargets", targets.requests[1])
                == WireForms.botocore("efs DescribeMountTargets"))
        let points = answers(
            answer(200, #"{"AccessPoints":[{"AccessPointId":"fsap-1"}],"NextToken":"t/+="}"#),
            answer(
                200,
                #"{"AccessPoints":[{"AccessPointId":"fsap-2","FileSystemId":"fs-01","Name":"a","LifeCycleState":"error"}]}"#
            )
        )
        #expect(
            try await efs(points).describeAccessPoints(fileSystemID: fileSystem) == [
                EFSAccessPoint(id: "fsap-1"),
                EFSAccessPoint(id: "fsap-2", fileSystemID: "fs-01", name: "a", lifeCycleState: "error"),
            ])
        #expect(
            try WireForms.block("efs DescribeAccessPoints", points.requests[1])
                == WireForms.botocore("efs DescribeAccessPoints"))
        #expect(
            try await efs(answers(answer(200, #"{"SecurityGroups":["sg-1","sg-2"]}"#)))
                .describeMountTargetSecurityGroups(mountTarget) == ["sg-1", "sg-2"])
    }

    @Test func replicationsAreReadAndMayBeNone() async throws {
        let body = #"""
            {"Replications":[{"SourceFileSystemId":"fs-1","SourceFileSystemRegion":"eu-central-1",
            "Destinations":[{"Status":"ENABLED","FileSystemId":"fs-2","Region":"eu-west-1"}]}]}
            """#
        #expect(
            try await efs(answers(answer(200, body))).describeReplicationConfigurations(fileSystemID: fileSystem) == [
                EFSReplication(
                    sourceFileSystemID: "fs-1", sourceRegion: "eu-central-1",
                    destinations: [.init(fileSystemID: "fs-2", region: "eu-west-1", status: "ENABLED")])
            ])
        let none = answers(answer(404, #"{"ErrorCode":"ReplicationNotFound","Message":"none"}"#))
        #expect(try await efs(none).describeReplicationConfigurations(fileSystemID: fileSystem).isEmpty)
    }

    @Test func deletionsAnswerWithoutABody() async throws {
        try await efs(answers(answer(204))).deleteMountTarget(mountTarget)
    }

    @Test func refusalsAreToldApart() async throws {
        let inUse = try efs(
            answers(
                answer(
                    409, #"{"ErrorCode":"FileSystemInUse","Message":"has mount targets"}"#,
                    ["x-amzn-requestid": "r-1", "x-amzn-errortype": "FileSystemInUse:http://internal.amazon.com/x"])))
        let error = await #expect(throws: ServiceError.self) { try await inUse.deleteFileSystem(fileSystem) }
        #expect(
            error?.description
                == "efs DeleteFileSystem failed: FileSystemInUse (409): has mount targets [request r-1]")
        #expect(error?.isConflict == true)
        let gone = answers(answer(404, #"{"ErrorCode":"MountTargetNotFound","Message":"gone"}"#))
        #expect(try await efs(gone).describeMountTarget(mountTarget) == nil)
        let deletion = await #expect(throws: ServiceError.self) { try await efs(gone).deleteMountTarget(mountTarget) }
        #expect(deletion?.isNotFound == true)
    }

    @Test func withoutAnIDNothingIsDeleted() async throws {
        let transport = answers(answer(204))
        let efs = try efs(transport)
        await #expect(throws: ServiceError.self) { try await efs.deleteFileSystem("") }
        #expect(transport.requests.isEmpty)
    }

    @Test func anAnswerOfAnotherShapeIsNotAnEmptyList() async throws {
        for body in [
            "", "<html>", "[]", #"{"FileSystems":{}}"#, #"{"FileSystems":["fs-1"]}"#, #"{"FileSystems":[{}]}"#,
        ] {
            let efs = try efs(answers(answer(200, body)))
            await #expect(throws: UnexpectedAnswer.self) { try await efs.describeFileSystems() }
        }
    }
}
