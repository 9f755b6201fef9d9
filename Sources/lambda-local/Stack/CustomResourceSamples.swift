import Foundation
import JSON
import LambdaEmulator

/// Sends the functions that are custom resources their sample events, as CloudFormation would, and prints what comes of it.
struct CustomResourceSamples: Sendable {
    let settings: LocalStack.Settings
    /// What the functions find in their environment.
    let variables: [String: String]
    let log: LogFile

    /// Sends one request.
    ///
    /// - Parameters:
    ///   - replacements: What stands in the sample for something that is made here, and its real name.
    ///   - isWelcome: Whether the answer has to be SUCCESS; FAILED otherwise.
    /// - Returns: CloudFormation's answer, or nil when there was none.
    @discardableResult
    func send(
        _ event: String, to function: String, replacing replacements: [String: String] = [:],
        isWelcome: Bool = true, _ report: inout CheckReport
    ) async throws -> JSONValue? {
        let value = try sample(event, of: function, replacements)
        let configuration = configuration(function)
        let result = try await CustomResourceSession(
            try SampleRequest(value, for: configuration), of: configuration, settings: .init()
        ) { log.write("[\(function)] \($0)") }.run()
        let name = result.verdict.name
        let expected = isWelcome ? "SUCCESS" : "FAILED"
        let message = result.verdict.message.map { "  \($0.prefix(160))" } ?? ""
        Console.print("  \(event)  \(name)  \(result.elapsed.milliseconds) ms\(message)")
        report.expect(
            "event \(function)/\(event)", name == expected && result.counts.validAnswers == 1,
            "\(name), expected \(expected)\(message)")
        return result.answer.flatMap { try? JSONValue(parsing: $0) }
    }

    /// Invokes a function with an event that is no request of CloudFormation's.
    ///
    /// - Parameter member: The member of the answer that is printed; nil prints nothing of it, since it may be secret.
    func invoke(
        _ event: String, of function: String, replacing replacements: [String: String] = [:], showing member: String?,
        _ report: inout CheckReport
    ) async throws {
        let bytes = try sample(event, of: function, replacements).encoded
        let running = try await LocalFunction(configuration(function)) { log.write("[\(function)] \($0)") }
        let start = ContinuousClock.now
        let result = try await withThrowingTaskGroup(of: InvocationResult?.self) { group in
            group.addTask {
                try await running.run()
                return nil
            }
            group.addTask { await running.invoke(bytes) }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
        let time = start.duration(to: .now).milliseconds
        switch result {
        case .success(let response):
            let answer = try? JSONValue(parsing: response.payload)
            let shown = member.flatMap { answer?[$0]?.string }.map { "  \($0)" } ?? ""
            Console.print("  \(event)  answered  \(time) ms  \(response.payload.count) B\(shown)")
            report.expect("event \(function)/\(event)", true, "answered")
        case .failure(let failure):
            let text = String(decoding: failure.payload.prefix(300), as: UTF8.self)
            Console.print("  \(event)  error  \(time) ms  \(text)")
            report.expect("event \(function)/\(event)", false, text)
        case nil: report.expect("event \(function)/\(event)", false, "the function ended before it answered")
        }
    }

    private func sample(
        _ event: String, of function: String, _ replacements: [String: String]
    ) throws(LocalError) -> JSONValue {
        let path = "\(settings.events)/\(function)/\(event)"
        var text = String(decoding: try Files.read(path), as: UTF8.self)
        for (placeholder, name) in replacements { text = text.replacingOccurrences(of: placeholder, with: name) }
        do {
            return try JSONValue(parsing: Array(text.utf8))
        } catch {
            throw LocalError("\(path) is no JSON: \(error)")
        }
    }

    private func configuration(_ function: String) -> FunctionConfiguration {
        let bootstrap = "\(settings.functions)/\(function)/bootstrap"
        return FunctionConfiguration(
            name: function, executable: bootstrap,
            taskRoot: URL(fileURLWithPath: bootstrap).deletingLastPathComponent().path, memoryMB: 512,
            timeout: .seconds(60), region: LocalStack.Stand.region, variables: variables)
    }
}
