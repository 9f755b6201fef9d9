import Foundation
import Glibc
import JSON
import LambdaEmulator
import Synchronization
import Testing

/// Collects what a function logs.
private final class LogCollector: Sendable {
    private let state = Mutex<[String]>([])
    var lines: [String] { state.withLock { $0 } }
    func add(_ line: String) { state.withLock { $0.append(line) } }
}

/// Runs the Python function of the fixtures while the body lasts.
private func withFunction<Value: Sendable>(
    instances: Int = 1, timeout: Duration = .seconds(20), variables: [String: String] = [:],
    log: LogCollector = LogCollector(), _ body: @escaping @Sendable (LocalFunction) async throws -> Value
) async throws -> Value {
    let bootstrap = try #require(Bundle.module.url(forResource: "Fixtures/bootstrap", withExtension: nil))
    let environment = ProcessInfo.processInfo.environment
    let configuration = FunctionConfiguration(
        name: "fixture", executable: bootstrap.path, taskRoot: bootstrap.deletingLastPathComponent().path,
        memoryMB: 256, timeout: timeout, variables: variables.merging(["PATH": environment["PATH"] ?? ""]) { $1 })
    let function = try await LocalFunction(configuration, instances: instances, log: log.add)
    return try await withThrowingTaskGroup(of: Value?.self) { group in
        group.addTask {
            try await function.run()
            return nil
        }
        group.addTask { try await body(function) }
        defer { group.cancelAll() }
        while let value = try await group.next() {
            if let value { return value }
        }
        throw CancellationError()
    }
}

extension LocalFunction {
    /// The answer's JSON, or the error's.
    fileprivate func result(_ event: String) async throws -> JSONValue {
        switch await invoke(Array(event.utf8)) {
        case .success(let response): try JSONValue(parsing: response.payload)
        case .failure(let failure): try JSONValue(parsing: failure.payload)
        }
    }
}

private func isRunning(_ process: JSONValue?) -> Bool {
    guard let process = process?.integer else { return false }
    // A zombie that nobody has reaped yet is no longer running.
    let status = (try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)) ?? ""
    return !status.isEmpty && !status.contains(") Z ")
}

/// Whether a killed process is gone; the kernel takes a moment to end it.
private func isGone(_ process: JSONValue?) async throws -> Bool {
    for _ in 0..<200 where isRunning(process) { try await Task.sleep(for: .milliseconds(10)) }
    return !isRunning(process)
}

