import AWSCore
import AWSSigning
import Configuration
import HTTP
import TestSupport
import Testing
import Timestamps

@Suite struct ContainerCredentialsTests {
    private let clock = ManualClock(jumps: true)
    private static let answer = HTTPResponse(
        status: 200,
        body: Array(
            #"{"AccessKeyId":"ASIAC","SecretAccessKey":"s","Token":"t","Expiration":"2026-11-21T13:00:00Z"}"#.utf8))

    private func provider(
        _ variables: [String: String], _ transport: StubTransport = StubTransport { _ in Self.answer }
    ) -> ContainerCredentials {
        ContainerCredentials(environment: Environment(variables), transport: transport, clock: clock)
    }

    @Test func aRelativePathIsOnTheContainersLink() async throws {
        let transport = StubTransport { _ in Self.answer }
        let credentials = try await provider(
            [
                "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials?id=1",
                "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1/ignored",
            ], transport
        ).credentials()
        #expect(
            credentials
                == Credentials(
                    accessKeyID: "ASIAC", secretAccessKey: "s", sessionToken: "t", expiration: noon + .seconds(3_600)))
        let request = try #require(transport.requests.first)
        #expect(request.url == "http://169.254.170.2/v2/credentials?id=1")
        #expect(!request.headers.contains("authorization"))
        #expect(transport.options.first?.timeout == .seconds(2))
        let usesProxy = if case .environment? = transport.options.first?.proxy { true } else { false }
        #expect(!usesProxy)
    }

    @Test(arguments: [
        "http://localhost:1338/x", "http://127.0.0.1/x", "http://127.9.9.9:80/x", "http://[::1]:8080/x",
        "http://169.254.170.23/v1/credentials", "http://169.254.170.2/x", "http://[fd00:EC2::23]/v1/credentials",
        "https://credentials.example.com/x",
    ])
    func aHostThatMayHaveTheTokenIsAsked(url: String) async throws {
        #expect(try await provider(["AWS_CONTAINER_CREDENTIALS_FULL_URI": url]).credentials().accessKeyID == "ASIAC")
    }

    @Test(arguments: [
        "http://credentials.example.com/x", "http://169.254.169.254/x", "http://127.0.0.1.example.com/x",
        "http://127.0.0.x/", "http://[fd00:ec2::254]/x", "http://localhost.example.com/", "http://10.0.0.1/",
        "http://127.0.0.256/", "ftp://127.0.0.1/", "http://a@127.0.0.1/",
    ])
    func anyOtherHostIsNot(url: String) async throws {
        let transport = StubTransport { _ in Self.answer }
        let provider = provider(
            ["AWS_CONTAINER_CREDENTIALS_FULL_URI": url, "AWS_CONTAINER_AUTHORIZATION_TOKEN": "hunter2"], transport)
        let error = await #expect(throws: CredentialError.self) { try await provider.credentials() }
        #expect(error?.description.hasPrefix("AWS_CONTAINER_CREDENTIALS_FULL_URI ") == true)
        #expect(error?.description.contains("hunter2") == false)
        #expect(transport.requests.isEmpty)
    }

    @Test func theTokenInAFileGoesBeforeTheOtherAndIsReadAnew() async throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("token", "first")
        let transport = StubTransport { _ in Self.answer }
        let provider = provider(
            [
                "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v1/credentials",
                "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": file, "AWS_CONTAINER_AUTHORIZATION_TOKEN": "other",
            ], transport)
        _ = try await provider.credentials()
        _ = try folder.write("token", "second")
        _ = try await provider.credentials()
        #expect(transport.requests.map { $0.headers["authorization"] } == ["first", "second"])
    }

    @Test func aTokenWithALineBreakIsRefused() async throws {
        let transport = StubTransport { _ in Self.answer }
        let provider = provider(
            [
                "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/x", "AWS_CONTAINER_AUTHORIZATION_TOKEN": "a\r\nX-Evil: 1",
            ], transport)
        await #expect(throws: CredentialError.self) { try await provider.credentials() }
        #expect(transport.requests.isEmpty)
    }

    @Test func threeTriesASecondApart() async throws {
        let transport = StubTransport { _ in HTTPResponse(status: 503) }
        let provider = provider(["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/x"], transport)
        await #expect(throws: ServiceError.self) { try await provider.credentials() }
        #expect(transport.requests.count == 3)
        #expect(clock.slept == [.seconds(1), .seconds(1)])
    }

    @Test func aRefusalCarriesTheEndpointsWords() async throws {
        let transport = StubTransport { _ in
            HTTPResponse(status: 403, body: Array(#"{"code":"AccessDenied","message":"no role"}"#.utf8))
        }
        let provider = provider(["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/x"], transport)
        let error = await #expect(throws: ServiceError.self) { try await provider.credentials() }
        #expect(error?.description == "container credentials GET failed: AccessDenied (403): no role")
    }

    @Test(arguments: [
        "", "[]", #"{"AccessKeyId":"A"}"#, #"{"AccessKeyId":"A","SecretAccessKey":"s","Expiration":"x"}"#,
    ])
    func anAnswerWithoutUsableCredentialsIsAnError(body: String) async {
        let transport = StubTransport { _ in HTTPResponse(status: 200, body: Array(body.utf8)) }
        let provider = provider(["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/x"], transport)
        await #expect(throws: CredentialError.self) { try await provider.credentials() }
    }
}
