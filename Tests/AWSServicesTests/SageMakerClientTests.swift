import AWSCore
import HTTP
import TestSupport
import Testing
import Timestamps

@testable import AWSServices

@Suite struct SageMakerClientTests {
    private let arn = "arn:aws:sagemaker:eu-central-1:123456789012:mlflow-app/app-ABCDEFGH1234"
    private let role = "arn:aws:iam::123456789012:role/mlflow"
    private let tags = ["c": "", "a": "b"]

    private func sageMaker(
        _ transport: StubTransport, clock: ManualClock = ManualClock(jumps: true)
    ) throws -> SageMakerClient {
        SageMakerClient(try awsClient(.sageMaker, transport, clock: clock))
    }

    @Test(arguments: [
        "CreatePresignedMlflowTrackingServerUrl", "CreatePresignedMlflowAppUrl", "DescribeDomain",
        "CreateMlflowApp", "CreateMlflowApp least", "UpdateMlflowApp", "DeleteMlflowApp", "DescribeMlflowApp",
        "ListMlflowApps",
        "CreateMlflowTrackingServer", "UpdateMlflowTrackingServer", "DeleteMlflowTrackingServer",
        "StartMlflowTrackingServer", "StopMlflowTrackingServer", "DescribeMlflowTrackingServer",
        "ListMlflowTrackingServers", "AddTags", "DeleteTags", "ListTags",
    ])
    func requestsAreThoseOfBotocore(operation: String) async throws {
        let transport = answers(answer(200, "{}"))
        try? await call(operation, try sageMaker(transport))
        let name = "sagemaker \(operation)"
        let request = try #require(transport.requests.first)
        #expect(try WireForms.block(name, request) == WireForms.botocore(name))
    }

    private func call(_ operation: String, _ sageMaker: SageMakerClient) async throws {
        let store = "s3://data/mlflow"
        switch operation {
        case "CreatePresignedMlflowTrackingServerUrl":
            _ = try await sageMaker.createPresignedTrackingServerURL(
                name: "server", expiresIn: .seconds(300), sessionDuration: .seconds(43_200))
        case "CreatePresignedMlflowAppUrl": _ = try await sageMaker.createPresignedAppURL(arn: arn)
        case "DescribeDomain": _ = try await sageMaker.describeDomain("d-abc123")
        case "CreateMlflowApp":
            _ = try await sageMaker.createMLflowApp(
                CreateMLflowAppInput(
                    name: "app", artifactStoreURI: store, roleARN: role, kmsKeyID: "key",
                    modelRegistrationMode: "AutoModelRegistrationEnabled", weeklyMaintenanceWindowStart: "Tue:03:30",
                    accountDefaultStatus: "DISABLED", defaultDomainIDs: ["d-abc123"], tags: tags))
        case "CreateMlflowApp least":
            _ = try await sageMaker.createMLflowApp(
                CreateMLflowAppInput(name: "app", artifactStoreURI: store, roleARN: role))
        case "UpdateMlflowApp":
            try await sageMaker.updateMLflowApp(
                UpdateMLflowAppInput(
                    arn: arn, name: "new", artifactStoreURI: store,
                    modelRegistrationMode: "AutoModelRegistrationEnabled", weeklyMaintenanceWindowStart: "Tue:03:30",
                    accountDefaultStatus: "DISABLED", defaultDomainIDs: []))
        case "DeleteMlflowApp": try await sageMaker.deleteMLflowApp(arn: arn)
        case "DescribeMlflowApp": _ = try await sageMaker.describeMLflowApp(arn: arn)
        case "ListMlflowApps":
            _ = try await sageMaker.listMLflowApps(
                status: .created, defaultForDomainID: "d-abc123", accountDefaultStatus: "ENABLED")
        case "CreateMlflowTrackingServer":
            _ = try await sageMaker.createMLflowTrackingServer(
                CreateMLflowTrackingServerInput(
                    name: "server", artifactStoreURI: store, roleARN: role, size: "Small", mlflowVersion: "3.4.0",
                    automaticModelRegistration: false, weeklyMaintenanceWindowStart: "Tue:03:30",
                    bucketOwnerAccountID: "123456789012", bucketOwnerVerification: true, tags: tags))
        case "UpdateMlflowTrackingServer":
            try await sageMaker.updateMLflowTrackingServer(
                UpdateMLflowTrackingServerInput(
                    name: "server", artifactStoreURI: store, size: "Small", automaticModelRegistration: false,
                    weeklyMaintenanceWindowStart: "Tue:03:30", bucketOwnerAccountID: "123456789012",
                    bucketOwnerVerification: true))
        case "DeleteMlflowTrackingServer": try await sageMaker.deleteMLflowTrackingServer(name: "server")
        case "StartMlflowTrackingServer": try await sageMaker.startMLflowTrackingServer(name: "server")
        case "StopMlflowTrackingServer": try await sageMaker.stopMLflowTrackingServer(name: "server")
        case "DescribeMlflowTrackingServer": _ = try await sageMaker.describeMLflowTrackingServer(name: "server")
        case "ListMlflowTrackingServers": _ = try await sageMaker.listMLflowTrackingServers(status: .stopped)
        case "AddTags": try await sageMaker.addTags(tags, resourceARN: arn)
        case "DeleteTags": try await sageMaker.deleteTags(["a", "c"], resourceARN: arn)
        case "ListTags": _ = try await sageMaker.listTags(resourceARN: arn)
        default: Issue.record("there is no call \(operation)")
        }
    }

