import AWSCore
import AWSSigning
import Configuration
import HTTP
import TestSupport
import Testing
import Timestamps

@Suite struct CredentialChainTests {
    private let clock = ManualClock(jumps: true)
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func chain(_ variables: [String: String], _ transport: StubTransport = .unreachable) -> CredentialChain {
        let home = variables.merging(["HOME": folder.path]) { given, _ in given }
        return CredentialChain(environment: Environment(home), transport: transport, clock: clock) { noon }
    }

    private func failure(_ variables: [String: String], _ transport: StubTransport = .unreachable) async -> String {
        do { return "no error but \(try await chain(variables, transport).credentials())" } catch { return "\(error)" }
    }

    @Test func theEnvironmentComesFirst() async throws {
        let credentials = try await chain([
            "AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "token",
            "AWS_WEB_IDENTITY_TOKEN_FILE": "/nowhere", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/x",
        ]).credentials()
        #expect(credentials == Credentials(accessKeyID: "AKID", secretAccessKey: "secret", sessionToken: "token"))
    }

    @Test func halfAKeyPairIsAnErrorAndNotPassedOver() async {
        #expect(
            await failure(["AWS_ACCESS_KEY_ID": "AKID"])
                == "AWS_SECRET_ACCESS_KEY is not set; set it beside AWS_ACCESS_KEY_ID.")
        #expect(
            await failure(["AWS_SECRET_ACCESS_KEY": "hunter2"])
                == "AWS_ACCESS_KEY_ID is not set; set it beside AWS_SECRET_ACCESS_KEY.")
    }

    @Test func nothingFoundNamesEveryPlace() async {
        #expect(
            await failure([:])
                == "No AWS credentials found: looked at AWS_ACCESS_KEY_ID (not set), AWS_WEB_IDENTITY_TOKEN_FILE "
                + "(not set), AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and AWS_CONTAINER_CREDENTIALS_FULL_URI (not set), "
                + "and profile \"default\" in \(folder.path)/.aws/credentials and \(folder.path)/.aws/config "
                + "(no credentials there); set one of them up.")
    }

    @Test func aWebIdentityIsSentUnsignedAndReadAnewEveryTime() async throws {
        let transport = StubTransport { _ in stsAnswer("ASIAWEB", expiration: noon + .seconds(3_600)) }
        let file = try folder.write("token", "first.jwt\n")
        let chain = chain(
            [
                "AWS_WEB_IDENTITY_TOKEN_FILE": file, "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/web",
                "AWS_ROLE_SESSION_NAME": "ci", "AWS_REGION": "us-east-1",
                "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/x",
            ], transport)
        #expect(try await chain.credentials().accessKeyID == "ASIAWEB")
        _ = try folder.write("token", "second.jwt")
        _ = try await chain.credentials()
        let common =
            "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fweb"
            + "&RoleSessionName=ci&WebIdentityToken="
        #expect(transport.requests.map(bodyText) == [common + "first.jwt", common + "second.jwt"])
        #expect(transport.requests.allSatisfy { $0.headers["authorization"] == nil })
        #expect(transport.requests.first?.authority == "sts.us-east-1.amazonaws.com")
    }

    @Test func aWebIdentityThatLacksSomethingSaysWhat() async throws {
        let file = try folder.write("token", "jwt")
        let role = "arn:aws:iam::123456789012:role/web"
        #expect(
            await failure(["AWS_WEB_IDENTITY_TOKEN_FILE": file])
                == "AWS_WEB_IDENTITY_TOKEN_FILE is set, but AWS_ROLE_ARN is not; set it to the role's ARN.")
        #expect(
            await failure(["AWS_WEB_IDENTITY_TOKEN_FILE": file, "AWS_ROLE_ARN": role])
                == "AWS_WEB_IDENTITY_TOKEN_FILE needs a region to call STS in: set AWS_REGION.")
        let missing = folder.path + "/none"
        #expect(
            await failure(["AWS_WEB_IDENTITY_TOKEN_FILE": missing, "AWS_ROLE_ARN": role, "AWS_REGION": "us-east-1"])
                == "The file \(missing) (the web identity token) does not exist or is empty.")
        #expect(
            await failure(["AWS_WEB_IDENTITY_TOKEN_FILE": folder.path, "AWS_ROLE_ARN": role, "AWS_REGION": "us-east-1"])
                == "The file \(folder.path) (the web identity token) is not a regular file.")
    }
}

extension StubTransport {
    /// A network with nobody in it.
    static var unreachable: StubTransport {
        StubTransport { request in throw TransportError(.connect, "nobody is there", request: request) }
    }
}
