import AWSCore
import HTTP
import TestSupport
import Testing

@testable import AWSServices

@Suite struct LambdaClientTests {
    private let function = "arn:aws:lambda:eu-central-1:123456789012:function:vpc-cleanup:live"

    private func lambda(_ transport: StubTransport) throws -> LambdaClient {
        LambdaClient(try awsClient(.lambda, transport))
    }

    @Test func anEventIsQueuedAsBotocoreDoesIt() async throws {
        let transport = answers(answer(202))
        try await lambda(transport).invokeEvent(functionARN: function, payload: Array(#"{"hop":1}"#.utf8))
        let request = try #require(transport.requests.first)
        #expect(try WireForms.block("lambda Invoke", request) == WireForms.botocore("lambda Invoke"))
    }

    @Test func anEventThatIsNotQueuedIsAnError() async throws {
        let body = Array(#"{"secret":1}"#.utf8)
        let notQueued = try lambda(answers(answer(200, "{}")))
        let unexpected = await #expect(throws: UnexpectedAnswer.self) {
            try await notQueued.invokeEvent(functionARN: function, payload: body)
        }
        #expect(
            unexpected?.description
                == "lambda Invoke was accepted, but the answer has the status 200 instead of 202.")
        let refused = try lambda(
            answers(answer(403, #"{"Message":"no"}"#, ["x-amzn-errortype": "AccessDeniedException"])))
        let error = await #expect(throws: ServiceError.self) {
            try await refused.invokeEvent(functionARN: function, payload: body)
        }
        #expect(error?.description == "lambda Invoke failed: AccessDeniedException (403): no")
    }

    @Test func functionsOfAllPagesAreRead() async throws {
        let transport = answers(
            answer(
                200,
                #"""
                {"Functions":[{"FunctionName":"a","FunctionArn":"arn:a:7","Version":"7","VpcConfig":{"VpcId":"vpc-1",
                "SubnetIds":["s"],"SecurityGroupIds":["g","h"]}}],
                "NextMarker":"m/+="}
                """#),
            answer(
                200,
                #"""
                {"Functions":[{"FunctionName":"b","FunctionArn":"arn:b","VpcConfig":{"VpcId":""}},
                {"FunctionName":"c","FunctionArn":"arn:c"}],"NextMarker":null}
                """#))
        #expect(
            try await lambda(transport).listFunctions() == [
                LambdaFunctionSummary(
                    name: "a", version: "7", arn: "arn:a:7", vpcID: "vpc-1", subnetIDs: ["s"], groupIDs: ["g", "h"]),
                LambdaFunctionSummary(name: "b", arn: "arn:b"), LambdaFunctionSummary(name: "c", arn: "arn:c"),
            ])
        #expect(
            try WireForms.block("lambda ListFunctions", transport.requests[1])
                == WireForms.botocore("lambda ListFunctions"))
    }
}
