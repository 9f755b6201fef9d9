import AWSCore
import AWSSigning
import Configuration
import Foundation
import HTTP
import TestSupport
import Testing
import Timestamps

@Suite struct ProfileCredentialsTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func provider(
        _ variables: [String: String] = [:], _ transport: StubTransport = .unreachable
    ) -> ProfileCredentials {
        let home = variables.merging(["HOME": folder.path]) { given, _ in given }
        return ProfileCredentials(
            environment: Environment(home), transport: transport, clock: ManualClock(jumps: true)
        ) { noon }
    }

    private func failure(_ profile: String, config: String) async throws -> String {
        _ = try folder.write(".aws/config", config)
        let provider = provider(["AWS_PROFILE": profile, "AWS_REGION": "us-east-1"])
        do { return "no error but \(try await provider.credentials())" } catch { return "\(error)" }
    }

    @Test func keysComeFromBothFilesAndTheCredentialsFileWins() async throws {
        _ = try folder.write(
            ".aws/config",
            """
            [default]
            region = eu-central-1
            [profile two words]
            aws_access_key_id = CONFIG
            aws_secret_access_key = c # a comment
            s3 =
              aws_access_key_id = nested
            [sso-session default]
            aws_access_key_id = none
            [profile both]
            aws_access_key_id = CONFIG
            """)
        _ = try folder.write(
            ".aws/credentials",
            """
            # comment
            [default]
            AWS_ACCESS_KEY_ID=AKID\r
            aws_secret_access_key = s/e+c#r=et
            aws_session_token = token
            nonsense
            [both]
            aws_access_key_id = CREDENTIALS
            aws_secret_access_key = x
            """)
        #expect(
            try await provider().credentials()
                == Credentials(accessKeyID: "AKID", secretAccessKey: "s/e+c#r=et", sessionToken: "token"))
        #expect(
            try await provider(["AWS_PROFILE": "two words"]).credentials()
                == Credentials(accessKeyID: "CONFIG", secretAccessKey: "c"))
        #expect(try await provider(["AWS_PROFILE": "both"]).credentials().accessKeyID == "CREDENTIALS")
    }

    @Test func otherFilesMayBeNamed() async throws {
        let file = try folder.write("elsewhere", "[default]\naws_access_key_id=A\naws_secret_access_key=s")
        #expect(try await provider(["AWS_SHARED_CREDENTIALS_FILE": file]).credentials().accessKeyID == "A")
        #expect(try await provider(["AWS_SHARED_CREDENTIALS_FILE": "~/elsewhere"]).credentials().accessKeyID == "A")
        let config = try folder.write("config", "[profile x]\naws_access_key_id=B\naws_secret_access_key=s")
        #expect(
            try await provider(["AWS_CONFIG_FILE": config, "AWS_PROFILE": "x"]).credentials().accessKeyID == "B")
    }

    @Test func rolesAreAssumedAlongTheChainOfSources() async throws {
        _ = try folder.write(
            ".aws/config",
            """
            [profile app]
            role_arn = arn:aws:iam::123456789012:role/app
            source_profile = hub
            role_session_name = me
            external_id = ext-1
            duration_seconds = 900
            region = eu-west-1
            [profile hub]
            role_arn = arn:aws:iam::123456789012:role/hub
            source_profile = hub
            aws_access_key_id = AKIDHUB
            aws_secret_access_key = s
            region = eu-west-1
            """)
        let transport = StubTransport { request in
            stsAnswer(
                bodyText(request).contains("role%2Fhub") ? "ASIAHUB" : "ASIAAPP", expiration: noon + .seconds(900))
        }
        let credentials = try await provider(["AWS_PROFILE": "app"], transport).credentials()
        #expect(credentials.accessKeyID == "ASIAAPP")
        #expect(transport.requests.count == 2)
        let signers = transport.requests.compactMap { $0.headers["authorization"] }
        #expect(signers[0].contains("Credential=AKIDHUB/20261121/eu-west-1/sts/"))
        #expect(signers[1].contains("Credential=ASIAHUB/20261121/eu-west-1/sts/"))
        let body = bodyText(transport.requests[1])
        #expect(body.contains("&RoleSessionName=me&DurationSeconds=900&ExternalId=ext-1"))
        #expect(bodyText(transport.requests[0]).contains("&RoleSessionName=sagemaker-mlflow-lambda-1795262400&"))
    }

    @Test func aRoleMayBeAssumedWithTheEnvironmentsKeysOrAWebIdentity() async throws {
        let token = try folder.write("token", "jwt")
        _ = try folder.write(
            ".aws/config",
            """
            [profile env]
            role_arn = arn:aws:iam::123456789012:role/env
            credential_source = Environment
            [profile web]
            role_arn = arn:aws:iam::123456789012:role/web
            web_identity_token_file = \(token)
            """)
        let transport = StubTransport { _ in stsAnswer("ASIA", expiration: noon + .seconds(3_600)) }
        let keys = ["AWS_ACCESS_KEY_ID": "AKIDENV", "AWS_SECRET_ACCESS_KEY": "s", "AWS_REGION": "us-east-1"]
        _ = try await provider(keys.merging(["AWS_PROFILE": "env"]) { $1 }, transport).credentials()
        _ = try await provider(keys.merging(["AWS_PROFILE": "web"]) { $1 }, transport).credentials()
        #expect(transport.requests[0].headers["authorization"]?.contains("Credential=AKIDENV/") == true)
        #expect(bodyText(transport.requests[1]).hasSuffix("&WebIdentityToken=jwt"))
    }

    @Test func aProfileThatCannotBeUsedSaysWhy() async throws {
        let role = "role_arn = arn:aws:iam::123456789012:role/a"
        let files = "\(folder.path)/.aws/credentials and \(folder.path)/.aws/config"
        #expect(
            try await failure("a", config: "")
                == "AWS_PROFILE is \"a\", but there is no such profile in \(files).")
        #expect(
            try await failure("a", config: "[profile a]\nregion = x")
                == "No AWS credentials found: looked at profile \"a\" in \(files) (none there).")
        #expect(
            try await failure("a", config: "[profile a]\naws_access_key_id = x")
                == "Profile \"a\" has only one of aws_access_key_id and aws_secret_access_key; it needs both.")
        #expect(
            try await failure("a", config: "[profile a]\ncredential_process = /bin/true")
                == "Profile \"a\" uses credential_process, which is not supported here; run "
                + "eval \"$(aws configure export-credentials --profile a --format env)\" first.")
        #expect(
            try await failure("a", config: "[profile a]\nsso_session = s\nsso_account_id = 1").hasPrefix(
                "Profile \"a\" uses sso_session, which is not supported here;"))
        #expect(
            try await failure("a", config: "[profile a]\n\(role)")
                == "Profile \"a\" has a role_arn; it needs either source_profile or credential_source beside it.")
        #expect(
            try await failure("a", config: "[profile a]\n\(role)\nsource_profile = b")
                == "Profile \"a\" has source_profile \"b\", but there is no such profile in \(files).")
        #expect(
            try await failure(
                "a", config: "[profile a]\n\(role)\nsource_profile = b\n[profile b]\n\(role)\nsource_profile = a")
                == "The profiles a → b → a in \(files) go round in a circle.")
        #expect(
            try await failure("a", config: "[profile a]\n\(role)\nsource_profile = a")
                == "Profile \"a\", the source_profile of \"a\", holds no credentials.")
        #expect(
            try await failure("a", config: "[profile a]\n\(role)\ncredential_source = Ec2InstanceMetadata")
                == "Profile \"a\" has credential_source \"Ec2InstanceMetadata\"; supported are Environment and "
                + "EcsContainer.")
        #expect(
            try await failure("a", config: "[profile a]\n\(role)\nmfa_serial = x").hasPrefix(
                "Profile \"a\" asks for an MFA code"))
        #expect(
            try await failure(
                "a", config: "[profile a]\nrole_arn = x\nsource_profile = a\nduration_seconds = 1"
            ).hasPrefix("Profile \"a\" cannot be used: The role ARN \"x\" has to have 20 to 2048 characters. The"))
    }

    @Test func aFileThatIsNoTextIsNamed() async throws {
        let file = folder.path + "/credentials"
        try Data([0x5B, 0xFF, 0x5D]).write(to: URL(fileURLWithPath: file))
        let provider = provider(["AWS_SHARED_CREDENTIALS_FILE": file])
        let error = await #expect(throws: CredentialError.self) { try await provider.credentials() }
        #expect(error?.description == "The file \(file) (AWS profiles) is not UTF-8.")
    }
}
