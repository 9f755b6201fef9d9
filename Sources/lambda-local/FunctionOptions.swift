import ArgumentParser
import Foundation
import JSON
import LambdaEmulator

/// What every command that runs a function with an event is given.
struct FunctionOptions: ParsableArguments {
    @Argument(help: "The function's executable, named bootstrap.")
    var bootstrap: String
    @Argument(help: "The file with the event, JSON.")
    var event: String
    @Option(name: .customLong("env"), help: "A variable for the function, NAME=VALUE; can be repeated.")
    var variables: [VariableOption] = []
    @Option(help: "The function's time-out in seconds.")
    var timeout: Double = 60
    @Option(help: "The memory the function is told it has, in MB.")
    var memory: Int = 1769

    func validate() throws {
        guard timeout > 0, timeout <= 900 else {
            throw ValidationError("--timeout is \(timeout); Lambda allows up to 900 seconds.")
        }
    }

    /// The event's bytes, which are JSON.
    func readEvent() throws(LocalError) -> (bytes: [UInt8], value: JSONValue) {
        let bytes = try Files.read(event)
        do {
            return (bytes, try JSONValue(parsing: bytes))
        } catch {
            throw LocalError("\(event) is \(error).")
        }
    }

    /// The function, as it would be configured in Lambda.
    func configuration() throws(LocalError) -> FunctionConfiguration {
        let executable = try Files.executable(bootstrap, hint: "Build and unpack the function first: ./build.sh")
        let directory = URL(fileURLWithPath: executable).deletingLastPathComponent()
        let values = variables.byName
        return FunctionConfiguration(
            name: directory.lastPathComponent, executable: executable, taskRoot: directory.path, memoryMB: memory,
            timeout: .milliseconds(Int64(timeout * 1000)), region: values["AWS_REGION"] ?? "us-east-1",
            variables: values)
    }
}
