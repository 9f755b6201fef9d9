import Foundation
import HTTP
import LambdaEmulator
import Synchronization
import TestSupport
import Testing

/// The function as a process of its own, between the local load balancer and the stand-in of SageMaker MLflow that
/// verifies every signature: what arrives is what was asked.
///
/// `WIRE_REQUESTS` says how many requests there are in all, `WIRE_FUNCTION` which executable is run instead of the one
/// that was built with the tests.
@Suite struct WireTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let requests = environment["WIRE_REQUESTS"].flatMap { Int($0) } ?? 4_000
    private static let secret = "wire-secret-access-key"

    @Test(arguments: [
        "arn:aws:sagemaker:us-east-1:123456789012:mlflow-tracking-server/team",
        "arn:aws:sagemaker:us-east-1:123456789012:mlflow-app/app-ABC",
    ])
    func pathQueryAndBodyArriveAsTheyWereAskedAndSigned(arn: String) async throws {
        let server = try await HTTPServer()
        let service = RecordingService()
        let door = try MLflowFrontDoor(
            arn: arn, authority: "127.0.0.1:\(server.port)", upstream: "127.0.0.1:9", accessKeyID: "AKID",
            secretAccessKey: Self.secret, sessionToken: "wire-session-token", transport: service)
        let log = Mutex<(lines: Int, hasSecret: Bool)>((0, false))
        let function = try await LocalFunction(Self.configuration(arn: arn, port: server.port)) { line in
            log.withLock {
                $0.lines += 1
                $0.hasSecret = $0.hasSecret || line.contains("wire-se")
            }
        }
        let count = Self.requests / 2
        let start = ContinuousClock.now
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await server.run(door)
                return false
            }
            group.addTask {
                try await function.run()
                return false
            }
            group.addTask {
                await Self.send(count, seed: UInt64(arn.utf8.count), through: function, to: service)
                return true
            }
            defer { group.cancelAll() }
            while let isDone = try await group.next(), !isDone {}
        }
        #expect(door.statistics.verified == count)
        #expect(door.statistics.refused == 0, "\(door.statistics.lastRefusal ?? "")")
        #expect(log.withLock { $0.lines } >= count)
        #expect(!log.withLock { $0.hasSecret })
        print(
            "\(arn): \(count) requests sent, \(door.statistics.verified) arrived and verified, in \(start.duration(to: .now))"
        )
    }

    private static func send(
        _ count: Int, seed: UInt64, through function: LocalFunction, to service: RecordingService
    ) async {
        let balancer = LoadBalancer(log: { _ in }, target: { await function.invoke($0) })
        var random = SeededGenerator(seed: seed)
        for number in 0..<count {
            let asked = RandomRequest(&random)
            let response = await balancer.respond(to: asked.request)
            let arrived = service.take()
            guard response.status == 200, response.body == RecordingService.answer, let arrived,
                arrived.method == asked.method, arrived.path.utf8.elementsEqual(asked.path.utf8),
                arrived.query == asked.canonicalQuery, case .bytes(asked.body) = arrived.body
            else {
                Issue.record(
                    "request \(number), \(asked.request.head.target): status \(response.status), arrived as \(arrived?.path ?? "nothing")?\(arrived?.query ?? ""), not \(asked.canonicalQuery ?? "")"
                )
                return
            }
        }
    }

    private static func configuration(arn: String, port: Int) throws -> FunctionConfiguration {
        let executable = try executable()
        return FunctionConfiguration(
            name: "mlflow-proxy", executable: executable.path, taskRoot: executable.deletingLastPathComponent().path,
            memoryMB: 512, timeout: .seconds(30),
            variables: [
                "MLFLOW_TRACKING_ARN": arn, "SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT": "http://127.0.0.1:\(port)",
                "PROXY_AUTH": "network", "AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": secret,
                "AWS_SESSION_TOKEN": "wire-session-token",
            ])
    }

    /// The function beside the tests' own executable, unless another is asked for.
    private static func executable() throws -> URL {
        if let path = environment["WIRE_FUNCTION"] { return URL(filePath: path).absoluteURL }
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let places = ([own] + CommandLine.arguments).map { URL(filePath: $0).deletingLastPathComponent() }
        return try #require(
            places.map { $0.appending(path: "mlflow-proxy") }.first {
                FileManager.default.isExecutableFile(atPath: $0.path)
            })
    }
}

/// What stands behind the stand-in: keeps the request that came last.
private final class RecordingService: HTTPTransport {
    static let answer = Array("from MLflow".utf8)

    private let last = Mutex<HTTPRequest?>(nil)

    /// What came since it was last asked.
    func take() -> HTTPRequest? {
        last.withLock { last in
            defer { last = nil }
            return last
        }
    }

    func send(_ request: HTTPRequest, options: TransferOptions) async throws -> HTTPResponse {
        last.withLock { $0 = request }
        return HTTPResponse(status: 200, headers: ["content-type": "text/plain"], body: Self.answer)
    }
}