@Suite(.serialized) struct LocalFunctionTests {
    @Test func `The process has Lambda's environment and its own variables, and nothing of ours`() async throws {
        setenv("LEAKED_FROM_PARENT", "1", 1)
        let environment = try await withFunction(variables: ["OWN": "a=b"]) {
            try await $0.result(#"{"action":"environment"}"#)
        }
        #expect(environment["OWN"] == "a=b")
        #expect(environment["AWS_LAMBDA_FUNCTION_NAME"] == "fixture")
        #expect(environment["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "256")
        #expect(environment["AWS_LAMBDA_LOG_GROUP_NAME"] == "/aws/lambda/fixture")
        #expect(environment["AWS_LAMBDA_LOG_STREAM_NAME"]?.string?.contains("/[$LATEST]") == true)
        #expect(environment["AWS_REGION"] == "us-east-1")
        #expect(environment["TZ"] == ":UTC")
        #expect(environment["_HANDLER"] == "bootstrap")
        #expect(environment["LAMBDA_TASK_ROOT"]?.string?.hasSuffix("/Fixtures") == true)
        #expect(environment["LEAKED_FROM_PARENT"] == nil)
        #expect(environment["HOME"] == nil)
        #expect(environment["AWS_LAMBDA_MAX_CONCURRENCY"] == nil)
    }

    @Test func `One process serves one invocation after the other and inherits no descriptor`() async throws {
        let answers = try await withFunction { function in
            [try await function.result(#"{"action":"where"}"#), try await function.result(#"{"action":"where"}"#)]
        }
        #expect(answers[0]["pid"] == answers[1]["pid"])
        #expect(answers[0]["cwd"]?.string?.hasSuffix("/Fixtures") == true)
        // Standard input, output and error, the connection to the Runtime API, the listing itself.
        #expect(answers[0]["descriptors"]?.array?.count == 5)
    }

    @Test func `As many processes as instances work at a time, the rest waits`() async throws {
        let processes = try await withFunction(instances: 2) { function in
            try await withThrowingTaskGroup(of: JSONValue.self) { group in
                for _ in 0..<6 {
                    group.addTask { try await function.result(#"{"action":"where"}"#) }
                }
                return try await group.reduce(into: Set<JSONValue>()) { $0.insert($1["pid"] ?? .null) }
            }
        }
        #expect(processes.count == 2)
        #expect(!processes.contains(.null))
    }

    @Test func `An error keeps its type and its JSON`() async throws {
        let error = try await withFunction { try await $0.result(#"{"action":"fail","message":"é \u0001 \" "}"#) }
        #expect(error["errorType"] == "Function.ValueError")
        #expect(error["errorMessage"] == "é \u{1} \" ")
    }

    @Test(arguments: [
        (#"{"action":"exit","code":3}"#, "Runtime exited with error: exit status 3"),
        (#"{"action":"exit","code":0}"#, "Runtime exited without providing a reason"),
        (#"{"action":"crash"}"#, "Runtime exited with error: signal: segmentation fault"),
    ])
    func `A process that ends fails its invocation and is there again for the next`(
        event: String, reason: String
    ) async throws {
        try await withFunction { function in
            let error = try await function.result(event)
            #expect(error["errorType"] == "Runtime.ExitError")
            #expect(error["errorMessage"]?.string?.hasSuffix("Error: \(reason)") == true)
            #expect(try await function.result(#"{"a":1}"#) == ["a": 1])
        }
    }

    @Test func `At the time-out the process and what it forked are killed`() async throws {
        try await withFunction(timeout: .seconds(1)) { function in
            let forked = try await function.result(#"{"action":"fork"}"#)
            #expect(isRunning(forked["child"]))
            let error = try await function.result(#"{"action":"sleep","seconds":60}"#)
            #expect(error["errorType"] == "Sandbox.Timedout")
            #expect(error["errorMessage"]?.string?.hasSuffix("Error: Task timed out after 1.00 seconds") == true)
            #expect(try await isGone(forked["pid"]))
            #expect(try await isGone(forked["child"]))
            #expect(try await function.result(#"{"a":2}"#) == ["a": 2])
        }
    }

    @Test func `A posted init error is what every invocation fails with`() async throws {
        try await withFunction(variables: ["MODE": "init-error"]) { function in
            for _ in 0..<2 {
                let error = try await function.result("{}")
                #expect(error["errorType"] == "Runtime.BadConfiguration")
                #expect(error["errorMessage"] == "SETTING is missing.")
            }
        }
    }

    @Test func `A process that dies at its start fails the invocation, and is started again ever more slowly`()
        async throws
    {
        try await withFunction(variables: ["MODE": "exit"]) { function in
            let start = ContinuousClock.now
            for _ in 0..<3 {
                let error = try await function.result("{}")
                #expect(error["errorMessage"]?.string?.hasSuffix("exit status 7") == true)
            }
            #expect(start.duration(to: .now) > .milliseconds(300))
        }
    }

    @Test func `A process that ends after each answer is started again for each event`() async throws {
        try await withFunction(variables: ["MODE": "once"]) { function in
            for number in 0..<3 {
                let answer = try await function.result(#"{"a":\#(number)}"#)
                #expect(answer == ["a": .integer(number)])
            }
        }
    }

    @Test func `Both outputs are passed on line by line`() async throws {
        let log = LogCollector()
        try await withFunction(log: log) { function in
            _ = try await function.result(#"{"action":"log"}"#)
            for _ in 0..<100 where log.lines.count < 3 { try await Task.sleep(for: .milliseconds(10)) }
        }
        #expect(log.lines.contains("to standard output"))
        #expect(log.lines.contains("to standard error"))
        #expect(log.lines.contains("in two lines"))
    }

    @Test func `When it stops, nothing it started is left`() async throws {
        let forked = try await withFunction { try await $0.result(#"{"action":"fork"}"#) }
        #expect(try await isGone(forked["pid"]))
        #expect(try await isGone(forked["child"]))
    }

    @Test func `What cannot be executed fails the invocation with a sentence`() async throws {
        let configuration = FunctionConfiguration(name: "none", executable: "/nonexistent/bootstrap", taskRoot: "/")
        let function = try await LocalFunction(configuration) { _ in }
        let result = await function.invoke(Array("{}".utf8))
        guard case .failure(let failure) = result else { throw CancellationError() }
        #expect(failure.errorType == "Runtime.InvalidEntrypoint")
        #expect(String(decoding: failure.payload, as: UTF8.self).contains("/nonexistent/bootstrap cannot be started"))
    }

    @Test func `Even when the tool is killed, nothing it started is left`() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "lambda-local-\(getpid())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let report = folder.appending(path: "processes.json")
        let event = folder.appending(path: "event.json")
        try Data(#"{"action":"linger","file":"\#(report.path)"}"#.utf8).write(to: event)
        let bootstrap = try #require(Bundle.module.url(forResource: "Fixtures/bootstrap", withExtension: nil))
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let tool = Process()
        tool.executableURL = Bundle.module.bundleURL.deletingLastPathComponent().appending(path: "lambda-local")
        tool.arguments = ["invoke", bootstrap.path, event.path, "--env", "PATH=\(path)"]
        tool.standardError = FileHandle.nullDevice
        try tool.run()
        for _ in 0..<1_000 where !FileManager.default.fileExists(atPath: report.path) {
            try await Task.sleep(for: .milliseconds(10))
        }
        let processes = try JSONValue(parsing: [UInt8](try Data(contentsOf: report))).array ?? []
        #expect(processes.count == 2)
        #expect(processes.allSatisfy { isRunning($0) })
        kill(tool.processIdentifier, SIGKILL)
        for process in processes { #expect(try await isGone(process)) }
    }
}
