import AWSCore
import AWSServices
import AWSSigning
import CloudFormation
import Configuration
import HTTP
import TestSupport
import Testing

@Suite struct SelfInvocationTests {
    private struct Keys: CredentialProvider {
        func credentials() async throws -> Credentials {
            Credentials(accessKeyID: "AKID", secretAccessKey: "secret")
        }
    }

    @Test func workIsHandedOverThroughLambda() async throws {
        let transport = StubTransport { _ in HTTPResponse(status: 202) }
        let client = AWSClient(
            endpoint: try ServiceEndpoint.resolve(
                service: .lambda, region: "eu-central-1", environment: Environment([:])),
            errorForm: .json, credentials: Keys(), transport: transport, clock: ManualClock())
        let invoker: any SelfInvoker = LambdaClient(client)
        try await invoker.invoke(
            functionARN: "arn:aws:lambda:eu-central-1:123456789012:function:f:live", payload: [0x7B, 0x7D])
        let sent = try #require(transport.requests.first)
        #expect(
            sent.path.hasSuffix(
                "/functions/arn%3Aaws%3Alambda%3Aeu-central-1%3A123456789012%3Afunction%3Af%3Alive/invocations"))
        #expect(sent.headers["x-amz-invocation-type"] == "Event")
    }
}
