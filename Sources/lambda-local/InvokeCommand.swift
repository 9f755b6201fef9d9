import ArgumentParser
import Foundation
import JSON
import LambdaEmulator

/// `lambda-local invoke`: one invocation, answer on standard output, logs on the error output.
struct InvokeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "invoke",
        abstract: "Invokes an unpacked function once: its answer on standard output, its logs on standard error.",
        discussion: "Exit codes: 0 answered, 1 function error (its JSON on standard output), 2 cannot start.")

    @Argument(help: "The function's executable, named bootstrap.")
    var bootstrap: String
    @Argument(help: "The file with the event, JSON.")
    var event: String
    @Option(name: .customLong("env"), help: "A variable for the function, NAME=VALUE; can be repeated.")
    var variables: [String] = []
    @Option(help: "The function's time-out in seconds.")
    var timeout: Double = 60
    @Option(help: "The memory the function is told it has, in MB.")
    var memory: Int = 1769

    func validate() throws {
        guard timeout > 0, timeout <= 900 else {
            throw ValidationError("--timeout is \(timeout); Lambda allows up to 900 seconds.")
        }
        for variable in variables where !variable.dropFirst().contains("=") {
            throw ValidationError("--env \(variable) is not NAME=VALUE.")
        }
    }

    func run() async throws {
        let function = try await LocalFunction(try configuration()) { Console.error($0) }
        let event = try Files.read(event)
        do {
            _ = try JSONValue(parsing: event)
        } catch {
            throw LocalError("\(self.event) is \(error).")
        }
        let start = ContinuousClock.now
        let result = try await withThrowingTaskGroup(of: InvocationResult?.self) { group in
            group.addTask {
                try await function.run()
                return nil
            }
            group.addTask { await function.invoke(event) }
            let result = try await group.next() ?? nil
            group.cancelAll()
            return result
        }
        Console.error("REPORT Duration: \(start.duration(to: .now).milliseconds) ms, start of the process included")
        switch result {
        case .success(let response):
            Console.write(response.payload + Array("\n".utf8), to: STDOUT_FILENO)
            guard let failure = response.streamFailure else { return }
            Console.error("The stream ended with \(failure.errorType).")
        case .failure(let failure):
            Console.write(failure.payload + Array("\n".utf8), to: STDOUT_FILENO)
        case nil:
            throw LocalError("The Runtime API ended before the function answered.")
        }
        throw ExitCode(1)
    }

    private func configuration() throws(LocalError) -> FunctionConfiguration {
        let executable = try Files.executable(bootstrap, hint: "Build and unpack the function first: ./build.sh")
        let directory = URL(fileURLWithPath: executable).deletingLastPathComponent()
        var values: [String: String] = [:]
        for variable in variables {
            let parts = variable.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            values[String(parts[0])] = String(parts[1])
        }
        return FunctionConfiguration(
            name: directory.lastPathComponent, executable: executable, taskRoot: directory.path, memoryMB: memory,
            timeout: .milliseconds(Int64(timeout * 1000)), region: values["AWS_REGION"] ?? "us-east-1",
            variables: values)
    }
}

extension Duration {
    /// Milliseconds with two decimals.
    var milliseconds: String {
        let seconds = Double(components.seconds) + Double(components.attoseconds) / 1e18
        return String(format: "%.2f", seconds * 1000)
    }
}
