import Configuration
import HTTP
import JSON
import Lambda
import LambdaEvents
import Synchronization
import TestSupport
import Testing
import Timestamps

@testable import MLflowProxy

/// Requests signed in the name of the person who makes them.
@Suite struct SourceIdentityTests {
    private static let role = "arn:aws:iam::123456789012:role/mlflow"

    /// The whole proxy, as the function composes it, with sign-in and a role.
    private struct World {
        let pair: ECDSAKeyPair
        let transport: StubTransport
        let handler: MLflowProxyHandler
        let log = LogRecorder()

        init(_ settings: [String: String] = ["PROXY_SOURCE_IDENTITY": "on"]) throws {
            let pair = try #require(ECDSAKeyPair())
            self.pair = pair
            transport = StubTransport { request in
                if request.authority.hasPrefix("sts.") { return World.assumed(request) }
                if request.authority == SignInFixture.keyHost {
                    return HTTPResponse(status: 200, body: Array(pair.publicPEM.utf8))
                }
                return HTTPResponse(status: 200)
            }
            var variables = [
                "MLFLOW_TRACKING_ARN": Fixture.arn, "PROXY_AUTH": "alb-oidc",
                "PROXY_ALB_ARN": SignInFixture.loadBalancer,
                "SAGEMAKER_MLFLOW_ASSUME_ROLE_ARN": SourceIdentityTests.role, "AWS_REGION": "eu-central-1",
                "AWS_ACCESS_KEY_ID": "AKENV", "AWS_SECRET_ACCESS_KEY": "SECRETKEY",
            ]
            variables.merge(settings) { $1 }
            handler = try MLflowProxyHandler(
                environment: Environment(variables), transport: transport, clock: ManualClock(), logger: log.logger,
                now: { Fixture.now })
        }

        /// Credentials whose key is the source identity, so that a signature shows whose they are.
        private static func assumed(_ request: HTTPRequest) -> HTTPResponse {
            let identity = World.form(request)["SourceIdentity"] ?? "nobody"
            return HTTPResponse(
                status: 200,
                body: Array(
                    """
                    <AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>\(identity)</AccessKeyId>\
                    <SecretAccessKey>S</SecretAccessKey><SessionToken>T</SessionToken>\
                    <Expiration>2030-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>
                    """.utf8))
        }

        static func form(_ request: HTTPRequest) -> [String: String] {
            guard case .bytes(let body) = request.body else { return [:] }
            let pairs = String(decoding: body, as: UTF8.self).split(separator: "&").map { pair in
                let parts = pair.split(separator: "=", maxSplits: 1)
                return (String(parts[0]), String(decoding: PercentEncoding.decode(parts[1]), as: UTF8.self))
            }
            return Dictionary(pairs, uniquingKeysWith: { $1 })
        }

        /// One request of a person; the identity that it was signed with.
        @discardableResult
        func request(_ edit: (inout TokenDraft) -> Void = { _ in }) async throws -> String {
            var draft = TokenDraft()
            draft.header["exp"] = .integer(Fixture.now.secondsSinceEpoch + 120)
            edit(&draft)
            let request = ALBTargetRequest.example(headers: ["x-amzn-oidc-data": draft.signed(by: pair)])
            let answer = try Answer(
                try await handler.handle(request.event, context: LambdaContext(requestID: "1", logger: log.logger)))
            #expect(answer.status == 200)
            let authorization = try #require(transport.requests.last?.headers["authorization"])
            let start = try #require(authorization.split(separator: "Credential=").last)
            return String(start.prefix { $0 != "/" })
        }

        /// The sessions that were opened.
        var identities: [String?] {
            transport.requests.filter { $0.authority.hasPrefix("sts.") }.map { World.form($0)["SourceIdentity"] }
        }
    }

    @Test func eachPersonsRequestsAreSignedWithASessionThatNamesThePerson() async throws {
        let world = try World()
        let jane = try await world.request()
        #expect(jane.hasPrefix("jane@example.com="))
        let john = try await world.request {
            $0.payload["sub"] = "john-1"; $0.payload["email"] = "john@example.com"
        }
        #expect(john.hasPrefix("john@example.com="))
        #expect(try await world.request() == jane)
        #expect(world.identities == [jane, john])
        let call = try #require(world.transport.requests.first { $0.authority.hasPrefix("sts.") })
        #expect(World.form(call)["RoleArn"] == Self.role)
        #expect(World.form(call)["RoleSessionName"] == "mlflow-proxy")
    }

