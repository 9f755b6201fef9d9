import AWSCore
import AWSSigning
import HTTP
import TestSupport
import Testing
import Timestamps

@Suite struct STSClientTests {
    private let source = Credentials(accessKeyID: "AKIDSOURCE", secretAccessKey: "hidden")
    private let role = "arn:aws:iam::123456789012:role/proxy"

    @Test func assumingARoleSendsWhatSTSReads() async throws {
        let transport = StubTransport { _ in stsAnswer("ASIA1", expiration: noon + .seconds(3_600)) }
        let request = try AssumeRoleRequest(
            roleARN: role, sessionName: "alice@example.com", externalID: "ext-1", sourceIdentity: "alice",
            tags: [.init(key: "team", value: "ml"), .init(key: "dept", value: "x y")], transitiveTagKeys: ["team"])
        let credentials = try await stsClient(transport) { noon }.assumeRole(request, with: source)
        #expect(
            credentials
                == Credentials(
                    accessKeyID: "ASIA1", secretAccessKey: "s3cret", sessionToken: "t0ken",
                    expiration: noon + .seconds(3_600)))
        let sent = try #require(transport.requests.first)
        #expect(sent.url == "https://sts.eu-central-1.amazonaws.com/")
        #expect(sent.headers["content-type"] == "application/x-www-form-urlencoded; charset=utf-8")
        #expect(
            bodyText(sent)
                == "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fproxy"
                + "&RoleSessionName=alice%40example.com&DurationSeconds=3600&ExternalId=ext-1&SourceIdentity=alice"
                + "&Tags.member.1.Key=team&Tags.member.1.Value=ml&Tags.member.2.Key=dept&Tags.member.2.Value=x%20y"
                + "&TransitiveTagKeys.member.1=team")
        let scope = "Credential=AKIDSOURCE/20261121/eu-central-1/sts/aws4_request"
        #expect(sent.headers["authorization"]?.contains(scope) == true)
    }

    @Test func aRefusalIsASentence() async throws {
        let transport = StubTransport { _ in stsError("AccessDenied", 403, "User &lt;x&gt; is not authorized") }
        let sts = try stsClient(transport) { noon }
        let error = await #expect(throws: ServiceError.self) {
            try await sts.assumeRole(try AssumeRoleRequest(roleARN: role, sessionName: "session"), with: source)
        }
        #expect(
            error?.description
                == "sts AssumeRole failed: AccessDenied (403): User <x> is not authorized [request 0123-4567]")
        #expect(transport.requests.count == 1)
    }

    @Test func anAnswerOfNoServiceShowsItsStatus() async throws {
        let transport = StubTransport { _ in HTTPResponse(status: 407, body: Array("<html>proxy".utf8)) }
        let sts = try stsClient(transport) { noon }
        let error = await #expect(throws: ServiceError.self) {
            try await sts.assumeRole(try AssumeRoleRequest(roleARN: role, sessionName: "session"), with: source)
        }
        #expect(error?.description == "sts AssumeRole failed: HTTP 407 (407)")
    }

    @Test func aPassingFailureIsTriedAgainWithAFreshSignature() async throws {
        let clock = ManualClock(jumps: true)
        let time = ManualTime()
        let transport = StubTransport { request in
            time.advance(by: .seconds(1))
            switch time.now() - noon {
            case .seconds(1): throw TransportError(.connectionLost, "gone", request: request)
            case .seconds(2): return stsError("Throttling", 400)
            default: return stsAnswer("ASIA3", expiration: noon + .seconds(3_600))
            }
        }
        let sts = try stsClient(transport, clock: clock, now: time.now)
        let credentials = try await sts.assumeRole(
            try AssumeRoleRequest(roleARN: role, sessionName: "session"), with: source)
        #expect(credentials.accessKeyID == "ASIA3")
        #expect(
            transport.requests.compactMap { $0.headers["x-amz-date"] } == [
                "20261121T120000Z", "20261121T120001Z", "20261121T120002Z",
            ])
        #expect(clock.slept == [.seconds(1), .seconds(2)])
    }

    @Test func threeTriesAreTheEnd() async throws {
        let transport = StubTransport { _ in stsError("InternalFailure", 500) }
        let sts = try stsClient(transport) { noon }
        await #expect(throws: ServiceError.self) {
            try await sts.assumeRole(try AssumeRoleRequest(roleARN: role, sessionName: "session"), with: source)
        }
        #expect(transport.requests.count == 3)
    }

    @Test(arguments: ["<a/>", "", "<r><Credentials><AccessKeyId>A</AccessKeyId></Credentials></r>"])
    func anAnswerWithoutCredentialsIsAnError(body: String) async throws {
        let transport = StubTransport { _ in HTTPResponse(status: 200, body: Array(body.utf8)) }
        let sts = try stsClient(transport) { noon }
        await #expect(
            throws: CredentialError("sts AssumeRole answered with status 200, but without usable credentials.")
        ) {
            try await sts.assumeRole(try AssumeRoleRequest(roleARN: role, sessionName: "session"), with: source)
        }
    }

    @Test func theCallerIsTold() async throws {
        let transport = StubTransport { _ in
            HTTPResponse(
                status: 200,
                body: Array(
                    """
                    <GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
                    <Arn>arn:aws:sts::123456789012:assumed-role/cleanup/vpc-cleanup</Arn><UserId>AROA1:vpc-cleanup</UserId>
                    <Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>
                    """.utf8))
        }
        let identity = try await stsClient(transport) { noon }.callerIdentity(with: source)
        #expect(identity.accountID == "123456789012")
        #expect(identity.arn == "arn:aws:sts::123456789012:assumed-role/cleanup/vpc-cleanup")
        #expect(identity.userID == "AROA1:vpc-cleanup")
        let sent = try #require(transport.requests.first)
        #expect(bodyText(sent) == "Action=GetCallerIdentity&Version=2011-06-15")
        #expect(sent.headers["authorization"]?.contains("Credential=AKIDSOURCE/") == true)
    }

    @Test func anAnswerThatDoesNotTellTheCallerIsAnError() async throws {
        let transport = StubTransport { _ in
            HTTPResponse(
                status: 200,
                body: Array("<r><GetCallerIdentityResult><Account>1</Account></GetCallerIdentityResult></r>".utf8))
        }
        let sts = try stsClient(transport) { noon }
        let error = await #expect(throws: CredentialError.self) { try await sts.callerIdentity(with: source) }
        #expect(
            error?.description == "sts GetCallerIdentity answered with status 200, but without usable identity.")
    }
}