    @Test func allPagesOfDomainsAreRead() async throws {
        let transport = answers(
            answer(200, #"{"Domains":[{"DomainId":"d-1","Status":"InService"}],"NextToken":"token+/="}"#),
            answer(200, #"{"Domains":[],"NextToken":"last"}"#),
            answer(200, #"{"Domains":[{"DomainId":"d-2","DomainName":"b","DomainArn":"arn","Status":"Deleting"}]}"#))
        let domains = try await sageMaker(transport).listDomains()
        #expect(domains.map(\.id) == ["d-1", "d-2"])
        #expect(domains.last?.status == "Deleting")
        #expect(domains.last?.name == "b")
        #expect(
            try WireForms.block("sagemaker ListDomains", transport.requests[1])
                == WireForms.botocore("sagemaker ListDomains"))
    }

    @Test func pagesThatGoInACircleAreAnError() async throws {
        let transport = answers(
            answer(200, #"{"Summaries":[],"NextToken":"a"}"#), answer(200, #"{"Summaries":[],"NextToken":"b"}"#),
            answer(200, #"{"Summaries":[],"NextToken":"a"}"#))
        let sageMaker = try sageMaker(transport)
        let error = await #expect(throws: UnexpectedAnswer.self) { try await sageMaker.listMLflowApps() }
        #expect(
            error?.description
                == "sagemaker ListMlflowApps was accepted, but its pages go round in a circle: a page's token came twice."
        )
        #expect(transport.requests.count == 3)
    }

    @Test func aDomainIsReadWithWhatItLeavesBehind() async throws {
        let domain = try await sageMaker(
            answers(
                answer(
                    200,
                    #"""
                    {"DomainId":"d-1","DomainName":"lab","Status":"Failed","FailureReason":"no capacity","VpcId":"vpc-1",
                    "HomeEfsFileSystemId":"fs-1","SubnetIds":["subnet-1","subnet-2"],"CreationTime":1.7635E9,
                    "SecurityGroupIdForDomainBoundary":"sg-1","DefaultUserSettings":{"ExecutionRole":"arn"}}
                    """#))
        ).describeDomain("d-1")
        #expect(
            domain
                == SageMakerDomain(
                    id: "d-1", arn: nil, name: "lab", status: "Failed", failureReason: "no capacity", vpcID: "vpc-1",
                    subnetIDs: ["subnet-1", "subnet-2"], homeFileSystemID: "fs-1", boundarySecurityGroupID: "sg-1"))
    }

    @Test func anAppIsReadInFull() async throws {
        let app = try await sageMaker(
            answers(
                answer(
                    200,
                    #"""
                    {"Arn":"arn:app","Name":"my-app","ArtifactStoreUri":"s3://b/p","MlflowVersion":"3.4.0","RoleArn":"arn:role",
                    "Status":"Created","ModelRegistrationMode":"AutoModelRegistrationEnabled","KmsKeyId":"key",
                    "AccountDefaultStatus":"DISABLED","DefaultDomainIdList":["d-abc123"],"CreationTime":1.7635E9,
                    "CreatedBy":{"UserProfileArn":"x"},"LastModifiedTime":1763500000.123,
                    "WeeklyMaintenanceWindowStart":"Tue:03:30","MaintenanceStatus":"MaintenanceComplete"}
                    """#))
        ).describeMLflowApp(arn: "arn:app")
        #expect(
            app
                == MLflowApp(
                    arn: "arn:app", name: "my-app", status: .created, artifactStoreURI: "s3://b/p",
                    roleARN: "arn:role", kmsKeyID: "key", mlflowVersion: "3.4.0",
                    modelRegistrationMode: "AutoModelRegistrationEnabled", accountDefaultStatus: "DISABLED",
                    defaultDomainIDs: ["d-abc123"], weeklyMaintenanceWindowStart: "Tue:03:30",
                    maintenanceStatus: .maintenanceComplete,
                    creationTime: Timestamp(secondsSinceEpoch: 1_763_500_000),
                    lastModifiedTime: Timestamp(millisecondsSinceEpoch: 1_763_500_000_123)))
    }

    @Test func aTrackingServerIsReadInFull() async throws {
        let server = try await sageMaker(
            answers(
                answer(
                    200,
                    #"""
                    {"TrackingServerArn":"arn:server","TrackingServerName":"server","ArtifactStoreUri":"s3://b/p",
                    "TrackingServerSize":"Small","MlflowVersion":"3.4.0","RoleArn":"arn:role","TrackingServerStatus":"Stopped",
                    "TrackingServerMaintenanceStatus":"MaintenanceFailed","IsActive":"Inactive","AutomaticModelRegistration":true,
                    "TrackingServerUrl":"https://t-1.eu-central-1.experiments.sagemaker.aws","S3BucketOwnerVerification":false,
                    "WeeklyMaintenanceWindowStart":"Sun:00:00","CreationTime":1763500000,"S3BucketOwnerAccountId":"123456789012"}
                    """#))
        ).describeMLflowTrackingServer(name: "server")
        #expect(
            server
                == MLflowTrackingServer(
                    arn: "arn:server", name: "server", status: .stopped, isActive: false,
                    url: "https://t-1.eu-central-1.experiments.sagemaker.aws", artifactStoreURI: "s3://b/p",
                    roleARN: "arn:role", size: "Small", mlflowVersion: "3.4.0", automaticModelRegistration: true,
                    weeklyMaintenanceWindowStart: "Sun:00:00", maintenanceStatus: .maintenanceFailed,
                    bucketOwnerAccountID: "123456789012", bucketOwnerVerification: false,
                    creationTime: Timestamp(secondsSinceEpoch: 1_763_500_000)))
    }

    @Test func listsAreReadInFull() async throws {
        let apps = try await sageMaker(
            answers(
                answer(
                    200,
                    #"{"Summaries":[{"Arn":"arn:app","Name":"a","Status":"Deleted","CreationTime":1.7635E9,"MlflowVersion":"3.4"}]}"#
                ))
        ).listMLflowApps()
        #expect(apps.map(\.status) == [.deleted])
        #expect(apps.first?.mlflowVersion == "3.4")
        let servers = try await sageMaker(
            answers(
                answer(
                    200,
                    #"""
                    {"TrackingServerSummaries":[{"TrackingServerArn":"arn:s","TrackingServerName":"s","IsActive":"Active",
                    "TrackingServerStatus":"SomethingNew"}]}
                    """#))
        ).listMLflowTrackingServers()
        #expect(servers.first?.isActive == true)
        #expect(servers.first?.status == MLflowStatus(rawValue: "SomethingNew"))
        let tags = try await sageMaker(
            answers(
                answer(200, #"{"Tags":[{"Key":"a","Value":"b"}],"NextToken":"n"}"#),
                answer(200, #"{"Tags":[{"Key":"c","Value":""}]}"#))
        ).listTags(resourceARN: arn)
        #expect(tags == ["a": "b", "c": ""])
    }

    @Test func aPresignedURLIsTheServicesOwn() async throws {
        let url = "https://mlflow.sagemaker.eu-central-1.app.aws/auth?authToken=abc"
        let sageMaker = try sageMaker(answers(answer(200, #"{"AuthorizedUrl":"\#(url)"}"#)))
        #expect(try await sageMaker.createPresignedAppURL(arn: arn) == url)
        #expect(try await sageMaker.createPresignedTrackingServerURL(name: "server") == url)
    }

    @Test func anAnswerOfAnotherShapeIsAnErrorThatShowsNothingOfIt() async throws {
        for body in ["<html>s3cret</html>", #"["s3cret"]"#, #"{"AuthorizedUrl":{"s3cret":1}}"#, #"{"Url":"s3cret"}"#] {
            let sageMaker = try sageMaker(answers(answer(200, body)))
            let error = await #expect(throws: UnexpectedAnswer.self) {
                try await sageMaker.createPresignedAppURL(arn: arn)
            }
            #expect(error?.description.contains("s3cret") == false)
        }
    }

    /// An App of the same name could be made twice, so only what surely did nothing is tried again.
    @Test(arguments: [
        (TransportError.Kind.connectionLost, 1), (.timeout, 1), (.malformedResponse, 1), (.connect, 2),
        (.nameLookup, 2),
    ])
    func makingIsTriedAgainOnlyWhenNothingWasSent(kind: TransportError.Kind, tries: Int) async throws {
        for operation in ["CreateMlflowApp", "CreateMlflowTrackingServer"] {
            let first = AnswerSequence([answer(500), answer(200, #"{"Arn":"a","TrackingServerArn":"a"}"#)])
            let transport = StubTransport { request in
                let response = first.next()
                if response.status == 500 { throw TransportError(kind, "gone", request: request) }
                return response
            }
            try? await call(operation, try sageMaker(transport))
            #expect(transport.requests.count == tries)
            #expect(transport.options.allSatisfy { $0.mayRepeat == false })
        }
    }

    @Test(arguments: [(429, "Slow", 3), (400, "ThrottlingException", 3), (500, "InternalFailure", 1), (503, "Down", 1)])
    func makingIsTriedAgainWhenThrottledOnly(status: Int, code: String, tries: Int) async throws {
        let transport = answers(answer(status, #"{"__type":"\#(code)"}"#))
        try? await call("CreateMlflowApp", try sageMaker(transport))
        #expect(transport.requests.count == tries)
    }

    @Test func otherCallsAreTriedAgain() async throws {
        let transport = answers(answer(503, "<html>"), answer(200, "{}"))
        try await sageMaker(transport).deleteMLflowApp(arn: arn)
        #expect(transport.requests.count == 2)
        #expect(transport.options.allSatisfy { $0.mayRepeat == true })
    }

    @Test func whatIsNotThereIsToldFromOtherRefusals() async throws {
        for (body, isNotFound) in [
            (#"{"__type":"ResourceNotFound","message":"gone"}"#, true),
            (#"{"__type":"com.amazon#ResourceNotFound","message":"gone"}"#, true),
            (#"{"__type":"ValidationException","message":"Tracking server x does not exist."}"#, true),
            (#"{"__type":"ValidationException","message":"1 validation error detected"}"#, false),
            (#"{"__type":"AccessDeniedException","Message":"does not exist for you"}"#, false),
        ] {
            let sageMaker = try sageMaker(answers(answer(400, body)))
            let error = await #expect(throws: ServiceError.self) { try await sageMaker.describeMLflowApp(arn: arn) }
            #expect(error?.isNotFound == isNotFound, "\(body)")
        }
        let busy = try sageMaker(answers(answer(400, #"{"__type":"ConflictException","message":"busy"}"#)))
        let error = await #expect(throws: ServiceError.self) {
            try await busy.startMLflowTrackingServer(name: "server")
        }
        #expect(error?.isConflict == true)
        #expect(error?.description == "sagemaker StartMlflowTrackingServer failed: ConflictException (400): busy")
    }
}
