import Configuration
import Glibc
import HTTP
import JSON
import Lambda
import Synchronization
import TestSupport
import Testing
import Timestamps

private func invocation(_ id: String = "1", _ more: HTTPHeaders = [:]) throws -> Invocation {
    let own: HTTPHeaders = ["Lambda-Runtime-Aws-Request-Id": id]
    return try #require(Invocation(HTTPResponse(status: 200, headers: HTTPHeaders(own.fields + more.fields))))
}

@Suite struct InvocationTests {
    @Test func allThatLambdaSaysReachesTheHandler() throws {
        let context = try invocation(
            "id",
            [
                "lambda-runtime-deadline-ms": "1500000000123", "Lambda-Runtime-Invoked-Function-Arn": "arn:x",
                "LAMBDA-RUNTIME-TRACE-ID": "Root=1", "Lambda-Runtime-Aws-Tenant-Id": "acme",
                "Lambda-Runtime-Client-Context": "{}", "Lambda-Runtime-Cognito-Identity": "{\"i\":1}",
                "Content-Type": "application/json", "Lambda-Runtime-Unknown-Thing-Of-28c": "no",
            ]
        ).context
        #expect(context.requestID == "id")
        #expect(context.deadline == Timestamp(millisecondsSinceEpoch: 1_500_000_000_123))
        #expect(context.invokedFunctionARN == "arn:x")
        #expect(context.traceID == "Root=1")
        #expect(context.tenantID == "acme")
        #expect(context.clientContext == "{}")
        #expect(context.cognitoIdentity == "{\"i\":1}")
        #expect(context.contentType == "application/json")
    }

    @Test(arguments: ["", "soon", "99999999999999999999", "-5", "1e3"])
    func anUnreadableDeadlineIsNoReasonToRefuseAnEvent(text: String) throws {
        let context = try invocation("1", ["Lambda-Runtime-Deadline-Ms": text]).context
        #expect(context.remainingTime() == (text == "-5" ? .zero : nil))
    }

    @Test func theTimeLeftIsNeverNegative() {
        let context = LambdaContext(requestID: "1", deadline: Timestamp(secondsSinceEpoch: 100))
        #expect(context.remainingTime(at: Timestamp(secondsSinceEpoch: 97)) == .seconds(3))
        #expect(context.remainingTime(at: Timestamp(secondsSinceEpoch: 101)) == .zero)
    }

    @Test func theInvocationIDGoesBackWithAnswersAndErrors() throws {
        let endpoint = try RuntimeAPIEndpoint("h:1")
        let named = try invocation("1", ["Lambda-Runtime-Invocation-Id": "abc"])
        let report = ErrorReport(.function, type: "Bad", message: "m")
        #expect(endpoint.response(to: named, body: []).headers["Lambda-Runtime-Invocation-Id"] == "abc")
        #expect(endpoint.error(report, of: named).headers["Lambda-Runtime-Invocation-Id"] == "abc")
        #expect(!endpoint.response(to: try invocation(), body: []).headers.contains("Lambda-Runtime-Invocation-Id"))
    }

    @Test(arguments: [
        ("127.0.0.1:9001", "127.0.0.1:9001", "/2018-06-01/runtime/invocation/next"),
        ("h:1/.rt/name", "h:1", "/.rt/name/2018-06-01/runtime/invocation/next"),
        ("h:1/", "h:1", "/2018-06-01/runtime/invocation/next"),
        ("[::1]:2", "[::1]:2", "/2018-06-01/runtime/invocation/next"),
    ])
    func theEndpointMayHaveAPath(location: String, authority: String, path: String) throws {
        let next = try RuntimeAPIEndpoint(location).next
        #expect(next.url == "http://\(authority)\(path)")
        #expect(next.headers["User-Agent"] == "sagemaker-mlflow-lambda/\(RuntimeAPIEndpoint.version)")
    }

    @Test(arguments: ["http://h:1", "", "h:1/a b", "h:99999", "h:1/?q", "u@h:1"])
    func anEndpointThatIsNoneIsAConfigurationError(location: String) {
        let error = #expect(throws: ConfigurationError.self) {
            try RuntimeAPIEndpoint(environment: Environment(["AWS_LAMBDA_RUNTIME_API": location]))
        }
        #expect(error?.description.contains("AWS_LAMBDA_RUNTIME_API") == true)
    }

    @Test func anIDCannotLeaveItsSegmentOfThePath() throws {
        let request = try RuntimeAPIEndpoint("h:1").response(to: invocation("../../x?y"), body: [])
        #expect(request.path == "/2018-06-01/runtime/invocation/..%2F..%2Fx%3Fy/response")
        #expect(request.query == nil)
    }

    /// In a process of its own: the tests beside this one run functions too, and the environment is the process's.
    @Test func theTraceIsInTheEnvironmentForOneAtATimeOnly() async {
        await #expect(processExitsWith: .success) {
            let seen = Mutex<[String?]>([])
            let handler = Closure { event, context in
                seen.withLock { $0.append(getenv("_X_AMZN_TRACE_ID").map { String(cString: $0) }) }
                #expect(LambdaContext.current?.traceID == context.traceID)
                return event
            }
            let header = "Lambda-Runtime-Trace-Id"
            try await FakeService([
                .event("1", "", [header: "Root=1-long"]), .event("2", "", [header: "Root=2"]), .event("3"),
                .event("4", "", [header: "Root=4"]), .event("5", "", [header: String(repeating: "x", count: 5_000)]),
            ]).run(handler)
            #expect(seen.withLock { $0 } == ["Root=1-long", "Root=2", nil, "Root=4", nil])
            try await FakeService([.event("6", "", [header: "Root=6"])]).run(handler, concurrency: 2)
            #expect(seen.withLock { $0.last } == .some(nil))
        }
    }

    @Test(arguments: ["0", "-1", "many", "10001"])
    func aConcurrencyThatIsNoneIsAConfigurationError(text: String) {
        let environment = Environment(["AWS_LAMBDA_MAX_CONCURRENCY": text])
        #expect(throws: ConfigurationError.self) { try LambdaRuntime.concurrency(in: environment) }
    }
}
