import ArgumentParser
import Foundation
import LambdaEmulator

/// Runs functions on this machine as Lambda, its load balancer and SageMaker MLflow would.
@main
struct LambdaLocal: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lambda-local", abstract: "Runs unpacked Lambda functions on this machine.",
        subcommands: [
            InvokeCommand.self, CloudFormationCommand.self, SignCommand.self, SageMakerCommand.self, UpCommand.self,
        ])

    /// Exit codes: 0 all well, 1 the function or a check failed, 2 wrong usage or something cannot start.
    static func main() async {
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let code as ExitCode {
            Foundation.exit(code.rawValue)
        } catch let error as LocalError {
            Console.error("lambda-local: \(error)")
            Foundation.exit(2)
        } catch {
            // Help is an error to the parser, but not to its reader.
            guard exitCode(for: error) != .success else { exit(withError: error) }
            Console.error(fullMessage(for: error))
            Foundation.exit(2)
        }
    }
}
