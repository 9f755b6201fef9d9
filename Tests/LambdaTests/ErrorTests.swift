import Configuration
import HTTP
import JSON
import Lambda
import TestSupport
import Testing

private struct OrderMissing: Error, CustomStringConvertible { var description: String }
private enum lower: Error { case x }
private struct Generic2<Value>: Error {}
private struct Chosen: LambdaFault {
    var faultType: String
    var faultMessage = "chosen"
}

@Suite struct ErrorTests {
    @Test func aThrownErrorIsReportedWithTypeAndSentence() async throws {
        let service = FakeService([.event("1")])
        try await service.run(Closure { _, _ in throw OrderMissing(description: "Order 7 does not exist.") })
        let post = try #require(service.posts.first)
        #expect(post.request.path == "/2018-06-01/runtime/invocation/1/error")
        #expect(post.request.headers["Lambda-Runtime-Function-Error-Type"] == "Function.OrderMissing")
        let body = try JSONValue(parsing: post.body)
        #expect(body["errorType"] == "Function.OrderMissing")
        #expect(body["errorMessage"] == "Order 7 does not exist.")
        #expect(body["stackTrace"]?.array != nil)
        let cause = try JSONValue(
            parsing: try #require(post.request.headers["Lambda-Runtime-Function-XRay-Error-Cause"]))
        #expect(cause["exceptions"]?.array?.first?["message"] == "Order 7 does not exist.")
        #expect(cause["working_directory"]?.string?.hasPrefix("/") == true)
        #expect(cause["paths"]?.array != nil)
    }

    @Test(arguments: [
        (lower.x as any Error, "Function.Lower"), (Generic2<Int>(), "Function.Generic"),
        (Chosen(faultType: "NotFound"), "Function.NotFound"), (Chosen(faultType: "não\r\nX: y"), "Function.NoXy"),
        (Chosen(faultType: "5"), "Function.UnknownError"), (Chosen(faultType: ""), "Function.UnknownError"),
        (Chosen(faultType: "a"), "Function.UnknownError"),
    ])
    func everyTypeMatchesLambdasRule(error: any Error, type: String) {
        #expect(ErrorReport(.function, error).type == type)
    }

    @Test func anyBytesInAMessageGiveValidJSONAndSafeHeaders() throws {
        var random = SystemRandomNumberGenerator()
        let endpoint = try RuntimeAPIEndpoint("h:1")
        let response = HTTPResponse(status: 200, headers: ["Lambda-Runtime-Aws-Request-Id": "1"])
        let invocation = try #require(Invocation(response))
        for _ in 0..<2_000 {
            let bytes = (0..<Int.random(in: 0...60, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            let message = String(decoding: bytes, as: UTF8.self)
            let request = endpoint.error(ErrorReport(.function, type: message, message: message), of: invocation)
            guard case .bytes(let body) = request.body else { return }
            let parsed = try JSONValue(parsing: body)
            #expect(parsed["errorMessage"]?.string == message)
            #expect(request.headers.filter { !$0.isValid }.isEmpty)
            let cause = try #require(request.headers["Lambda-Runtime-Function-XRay-Error-Cause"])
            #expect(HTTPToken.isFieldValue(cause) && cause.utf8.allSatisfy { $0 < 0x7F })
            #expect(try JSONValue(parsing: cause)["exceptions"]?.array?.first?["message"]?.string == message)
        }
    }

    @Test func aLineBreakInAMessageAddsNoHeader() {
        let report = ErrorReport(.function, type: "T\r\nX-Evil: 1", message: "a\r\nX-Evil: 1\r\n\r\n😀é")
        #expect(report.xrayErrorCause.contains(#"a\r\nX-Evil: 1\r\n\r\n\ud83d\ude00\u00e9"#))
        #expect(HTTPHeaders.Field(name: "X", value: report.xrayErrorCause).isValid)
        #expect(HTTPHeaders.Field(name: "X", value: report.type).isValid)
    }

    @Test func anEndlessMessageIsCutForTheHeader() throws {
        let report = ErrorReport(.function, type: "Big", message: String(repeating: "\u{1F600}\u{1}", count: 400_000))
        #expect(report.xrayErrorCause.utf8.count < 1 << 20)
        #expect(report.body.count < 4 << 20)
        #expect(try JSONValue(parsing: report.body)["errorMessage"]?.string?.hasSuffix("…") == true)
    }
}

@Suite struct LaunchTests {
    private func launch(
        _ service: FakeService, _ environment: [String: String] = [:],
        afterRestore: @escaping @Sendable () async throws -> Void = {},
        make: @escaping @Sendable () async throws -> any LambdaHandler
    ) async -> LambdaRuntime.ExitCode {
        var environment = environment
        environment["AWS_LAMBDA_RUNTIME_API"] = environment["AWS_LAMBDA_RUNTIME_API"] ?? "127.0.0.1:9001"
        return await LambdaRuntime.launch(
            environment: Environment(environment), transport: service.transport, clock: service.clock,
            logger: service.log.logger, started: { runtime in service.willRun(runtime) }, afterRestore: afterRestore,
            make: { .whole(try await make()) })
    }

    @Test func aWrongConfigurationIsToldToLambda() async throws {
        let service = FakeService([])
        let code = await launch(service) {
            throw ConfigurationError(["The variable A is missing.", "B is not a number."])
        }
        #expect(code == .initFailed)
        let post = try #require(service.posts.first)
        #expect(post.request.path == "/2018-06-01/runtime/init/error")
        #expect(post.request.headers["Lambda-Runtime-Function-Error-Type"] == "Runtime.ConfigurationError")
        #expect(try JSONValue(parsing: post.body)["errorMessage"] == "The variable A is missing. B is not a number.")
        #expect(service.log.lines.first?.contains("The variable A is missing.") == true)
    }

    @Test func withoutARuntimeAPIThereIsASentence() async {
        let service = FakeService([])
        let code = await launch(service, ["AWS_LAMBDA_RUNTIME_API": "%"]) { Closure.echo }
        #expect(code == .initFailed)
        #expect(service.log.lines.first?.contains("AWS_LAMBDA_RUNTIME_API") == true)
    }

    @Test func aFunctionServesUntilItIsStopped() async {
        let service = FakeService([.event("1"), .event("2")])
        #expect(await launch(service) { Closure.echo } == .stopped)
        #expect(service.posts.count == 2)
    }

    @Test func aSnapshotIsRestoredBeforeTheFirstEvent() async {
        let service = FakeService([.status(200), .event("1")])
        let code = await launch(service, ["AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start"]) { Closure.echo }
        #expect(code == .stopped)
        #expect(service.gets.first == "/2018-06-01/runtime/restore/next")
        #expect(service.posts.count == 1)
    }

    @Test func aFailureAfterRestoringIsToldToLambda() async throws {
        let service = FakeService([.status(200)])
        let code = await launch(
            service, ["AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start"],
            afterRestore: { throw OrderMissing(description: "No seed.") }
        ) { Closure.echo }
        #expect(code == .restoreFailed)
        #expect(service.posts.first?.request.path == "/2018-06-01/runtime/restore/error")
        #expect(
            service.posts.first?.request.headers["Lambda-Runtime-Function-Error-Type"] == "Runtime.AfterRestoreError")
    }
}
