import AWSCore
import AWSSigning
import HTTP
import JSON
import LambdaEvents
import MLflowProxy
import TestSupport
import Testing

@Suite struct DeepHealthTests {
    private static let request = ALBTargetRequest.example(
        .get, "/_proxy/health", query: [.init(name: "deep", value: "1")])

    private static func fixture(upstream: Int = 200, bucket: Int = 200) -> Fixture {
        var fixture = Fixture { request in
            HTTPResponse(status: request.authority.contains(".s3.") ? bucket : upstream)
        }
        fixture.configuration.uploadLocations = [UploadLocation("s3://artifacts/team")].compactMap(\.self)
        return fixture
    }

    @Test func allIsWellWhenEveryPartAnswers() async throws {
        let fixture = Self.fixture()
        let answer = try await fixture.answer(Self.request)
        #expect(answer.status == 200)
        #expect(answer.json?["status"] == "ok")
        let checks = try #require(answer.json?["checks"]?.object)
        #expect(checks.map(\.name) == ["credentials", "upstream", "bucket artifacts"])
        #expect(checks.allSatisfy { $0.value["status"] == "ok" })
        #expect(answer.headers["cache-control"] == "no-store")
        let upstream = try #require(fixture.transport.requests.first { !$0.authority.contains(".s3.") })
        #expect(upstream.headers["authorization"]?.contains("SignedHeaders=") == true)
        #expect(upstream.headers["x-mlflow-sm-tracking-server-arn"] == Fixture.arn)
        let bucket = try #require(fixture.transport.requests.first { $0.authority.contains(".s3.") })
        #expect(bucket.method == .head)
        #expect(bucket.authority == "artifacts.s3.eu-central-1.amazonaws.com")
    }

    @Test(arguments: [(503, 200, "upstream"), (200, 403, "bucket artifacts"), (200, 404, "bucket artifacts")])
    func whatFailsIsNamed(upstream: Int, bucket: Int, name: String) async throws {
        let answer = try await Self.fixture(upstream: upstream, bucket: bucket).answer(Self.request)
        #expect(answer.status == 503)
        #expect(answer.json?["status"] == "failing")
        for check in try #require(answer.json?["checks"]?.object) {
            #expect((check.value["status"] == "failing") == (check.name == name))
            #expect((check.value["message"]?.string?.isEmpty == false) == (check.name == name))
        }
        #expect(answer.json?["request_id"] == "request-1")
    }

    @Test func withoutCredentialsEveryPartFailsAndNoReasonIsTold() async throws {
        var fixture = Self.fixture()
        fixture.credentials = FailingCredentials()
        let answer = try await fixture.answer(Self.request)
        #expect(answer.status == 503)
        #expect(answer.json?["checks"]?["credentials"]?["status"] == "failing")
        #expect(!answer.text.contains("secret-role"))
        #expect(fixture.log.text.contains("secret-role"))
        #expect(fixture.transport.requests.isEmpty)
    }

    @Test func whatDoesNotAnswerIsGivenUpAfterSomeSeconds() async throws {
        let clock = ManualClock()
        var fixture = Fixture { request in
            if !request.authority.contains(".s3.") { try await clock.sleep(for: .seconds(3_600)) }
            return HTTPResponse(status: 200)
        }
        fixture.configuration.uploadLocations = [UploadLocation("s3://artifacts/team")].compactMap(\.self)
        let hanging = fixture
        async let pending = hanging.answer(Self.request)
        try await clock.waitForSleepers(1)
        try await hanging.clock.waitForSleepers(1)
        hanging.clock.advance(by: .seconds(4))
        let answer = try await pending
        #expect(answer.status == 503)
        #expect(answer.json?["checks"]?["upstream"]?["message"]?.string?.contains("did not answer in time") == true)
        #expect(answer.json?["checks"]?["bucket artifacts"]?["status"] == "ok")
    }

    @Test func aSignOfLifeAsksNobody() async throws {
        for query in [[], [ALBTargetRequest.QueryItem(name: "deep", value: "0")]] {
            let fixture = Self.fixture(upstream: 500, bucket: 500)
            let answer = try await fixture.answer(.example(.get, "/_proxy/health", query: query))
            #expect(answer.status == 200)
            #expect(answer.json == ["status": "ok"])
            #expect(fixture.transport.requests.isEmpty)
        }
    }

    @Test func itIsForCallersWhoAreKnown() async throws {
        let fixture = try SignInFixture()
        #expect(try await fixture.answer(Self.request).status == 401)
        #expect(fixture.transport.requests.isEmpty)
        #expect(try await fixture.answer(.example(.get, "/_proxy/health")).status == 200)
    }
}

private struct FailingCredentials: CredentialProvider {
    func credentials() async throws -> Credentials {
        throw ServiceError(
            service: "sts", operation: "AssumeRole", code: "AccessDenied", message: "secret-role", status: 403)
    }
}
