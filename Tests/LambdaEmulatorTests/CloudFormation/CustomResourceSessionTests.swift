import Foundation
import JSON
import LambdaEmulator
import Testing

/// With the scripted function of the fixtures: what each part does is tested beside it, here they play together.
@Suite(.serialized, .timeLimit(.minutes(2))) struct CustomResourceSessionTests {
    private typealias Settings = CustomResourceSession.Settings

    private func play(
        _ script: [String], timeout: Duration = .seconds(20), _ change: (inout Settings) -> Void = { _ in }
    ) async throws -> CustomResourceReport {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let script = JSONValue.array(script.map { .string($0) })
        let request = try sampleRequest("Create", ["ResourceProperties": ["Script": script]])
        let executable = try #require(Bundle.module.url(forResource: "Fixtures/scripted-resource", withExtension: nil))
        let configuration = FunctionConfiguration(
            name: "thing", executable: executable.path, taskRoot: executable.deletingLastPathComponent().path,
            timeout: timeout, variables: ["PATH": path])
        var settings = Settings()
        settings.queue = .init(maximumRetries: 2, retryDelay: .milliseconds(1), deliversFailureRecords: true)
        change(&settings)
        return try await CustomResourceSession(request, of: configuration, settings: settings, log: { _ in }).run()
    }

    @Test func `An answer is what CloudFormation gets`() async throws {
        let report = try await play(["answer"]) { $0.attributes = ["Size"] }
        #expect(report.verdict == .success)
        #expect(report.counts == .init(puts: 1, validAnswers: 1, invocations: 1))
        #expect(report.refusals.isEmpty)
        #expect(report.json["outcome"] == "SUCCESS")
        #expect(report.json["answer"]?["PhysicalResourceId"] == "thing/1")
        #expect(report.json["counts"]?["validAnswers"] == 1)
        #expect(report.json["answeredAfterSeconds"]?.double != nil)
    }

    @Test func `An answer with a type, or in chunks, never arrives`() async throws {
        let report = try await play(["answer with a type", "answer in chunks"])
        #expect(report.verdict.name == "MISSING")
        #expect(report.verdict.message?.contains("A stack would wait for 3600 s") == true)
        #expect(report.counts == .init(puts: 2, invocations: 1))
        #expect(report.refusals.map { $0.prefix(3) } == ["403", "501"])
        #expect(report.json["answer"]?.isNull == true)
    }

    @Test func `An answer that is too long fails the resource, and a good one after it comes too late`() async throws {
        let report = try await play(["answer too long", "answer"])
        #expect(report.verdict.name == "INVALID")
        #expect(report.verdict.message?.contains("response object is too long") == true)
        #expect(report.counts == .init(puts: 2, duplicateAnswers: 1, invocations: 1))
    }

    @Test(arguments: ["die", "fail"])
    func `A function that fails after its answer is invoked again and answers again`(how: String) async throws {
        let report = try await play(["answer", how])
        #expect(report.verdict == .success)
        // Thrice by the event, once by its record.
        #expect(
            report.counts
                == .init(
                    puts: 4, validAnswers: 1, duplicateAnswers: 3, invocations: 4, retries: 2, failureRecords: 1))
    }

    @Test func `The record of a failure is answered by the next process`() async throws {
        let report = try await play(["die"])
        #expect(report.verdict == .success)
        #expect(report.counts == .init(puts: 1, validAnswers: 1, invocations: 4, retries: 2, failureRecords: 1))
    }

    @Test func `Work that is handed over goes on in another invocation`() async throws {
        let report = try await play(["hand over", "hand over", "answer"])
        #expect(report.verdict == .success)
        #expect(report.counts == .init(puts: 1, validAnswers: 1, invocations: 3, handOvers: 2))
        #expect(report.json["hops"] == 2)
        #expect(report.refusals.isEmpty)
    }

    @Test func `A throttled hand-over that is not tried again leaves CloudFormation without an answer`() async throws {
        let report = try await play(["hand over", "answer"]) { $0.throttles = 1 }
        #expect(report.verdict.name == "MISSING")
        #expect(report.counts == .init(invocations: 1))
    }

    @Test(arguments: [CustomResourceSession.Duplicate.atOnce, .afterwards])
    func `A request that is delivered twice is answered twice by this function`(
        duplicate: CustomResourceSession.Duplicate
    ) async throws {
        let report = try await play(["answer"]) { $0.duplicate = duplicate }
        #expect(report.verdict == .success)
        #expect(report.counts == .init(puts: 2, validAnswers: 1, duplicateAnswers: 1, invocations: 2))
    }

    @Test func `Killed as it answers, the function does not know that it did, and answers again`() async throws {
        let report = try await play(["answer"]) { $0.kill = KillPoint(.answer) }
        #expect(report.verdict == .success)
        #expect(
            report.counts == .init(puts: 2, validAnswers: 1, duplicateAnswers: 1, invocations: 2, retries: 1))
    }

    @Test func `Killed as it hands its work over, the function does so again, and both go on`() async throws {
        let report = try await play(["hand over", "answer"]) { $0.kill = KillPoint(.handOver) }
        #expect(report.verdict == .success)
        #expect(
            report.counts
                == .init(
                    puts: 2, validAnswers: 1, duplicateAnswers: 1, invocations: 4, retries: 1, handOvers: 2))
    }

    @Test func `When patience ends the function is stopped in the middle of its work`() async throws {
        let request = try sampleRequest("Create", ["ResourceProperties": ["ServiceTimeout": "1"]])
        let bootstrap = try #require(Bundle.module.url(forResource: "Fixtures/hanging", withExtension: nil))
        let configuration = FunctionConfiguration(
            name: "thing", executable: bootstrap.path, taskRoot: "/", timeout: .seconds(300))
        let report = try await CustomResourceSession(
            request, of: configuration, settings: Settings(), log: { _ in }
        ).run()
        #expect(report.verdict.message?.hasSuffix("within 1.00 s.") == true)
    }
}
