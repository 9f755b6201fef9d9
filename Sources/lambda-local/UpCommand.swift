import ArgumentParser
import Foundation
import LambdaEmulator

/// `lambda-local up`: everything around the functions on this machine, until Ctrl-C.
struct UpCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up",
        abstract: "Runs the functions behind a local load balancer, before a real MLflow server, until Ctrl-C.",
        discussion: "Exit codes: 0 stopped or all checks passed, 1 a check failed, 2 something cannot start.")

    @Option(help: "The directory with the unpacked functions, DIR/NAME/bootstrap.")
    var functions: String
    @Option(help: "The mlflow executable.")
    var mlflow: String
    @Option(help: "The moto_server executable.")
    var moto: String
    @Option(help: "The directory with the sample events, DIR/NAME/*.json.")
    var events: String
    @Option(help: "The directory for data and logs; what is in it is kept.")
    var state: String
    @Option(help: "The port of the load balancer.")
    var port: Int = 8080
    @Option(help: "The most processes of a function at a time.")
    var concurrency: Int = 4
    @Flag(
        inversion: .prefixedNo, help: "Gives the function that serves a bucket for answers that are too large for it.")
    var bucket = true
    @Option(name: .customLong("env"), help: "A setting of the proxy that serves, NAME=VALUE; can be repeated.")
    var variables: [VariableOption] = []
    @Flag(help: "Runs the same, checks the results, and exits.")
    var check = false

    func validate() throws {
        guard (1...65_535).contains(port) else { throw ValidationError("--port \(port) is not a port.") }
        guard (1...100).contains(concurrency) else {
            throw ValidationError("--concurrency is \(concurrency); it must be from 1 to 100.")
        }
    }

    func run() async throws {
        let stack = LocalStack(
            settings: LocalStack.Settings(
                functions: Files.absolute(functions), mlflow: Files.absolute(mlflow), moto: Files.absolute(moto),
                events: Files.absolute(events), state: Files.absolute(state), port: port, concurrency: concurrency,
                hasBucket: bucket, variables: variables.byName, check: check))
        let signals = StopSignals()
        let passed = try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask { try await stack.run() }
            group.addTask {
                await signals.first()
                return true
            }
            defer { group.cancelAll() }
            return try await group.next() ?? true
        }
        if !passed { throw ExitCode(1) }
    }
}
