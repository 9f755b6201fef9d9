import Configuration
import HTTP
import Lambda
import LambdaEvents
import MLflowProxy
import TestSupport
import Testing
import Timestamps

/// The handler as the function composes it.
@Suite struct EnvironmentTests {
    private static let variables = [
        "MLFLOW_TRACKING_ARN": Fixture.arn, "PROXY_AUTH": "network", "AWS_REGION": "us-west-2",
        "AWS_ACCESS_KEY_ID": "AKENV", "AWS_SECRET_ACCESS_KEY": "SECRETKEY",
    ]

    private static func handler(_ variables: [String: String], _ transport: StubTransport) throws -> MLflowProxyHandler
    {
        try MLflowProxyHandler(
            environment: Environment(variables), transport: transport, clock: ManualClock(),
            logger: LogRecorder().logger, now: { Fixture.now })
    }

    @Test func requestsAreSignedWithTheEnvironmentsCredentials() async throws {
        let transport = StubTransport { _ in HTTPResponse(status: 200) }
        let handler = try Self.handler(Self.variables, transport)
        let answer = try await handler.handle(ALBTargetRequest.example().event, context: LambdaContext(requestID: "1"))
        #expect(try Answer(answer).status == 200)
        #expect(transport.requests.first?.headers["authorization"]?.contains("Credential=AKENV/") == true)
    }

    @Test func aRoleIsAssumedOnceAndSignedWith() async throws {
        let transport = StubTransport { request in
            guard request.authority.hasPrefix("sts.") else { return HTTPResponse(status: 200) }
            return HTTPResponse(
                status: 200,
                body: Array(
                    """
                    <AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>AKROLE</AccessKeyId>\
                    <SecretAccessKey>S</SecretAccessKey><SessionToken>T</SessionToken>\
                    <Expiration>2030-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>
                    """.utf8))
        }
        var variables = Self.variables
        variables["SAGEMAKER_MLFLOW_ASSUME_ROLE_ARN"] = "arn:aws:iam::123456789012:role/reader"
        let handler = try Self.handler(variables, transport)
        for _ in 0..<3 {
            _ = try await handler.handle(ALBTargetRequest.example().event, context: LambdaContext(requestID: "1"))
        }
        #expect(transport.requests.map(\.authority).filter { $0 == "sts.us-west-2.amazonaws.com" }.count == 1)
        #expect(transport.requests.last?.headers["authorization"]?.contains("Credential=AKROLE/") == true)
        #expect(transport.requests.count == 4)
    }

    @Test func largeAnswersAreStoredInTheFunctionsRegionWithItsOwnCredentials() async throws {
        let transport = StubTransport { request in
            if request.authority.hasPrefix("sts.") {
                return HTTPResponse(
                    status: 200,
                    body: Array(
                        """
                        <R><Credentials><AccessKeyId>AKROLE</AccessKeyId><SecretAccessKey>S</SecretAccessKey>\
                        <SessionToken>T</SessionToken><Expiration>2030-01-01T00:00:00Z</Expiration></Credentials></R>
                        """.utf8))
            }
            if request.authority.contains(".s3.") { return HTTPResponse(status: 200) }
            return HTTPResponse(status: 200, body: [UInt8](repeating: 200, count: 1_100_000))
        }
        var variables = Self.variables
        variables["PROXY_OVERFLOW_BUCKET"] = "answers"
        variables["SAGEMAKER_MLFLOW_ASSUME_ROLE_ARN"] = "arn:aws:iam::123456789012:role/reader"
        let answer = try Answer(
            try await Self.handler(variables, transport).handle(
                ALBTargetRequest.example(.get, "/get-artifact").event, context: LambdaContext(requestID: "1")))
        #expect(answer.status == 307)
        let put = try #require(transport.requests.last)
        #expect(put.method == .put)
        #expect(put.url.hasPrefix("https://answers.s3.us-west-2.amazonaws.com/mlflow-proxy/private/"))
        #expect(put.headers["authorization"]?.contains("Credential=AKENV/") == true)
        #expect(answer.headers["location"]?.hasPrefix(put.url + "?X-Amz-Algorithm=AWS4-HMAC-SHA256") == true)
        #expect(answer.headers["location"]?.contains("X-Amz-Credential=AKENV%2F") == true)
    }

    @Test func allThatIsWrongIsSaidAtOnce() throws {
        let error = #expect(throws: ConfigurationError.self) {
            try Self.handler(
                ["SAGEMAKER_MLFLOW_ASSUME_ROLE_ARN": "reader", "PROXY_ACCESS": "none"],
                StubTransport { _ in HTTPResponse(status: 200) })
        }
        let names = ["MLFLOW_TRACKING_ARN", "PROXY_AUTH", "SAGEMAKER_MLFLOW_ASSUME_ROLE_ARN", "PROXY_ACCESS"]
        #expect(names.allSatisfy { name in error?.problems.contains { $0.hasPrefix(name) } == true })
        #expect(error?.problems.count == 4)
    }
}
