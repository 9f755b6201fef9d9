import Foundation
import JSON
import Testing

/// The command as a script calls it, with a function that is built on the kit.
@Suite(.serialized, .timeLimit(.minutes(2))) struct CustomResourceCommandTests {
    private static var products: URL { Bundle.module.bundleURL.deletingLastPathComponent() }

    private func run(
        _ command: String, _ properties: String = #"{"Name":"Ada"}"#, _ options: [String] = []
    ) async throws -> (status: Int32, report: JSONValue, errors: String) {
        let event = FileManager.default.temporaryDirectory.appending(path: "event-\(UUID().uuidString).json")
        defer { try? FileManager.default.removeItem(at: event) }
        let text = #"{"RequestType":"Create","ResourceType":"Custom::Greeting","ResourceProperties":\#(properties)}"#
        try Data(text.utf8).write(to: event)
        return try await run(command, event: event, options)
    }

    private func run(
        _ command: String, event: URL, _ options: [String] = []
    ) async throws -> (status: Int32, report: JSONValue, errors: String) {
        let tool = Process()
        tool.executableURL = Self.products.appending(path: "lambda-local")
        tool.arguments = [command, Self.products.appending(path: "example-resource").path, event.path] + options
        let output = Pipe()
        let errors = FileManager.default.temporaryDirectory.appending(path: "errors-\(UUID().uuidString)")
        try Data().write(to: errors)
        defer { try? FileManager.default.removeItem(at: errors) }
        tool.standardOutput = output
        tool.standardError = try FileHandle(forWritingTo: errors)
        let status = try await withCheckedThrowingContinuation { continuation in
            tool.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do { try tool.run() } catch { continuation.resume(throwing: error) }
        }
        let document = try output.fileHandleForReading.readToEnd() ?? Data()
        let report = document.isEmpty ? .null : try JSONValue(parsing: [UInt8](document))
        return (status, report, try String(contentsOf: errors, encoding: .utf8))
    }

    @Test(arguments: ["cloudformation", "invoke"])
    func `A success is one document on standard output and exit code 0, logs go elsewhere`(
        command: String
    ) async throws {
        let result = try await run(command)
        #expect(result.status == 0)
        #expect(result.report["outcome"] == "SUCCESS")
        #expect(result.report["answer"]?["Data"] == ["Greeting": "Hello, Ada!"])
        #expect(result.report["counts"]?["puts"] == 1)
        #expect(result.errors.contains("INFO"))
        #expect(!result.errors.contains("X-Amz-Signature"))
    }

    @Test(arguments: [("create", "greeting/Ada"), ("update", "greeting/Grace"), ("delete", "greeting/Ada")])
    func `Each sample event is answered with success and its id`(name: String, id: String) async throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../events")
        let event = folder.appending(path: "example-resource/\(name).json").standardizedFileURL
        let result = try await run("invoke", event: event)
        #expect(result.status == 0)
        #expect(result.report["answer"]?["PhysicalResourceId"]?.string == id)
    }

    @Test func `A failure shows the reason the stack would show, and exit code 1`() async throws {
        let result = try await run("cloudformation", #"{"Nmae":"Ada"}"#)
        #expect(result.status == 1)
        #expect(result.report["outcome"] == "FAILED")
        #expect(result.report["message"]?.string?.contains("did you mean Name?") == true)
    }

    @Test func `A process that is killed once is retried and answers once`() async throws {
        let result = try await run("cloudformation", #"{"Name":"Ada","Kills":"1"}"#, ["--retry-delay", "0.01"])
        #expect(result.status == 0)
        #expect(result.report["counts"]?["retries"] == 1)
        #expect(result.report["counts"]?["puts"] == 1)
    }

    @Test func `One that is always killed fails the resource by way of its failure destination`() async throws {
        let options = ["--retry-delay", "0.01", "--retries", "1", "--failure-destination"]
        let result = try await run("cloudformation", #"{"Name":"Ada","Kills":"9"}"#, options)
        #expect(result.status == 1)
        #expect(result.report["outcome"] == "FAILED")
        #expect(result.report["message"]?.string?.contains("in 2 tries") == true)
        #expect(result.report["counts"]?["failureRecords"] == 1)
        #expect(result.report["counts"]?["validAnswers"] == 1)
    }

    @Test(arguments: ["500:2", "reset"])
    func `The kit sends its answer again when the place of answers fails`(fault: String) async throws {
        let result = try await run("cloudformation", #"{"Name":"Ada"}"#, ["--response-fault", fault])
        #expect(result.status == 0)
        #expect(result.report["counts"]?["validAnswers"] == 1)
        #expect(result.report["counts"]?["duplicateAnswers"] == 0)
        #expect(result.report["refusals"]?.array?.count == (fault == "reset" ? 1 : 2))
    }

    @Test func `The same process answers a request once, though it is delivered twice`() async throws {
        let result = try await run("cloudformation", #"{"Name":"Ada"}"#, ["--duplicate-afterwards"])
        #expect(result.status == 0)
        #expect(result.report["counts"]?["invocations"] == 2)
        #expect(result.report["counts"]?["puts"] == 1)
    }

    @Test(arguments: [
        ["--retries", "3"], ["--response-fault", "404"], ["--kill", "start"], ["--kill", "answer:0"],
        ["--service-timeout", "0"],
        ["--duplicate", "--duplicate-afterwards"], ["--env", "NAME"],
    ])
    func `Wrong usage is exit code 2 with a sentence`(options: [String]) async throws {
        let result = try await run("cloudformation", #"{"Name":"Ada"}"#, options)
        #expect(result.status == 2)
        #expect(result.report == .null)
        #expect(result.errors.contains(options[0].replacing("--duplicate", with: "duplicate")))
    }
}