    @Test func theIdentityEndsInThePseudonymOfTheLog() async throws {
        let world = try World()
        let identity = try await world.request()
        let subject = try #require(world.log.records.last { $0.message == "request" }?.metadata["subject"])
        #expect(subject.utf8.count == 16)
        #expect(identity.hasSuffix("=\(subject)"))
    }

    @Test func peopleOfTheSameNameAreTwo() async throws {
        let world = try World()
        var identities: Set<String> = []
        for (subject, email) in [
            ("a", "jane@example.com"), ("b", "jane@example.com"), ("c", "jane/x@example.com"),
            ("d", "jane:x@example.com"),
            ("e", String(repeating: "j", count: 200)), ("f", String(repeating: "j", count: 201)), ("g", "ジェーン"),
            ("h", "ünï"),
        ] {
            identities.insert(
                try await world.request {
                    $0.payload["sub"] = .string(subject); $0.payload["email"] = .string(email)
                })
        }
        #expect(identities.count == 8)
        for identity in identities {
            #expect((2...64).contains(identity.utf8.count))
            #expect(
                identity.utf8.allSatisfy { PercentEncoding.isUnreserved($0) && $0 != 0x7E || "+=,@".utf8.contains($0) })
        }
    }

    @Test func anAddressThatNobodyHasCheckedIsNotTaken() async throws {
        for value in [JSONValue.bool(false), "false"] {
            let world = try World()
            let identity = try await world.request { $0.payload["email_verified"] = value }
            #expect(identity.hasPrefix("5e2c3f10="))
        }
        let world = try World()
        #expect(try await world.request { $0.payload["email"] = nil }.hasPrefix("5e2c3f10="))
    }

    @Test func theNumberOfSessionsIsBounded() async throws {
        let world = try World()
        func request(_ number: Int) async throws {
            try await world.request {
                $0.payload["sub"] = .string("person-\(number)"); $0.payload["email"] = nil
            }
        }
        for number in 0..<CallerSessions.capacity { try await request(number) }
        #expect(world.identities.count == CallerSessions.capacity)
        // The first was used last, so that the second is the one to go when another comes.
        try await request(0)
        try await request(1_000)
        try await request(0)
        #expect(world.identities.count == CallerSessions.capacity + 1)
        try await request(1)
        #expect(world.identities.count == CallerSessions.capacity + 2)
    }

    @Test func withoutTheSettingAllShareOneSession() async throws {
        let world = try World([:])
        #expect(try await world.request() == "nobody")
        #expect(try await world.request { $0.payload["sub"] = "other" } == "nobody")
        #expect(world.identities == [nil])
    }

    @Test func theSettingNeedsSomebodyWhoVouchesAndARole() throws {
        let problems = { (variables: [String: String]) -> [String] in
            do throws(ConfigurationError) {
                _ = try ProxyConfiguration(Environment(variables))
                return []
            } catch { return error.problems }
        }
        let network = problems([
            "PROXY_AUTH": "network", "PROXY_SOURCE_IDENTITY": "on", "SAGEMAKER_MLFLOW_ASSUME_ROLE_ARN": Self.role,
        ])
        #expect(network.count == 1 && network[0].contains("PROXY_AUTH to alb-oidc"))
        let ownRole = problems([
            "PROXY_AUTH": "alb-oidc", "PROXY_ALB_ARN": SignInFixture.loadBalancer, "PROXY_SOURCE_IDENTITY": "on",
        ])
        #expect(ownRole.count == 1 && ownRole[0].contains("SAGEMAKER_MLFLOW_ASSUME_ROLE_ARN"))
        #expect(
            problems(["PROXY_AUTH": "network", "PROXY_SOURCE_IDENTITY": "yes"]).first?.contains("on or off") == true)
        #expect(problems(["PROXY_AUTH": "network", "PROXY_SOURCE_IDENTITY": "off"]).isEmpty)
        #expect(
            problems(["PROXY_AUTH": "network", "PROXY_UPLOAD_LOCATIONS": "s3://ok-1/a,bucket/b"]).first?
                .contains("\"bucket/b\"") == true)
    }
}
