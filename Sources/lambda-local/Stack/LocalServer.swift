import Foundation
import HTTP
import LambdaEmulator

/// A server of somebody else's, run as a child: mlflow, moto.
final class LocalServer: Sendable {
    let name: String
    let port: Int
    private let process: ChildProcess
    private let log: LogFile

    var authority: String { "127.0.0.1:\(port)" }

    /// Starts the server in a directory of its own.
    ///
    /// - Parameter arguments: Its arguments, given its port.
    init(
        _ name: String, executable: String, state: String, environment: [String: String] = [:],
        arguments: (_ port: Int) -> [String]
    ) async throws {
        self.name = name
        port = try await Self.freePort()
        log = try LogFile("\(state)/logs/\(name).log")
        let directory = URL(fileURLWithPath: executable).deletingLastPathComponent().path
        var values = [
            "PATH": "\(directory):/usr/local/bin:/usr/bin:/bin", "HOME": state, "LANG": "C.UTF-8",
            "PYTHONUNBUFFERED": "1", "TMPDIR": "/tmp",
        ]
        values.merge(environment) { _, own in own }
        process = try ChildProcess(
            executable: executable, arguments: arguments(port), environment: values, workingDirectory: state,
            log: { [log] in log.write($0) })
    }

    /// A port that is free now, which the server takes a moment later. It is none of those that the system gives out by
    /// itself (on Linux 32768 to 60999), which somebody else may get meanwhile.
    private static func freePort() async throws -> Int {
        for _ in 1...100 {
            let port = Int.random(in: 20_000..<32_000)
            guard let probe = try? await HTTPServer(port: port) else { continue }
            await probe.close()
            return port
        }
        throw LocalError("No port from 20000 to 31999 is free on the loopback interface. Stop what listens there.")
    }

    /// Waits until a path answers 200.
    ///
    /// - Throws: ``LocalError`` when the server ends before, or when a minute and a half is over.
    func waitUntilHealthy(_ path: String, _ transport: some HTTPTransport) async throws {
        let start = ContinuousClock.now
        let request = HTTPRequest(.get, scheme: "http", authority: authority, path: path)
        let options = TransferOptions(timeout: .seconds(5), connectTimeout: .seconds(1), proxy: .none)
        while start.duration(to: .now) < .seconds(90) {
            try Task.checkCancellation()
            guard process.isRunning else { throw await endError() }
            if let response = try? await transport.send(request, options: options), response.status == 200 { return }
            try await Task.sleep(for: .milliseconds(100))
        }
        throw LocalError("\(name) did not answer on port \(port) within 90 seconds; see \(log.path).\n\(log.lastLines)")
    }

    /// Waits for the end of the server, which is an error while everything runs, or for the task's cancellation.
    func failWhenEnded() async throws {
        let (ended, continuation) = AsyncStream<LocalError>.makeStream()
        Task { continuation.yield(await endError()) }
        for await error in ended { throw error }
    }

    private func endError() async -> LocalError {
        let status = await process.exitStatus()
        return LocalError("\(name) ended: \(status); see \(log.path).\n\(log.lastLines)")
    }

    func stop() async {
        await process.stop(grace: .seconds(5))
    }
}
