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

    /// A port that is free now. The server takes it a moment later; nobody else on a loopback interface is likely to.
    private static func freePort() async throws -> Int {
        let probe = try await HTTPServer()
        let port = probe.port
        await probe.close()
        return port
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
