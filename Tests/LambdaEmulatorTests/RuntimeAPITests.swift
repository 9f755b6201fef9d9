import HTTP
import JSON
import LambdaEmulator
import Testing
import Timestamps

/// A Runtime API on a socket, and a runtime's side of it.
private struct Runtime: Sendable {
    let api: RuntimeAPI
    let server: HTTPServer
    private let transport = LoopbackTransport()

    static func with<Value: Sendable>(
        concurrency: Int = 1, _ body: @escaping @Sendable (Runtime) async throws -> Value
    ) async throws -> Value {
        let api = RuntimeAPI(concurrency: concurrency, now: { Timestamp(secondsSinceEpoch: 1_000) })
        let runtime = Runtime(api: api, server: try await HTTPServer())
        return try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask {
                try await runtime.server.run(api)
                return nil
            }
            group.addTask { try await body(runtime) }
            defer { group.cancelAll() }
            while let value = try await group.next() {
                if let value { return value }
            }
            throw CancellationError()
        }
    }

    private init(api: RuntimeAPI, server: HTTPServer) {
        self.api = api
        self.server = server
    }

    func call(
        _ method: HTTPMethod, _ path: String, headers: HTTPHeaders = [:], body: HTTPBody = .empty
    ) async throws -> HTTPResponse {
        try await transport.send(
            HTTPRequest(
                method, scheme: "http", authority: "127.0.0.1:\(server.port)", path: "/2018-06-01/runtime\(path)",
                headers: headers, body: body))
    }

    func next() async throws -> HTTPResponse { try await call(.get, "/invocation/next") }

    /// Posts to an invocation's `response` or `error`, with the invocation id its event came with.
    func post(
        _ kind: String, for event: HTTPResponse, headers: HTTPHeaders = [:], body: HTTPBody = .bytes(Array("{}".utf8))
    ) async throws -> HTTPResponse {
        var headers = headers
        headers["Lambda-Runtime-Invocation-Id"] = event.headers["lambda-runtime-invocation-id"]
        let id = event.headers["lambda-runtime-aws-request-id"] ?? ""
        return try await call(.post, "/invocation/\(id)/\(kind)", headers: headers, body: body)
    }
}

private func errorType(_ response: HTTPResponse) -> String? {
    (try? JSONValue(parsing: response.body))?["errorType"]?.string
}

extension InvocationResult {
    fileprivate var success: FunctionResponse? { if case .success(let response) = self { response } else { nil } }
    fileprivate var failure: FunctionFailure? { if case .failure(let failure) = self { failure } else { nil } }
}

