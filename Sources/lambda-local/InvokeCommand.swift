import ArgumentParser
import Foundation
import JSON
import LambdaEmulator

/// `lambda-local invoke`: one invocation, answer on standard output, logs on the error output.
struct InvokeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "invoke",
        abstract: "Invokes an unpacked function once: its answer on standard output, its logs on standard error.",
        discussion: """
            Exit codes: 0 answered, 1 function error (its JSON on standard output), 2 cannot start.

            The request of a custom resource without a presigned ResponseURL is played as by the command \
            cloudformation, without retries: what CloudFormation gets is on standard output then.
            """)

    @OptionGroup var function: FunctionOptions

    func run() async throws {
        let event = try function.readEvent()
        let configuration = try function.configuration()
        if SampleRequest.recognizes(event.value), SampleRequest.lacksResponseURL(event.value) {
            let request = try SampleRequest(event.value, for: configuration)
            return try await CustomResourceSession(request, of: configuration, settings: .init()) {
                Console.error($0)
            }.runAndShow()
        }
        try await invoke(event.bytes, configuration)
    }

    private func invoke(_ event: [UInt8], _ configuration: FunctionConfiguration) async throws {
        let function = try await LocalFunction(configuration) { Console.error($0) }
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
}

extension Duration {
    /// Milliseconds with two decimals.
    var milliseconds: String {
        let seconds = Double(components.seconds) + Double(components.attoseconds) / 1e18
        return String(format: "%.2f", seconds * 1000)
    }
}
