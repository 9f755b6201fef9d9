import Foundation
import HTTP
import LambdaEmulator

/// The proxy between a load balancer and SageMaker's MLflow endpoints, twice: as a visitor finds it, before the MLflow App
/// that the stack has made, and as the sample events want it, before a tracking server.
struct LocalFront: Sendable {
    let settings: LocalStack.Settings
    /// The App's ARN.
    let appARN: String
    /// Where the MLflow server is.
    let mlflow: String
    /// Credentials and endpoints.
    let variables: [String: String]
    let log: LogFile
    let transport: LoopbackTransport

    /// The origins under which the proxy is reached.
    var origins: [String] { ["127.0.0.1", "localhost"].map { "http://\($0):\(settings.port)" } }

    /// An endpoint of SageMaker MLflow, and where it listens.
    private struct Door {
        let door: MLflowFrontDoor
        let server: HTTPServer

        var variables: [String: String] {
            ["SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT": "http://127.0.0.1:\(server.port)"]
        }
    }

    /// Serves for as long as the session's use takes.
    func run<Result: Sendable>(
        _ balancer: HTTPServer, _ use: @escaping @Sendable (LocalSession) async throws -> Result
    ) async throws -> Result {
        let app = try await door(appARN)
        let server = try await door(LocalStack.Stand.trackingARN)
        var serving = ["PROXY_PUBLIC_URL": origins[0], "PROXY_ALLOWED_ORIGINS": origins[1]]
        if settings.hasBucket { serving["PROXY_OVERFLOW_BUCKET"] = OverflowBucket.name }
        serving.merge(settings.variables) { $1 }
        let function = try await function(appARN, app, serving, instances: settings.concurrency)
        // The sample events are addressed to several names, all but one of which the function that serves must refuse. It
        // has no bucket either, so that both ways for large answers are tried.
        let sampled = try await self.function(LocalStack.Stand.trackingARN, server, [:], instances: 1)
        let bare = try await HTTPServer()
        let session = LocalSession(
            settings: settings, sampled: sampled, bareAuthority: "127.0.0.1:\(bare.port)",
            doors: [("the MLflow App", app.door), ("the tracking server", server.door)], transport: transport)
        return try await withThrowingTaskGroup(of: Result?.self) { group in
            let services: [@Sendable () async throws -> Void] = [
                { try await app.server.run(app.door) }, { try await server.server.run(server.door) },
                { try await function.run() }, { try await sampled.run() },
                { try await balancer.run(loadBalancer(balancer, function)) },
                { try await bare.run(loadBalancer(bare, sampled)) },
            ]
            for service in services {
                group.addTask {
                    try await service()
                    return nil
                }
            }
            group.addTask { try await use(session) }
            defer { group.cancelAll() }
            while let outcome = try await group.next() {
                if let outcome { return outcome }
            }
            throw CancellationError()
        }
    }

    private func door(_ arn: String) async throws -> Door {
        let server = try await HTTPServer()
        let door = try MLflowFrontDoor(
            arn: arn, authority: "127.0.0.1:\(server.port)", upstream: mlflow,
            accessKeyID: LocalStack.Stand.accessKeyID, secretAccessKey: LocalStack.Stand.secretAccessKey,
            sessionToken: LocalStack.Stand.sessionToken, region: LocalStack.Stand.region, transport: transport)
        return Door(door: door, server: server)
    }

    private func loadBalancer(_ server: HTTPServer, _ function: LocalFunction) -> LoadBalancer {
        LoadBalancer(
            LoadBalancer.Settings(port: server.port), log: { log.write("[load balancer] \($0)") },
            target: { await function.invoke($0) })
    }

    private func function(
        _ arn: String, _ door: Door, _ own: [String: String], instances: Int
    ) async throws -> LocalFunction {
        let bootstrap = "\(settings.functions)/mlflow-proxy/bootstrap"
        let all = [["MLFLOW_TRACKING_ARN": arn, "PROXY_AUTH": "network"], door.variables, own]
            .reduce(variables) { $0.merging($1) { $1 } }
        let configuration = FunctionConfiguration(
            name: "mlflow-proxy", executable: bootstrap,
            taskRoot: URL(fileURLWithPath: bootstrap).deletingLastPathComponent().path, memoryMB: 1769,
            timeout: .seconds(60), region: LocalStack.Stand.region, variables: all)
        return try await LocalFunction(configuration, instances: instances) { log.write("[mlflow-proxy] \($0)") }
    }
}