@Suite struct RuntimeAPITests {
    @Test func `An event comes with every header that has a value, and its answer reaches the caller`() async throws {
        try await Runtime.with { runtime in
            let invocation = Invocation(
                event: Array(#"{"a":1}"#.utf8), timeout: .seconds(3), functionARN: "arn:f", traceID: "Root=1",
                tenantID: "t")
            async let result = runtime.api.invoke(invocation)
            let event = try await runtime.next()
            #expect(event.status == 200)
            #expect(event.body == Array(#"{"a":1}"#.utf8))
            #expect(event.headers["lambda-runtime-aws-request-id"] == invocation.requestID)
            #expect(event.headers["lambda-runtime-invocation-id"] == invocation.invocationID)
            #expect(event.headers["lambda-runtime-deadline-ms"] == "1003000")
            #expect(event.headers["lambda-runtime-invoked-function-arn"] == "arn:f")
            #expect(event.headers["lambda-runtime-trace-id"] == "Root=1")
            #expect(event.headers["lambda-runtime-aws-tenant-id"] == "t")
            #expect(event.headers["content-type"] == "application/json")
            #expect(!event.headers.contains("lambda-runtime-client-context"))
            #expect(!event.headers.contains("lambda-runtime-cognito-identity"))
            let answer = try await runtime.post("response", for: event, headers: ["Content-Type": "text/x"])
            #expect(answer.status == 202)
            #expect(answer.body == Array(#"{"status":"OK"}"#.utf8))
            let response = await result.success
            #expect(response?.payload == Array("{}".utf8))
            #expect(response?.contentType == "text/x")
            #expect(response?.isStreamed == false)
        }
    }

    @Test func `An unknown request id is 400 InvalidRequestID, before the first event and after`() async throws {
        try await Runtime.with { runtime in
            let early = try await runtime.call(.post, "/invocation/nope/response")
            #expect(early.status == 400)
            #expect(errorType(early) == "InvalidRequestID")
            async let result = runtime.api.invoke(Invocation(event: [0x31]))
            let event = try await runtime.next()
            let wrong = try await runtime.call(.post, "/invocation/nope/error")
            #expect(errorType(wrong) == "InvalidRequestID")
            #expect(try await runtime.post("response", for: event).status == 202)
            #expect(await result.success != nil)
        }
    }

    @Test func `A second answer is 403 InvalidStateTransition, and 400 once the next event is out`() async throws {
        try await Runtime.with { runtime in
            async let first = runtime.api.invoke(Invocation(event: [0x31]))
            let event = try await runtime.next()
            _ = try await runtime.post("response", for: event)
            for kind in ["response", "error"] {
                let again = try await runtime.post(kind, for: event)
                #expect(again.status == 403)
                #expect(errorType(again) == "InvalidStateTransition")
            }
            async let second = runtime.api.invoke(Invocation(event: [0x32]))
            let next = try await runtime.next()
            let late = try await runtime.post("response", for: event)
            #expect(late.status == 400)
            #expect(errorType(late) == "InvalidRequestID")
            _ = try await runtime.post("response", for: next)
            _ = await (first, second)
        }
    }

    @Test func `Asking again before answering gives the same event`() async throws {
        try await Runtime.with { runtime in
            async let result = runtime.api.invoke(Invocation(event: [0x31]))
            let event = try await runtime.next()
            let again = try await runtime.next()
            #expect(again.headers["lambda-runtime-aws-request-id"] == event.headers["lambda-runtime-aws-request-id"])
            _ = try await runtime.post("response", for: again)
            _ = await result
        }
    }

    @Test func `An answer without the event's invocation id is refused and does not end the invocation`() async throws {
        try await Runtime.with { runtime in
            async let result = runtime.api.invoke(Invocation(event: [0x31]))
            let event = try await runtime.next()
            let id = event.headers["lambda-runtime-aws-request-id"] ?? ""
            for headers in [[:], ["Lambda-Runtime-Invocation-Id": "other"]] as [HTTPHeaders] {
                let refused = try await runtime.call(.post, "/invocation/\(id)/response", headers: headers)
                #expect(refused.status == 400)
            }
            #expect(try await runtime.post("response", for: event).status == 202)
            #expect(await result.success != nil)
        }
    }

    @Test func `6 MiB and 100 bytes pass; one more is 413 and the invocation fails`() async throws {
        try await Runtime.with { runtime in
            for (count, status) in [(RuntimeAPI.maximumPayloadBytes, 202), (RuntimeAPI.maximumPayloadBytes + 1, 413)] {
                async let result = runtime.api.invoke(Invocation(event: [0x31]))
                let event = try await runtime.next()
                let body = [UInt8](repeating: 0x61, count: count)
                let answer = try await runtime.post("response", for: event, body: .bytes(body))
                #expect(answer.status == status)
                let outcome = await result
                #expect(outcome.success?.payload.count == (status == 202 ? count : nil))
                if status == 413 {
                    #expect(errorType(answer) == "RequestEntityTooLarge")
                    #expect(outcome.failure?.errorType == "Function.ResponseSizeTooLarge")
                    // What Lambda says next is the state, not the size.
                    #expect(try await runtime.post("error", for: event).status == 403)
                }
            }
        }
    }

    @Test(arguments: [
        ("Runtime.NoSuchHandler", "Runtime.NoSuchHandler"), ("Function.ValueError", "Function.ValueError"),
        ("Unhandled", "Runtime.Unknown"), ("Function.lower", "Function.Unknown"), ("Runtime.A1", "Runtime.Unknown"),
        ("Runtime.", "Runtime.Unknown"), ("", "Runtime.Unknown"),
    ])
    func `Error types are checked as Lambda does`(posted: String, taken: String) async throws {
        try await Runtime.with { runtime in
            async let result = runtime.api.invoke(Invocation(event: [0x31]))
            let event = try await runtime.next()
            let answer = try await runtime.post(
                "error", for: event, headers: ["Lambda-Runtime-Function-Error-Type": posted],
                body: .bytes(Array(#"{"errorMessage":"é"}"#.utf8)))
            #expect(answer.status == 202)
            let failure = await result.failure
            #expect(failure?.errorType == taken)
            #expect(failure?.payload == Array(#"{"errorMessage":"é"}"#.utf8))
        }
    }

    @Test(arguments: [
        (#"{"message":"m"}"#, true), (#"{"exceptions":[{"type":"T"}]}"#, true), (#"{"paths":["a"]}"#, true),
        ("{}", false), (#"{"other":1}"#, false), ("no", false), (#"{"message":""}"#, false),
        (#"{"message":""# + String(repeating: "a", count: 65_536) + #""}"#, false),
    ])
    func `Only a useful X-Ray cause is taken`(cause: String, isTaken: Bool) async throws {
        try await Runtime.with { runtime in
            async let result = runtime.api.invoke(Invocation(event: [0x31]))
            let event = try await runtime.next()
            let headers: HTTPHeaders = ["Lambda-Runtime-Function-XRay-Error-Cause": cause]
            #expect(try await runtime.post("error", for: event, headers: headers).status == 202)
            #expect(await result.failure?.xrayCause == (isTaken ? cause : nil))
        }
    }

    @Test func `A streamed answer is taken whole, and its trailers tell of an error`() async throws {
        try await Runtime.with { runtime in
            async let result = runtime.api.invoke(Invocation(event: [0x31]))
            let event = try await runtime.next()
            let source = PieceSource(["one ", "two"].map { Array($0.utf8) })
            let stream = HTTPBodyStream(
                trailers: {
                    [
                        "Lambda-Runtime-Function-Error-Type": "Function.Broken",
                        "Lambda-Runtime-Function-Error-Body": "eyJlcnJvck1lc3NhZ2UiOiJ4In0=",
                    ]
                }, next: { await source.next() })
            let headers: HTTPHeaders = [
                "Lambda-Runtime-Function-Response-Mode": "streaming",
                "Trailer": "Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body",
            ]
            #expect(
                try await runtime.post("response", for: event, headers: headers, body: .stream(stream)).status == 202)
            let response = await result.success
            #expect(response?.payload == Array("one two".utf8))
            #expect(response?.isStreamed == true)
            #expect(response?.streamFailure?.errorType == "Function.Broken")
            #expect(response?.streamFailure?.payload == Array(#"{"errorMessage":"x"}"#.utf8))
        }
    }

    @Test func `Another response mode is 400 and fails the invocation`() async throws {
        try await Runtime.with { runtime in
            async let result = runtime.api.invoke(Invocation(event: [0x31]))
            let event = try await runtime.next()
            let headers: HTTPHeaders = ["Lambda-Runtime-Function-Response-Mode": "chunked"]
            let answer = try await runtime.post("response", for: event, headers: headers)
            #expect(answer.status == 400)
            #expect(errorType(answer) == "InvalidFunctionResponseMode")
            #expect(await result.failure?.errorType == "Runtime.InvalidResponseModeHeader")
        }
    }

    @Test func `init/error is taken once and only before the first event; no event comes after it`() async throws {
        try await Runtime.with { runtime in
            let first = try await runtime.call(.post, "/init/error")
            #expect(first.status == 202)
            let second = try await runtime.call(.post, "/init/error")
            #expect(errorType(second) == "InvalidStateTransition")
            let next = try await runtime.next()
            #expect(next.status == 403)
            #expect(errorType(next) == "InvalidStateTransition")
        }
        try await Runtime.with { runtime in
            async let result = runtime.api.invoke(Invocation(event: [0x31]))
            let event = try await runtime.next()
            #expect(try await runtime.call(.post, "/init/error").status == 403)
            _ = try await runtime.post("response", for: event)
            _ = await result
        }
    }

    @Test func `What is no resource is 404, a wrong method 405`() async throws {
        try await Runtime.with { runtime in
            let calls: [(HTTPMethod, String, Int)] = [
                (.get, "/invocation/x", 404), (.get, "/restore/next", 404), (.get, "", 404),
                (.post, "/invocation/next", 405), (.get, "/invocation/x/response", 405), (.get, "/init/error", 405),
            ]
            for (method, path, status) in calls {
                let answer = try await runtime.call(method, path)
                #expect(answer.status == status)
            }
        }
    }

    @Test func `Several pollers of managed concurrency each have their own invocation`() async throws {
        try await Runtime.with(concurrency: 3) { runtime in
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<30 {
                    group.addTask {
                        let event = Array("\(number)".utf8)
                        return await runtime.api.invoke(Invocation(event: event)).success?.payload == event
                    }
                }
                for _ in 0..<3 {
                    group.addTask {
                        for _ in 0..<10 {
                            let event = try await runtime.next()
                            let answer = try await runtime.post("response", for: event, body: .bytes(event.body))
                            guard answer.status == 202 else { return false }
                            guard try await runtime.post("response", for: event).status == 400 else { return false }
                        }
                        return true
                    }
                }
                for try await passed in group { #expect(passed) }
            }
        }
    }
}

/// Hands out pieces one by one.
private actor PieceSource {
    private var pieces: [[UInt8]]

    init(_ pieces: [[UInt8]]) {
        self.pieces = pieces
    }

    func next() -> [UInt8]? { pieces.isEmpty ? nil : pieces.removeFirst() }
}
