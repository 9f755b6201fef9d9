import Foundation
import HTTP
import LambdaEmulator

/// Everything around the functions, on the loopback interface: MLflow, an AWS stand-in, the endpoint of SageMaker MLflow,
/// the Runtime API and the load balancer.
struct LocalStack: Sendable {
    struct Settings: Sendable {
        var functions: String
        var mlflow: String
        var moto: String
        var events: String
        var state: String
        var port: Int
        var concurrency: Int
        var hasBucket: Bool
        var check: Bool
    }

    /// Credentials that mean nothing outside.
    enum Stand {
        static let trackingARN = "arn:aws:sagemaker:us-east-1:123456789012:mlflow-tracking-server/local"
        static let region = "us-east-1"
        static let accessKeyID = "ASIALOCALSTANDIN0000"
        static let secretAccessKey = "local-stand-in-secret"
        static let sessionToken = "local-stand-in-session-token"
    }

    let settings: Settings
    private let transport = LoopbackTransport()

    init(settings: Settings) {
        self.settings = settings
    }

    /// Starts everything, runs the sample events, then serves until it is cancelled, or ends after the checks.
    ///
    /// - Returns: Whether the checks passed.
    func run() async throws -> Bool {
        let bootstrap = try checkInputs()
        let balancer = try await HTTPServer(port: settings.port)
        try Files.makeDirectory("\(settings.state)/logs")
        let functionLog = try LogFile("\(settings.state)/logs/functions.log")
        let start = ContinuousClock.now

        Console.print("Starting MLflow and the AWS stand-in …")
        let moto = try await startMoto()
        let mlflow: LocalServer
        do {
            mlflow = try await startMLflow()
        } catch {
            await moto.stop()
            throw error
        }
        do {
            let passed = try await serve(
                bootstrap: bootstrap, balancer: balancer, moto: moto, mlflow: mlflow, functionLog: functionLog,
                since: start)
            await stop(moto, mlflow)
            return passed
        } catch {
            await stop(moto, mlflow)
            throw error
        }
    }

    private func stop(_ servers: LocalServer...) async {
        // The task may be cancelled; the servers still get their time to end.
        await Task {
            await withTaskGroup(of: Void.self) { group in
                for server in servers { group.addTask { await server.stop() } }
            }
        }.value
    }

    private func checkInputs() throws(LocalError) -> String {
        _ = try Files.executable(settings.mlflow, hint: "Install it: pip install mlflow, or run ./build.sh up")
        _ = try Files.executable(settings.moto, hint: "Install it: pip install 'moto[server]', or run ./build.sh up")
        return try Files.executable(
            "\(settings.functions)/mlflow-proxy/bootstrap", hint: "Build the functions first: ./build.sh")
    }

    private func startMoto() async throws -> LocalServer {
        try await LocalServer("moto", executable: settings.moto, state: settings.state) { port in
            ["-H", "127.0.0.1", "-p", String(port)]
        }
    }

    private func startMLflow() async throws -> LocalServer {
        let state = settings.state
        let environment = ["MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"]
        return try await LocalServer(
            "mlflow", executable: settings.mlflow, state: state, environment: environment
        ) { port in
            [
                "server", "--host", "127.0.0.1", "--port", String(port), "--workers", "2", "--backend-store-uri",
                "sqlite:///\(state)/mlflow.db", "--artifacts-destination", "file://\(state)/artifacts",
            ]
        }
    }

    private func serve(
        bootstrap: String, balancer: HTTPServer, moto: LocalServer, mlflow: LocalServer, functionLog: LogFile,
        since start: ContinuousClock.Instant
    ) async throws -> Bool {
        let doorServer = try await HTTPServer()
        let door = try MLflowFrontDoor(
            arn: Stand.trackingARN, authority: "127.0.0.1:\(doorServer.port)", upstream: mlflow.authority,
            accessKeyID: Stand.accessKeyID, secretAccessKey: Stand.secretAccessKey, sessionToken: Stand.sessionToken,
            region: Stand.region, transport: transport)
        let endpoints = ["http://127.0.0.1:\(doorServer.port)", "http://\(moto.authority)"]
        func makeFunction(_ variables: [String: String], instances: Int) async throws -> LocalFunction {
            let configuration = configuration(
                bootstrap: bootstrap, door: endpoints[0], moto: endpoints[1], variables: variables)
            return try await LocalFunction(configuration, instances: instances) {
                functionLog.write("[mlflow-proxy] \($0)")
            }
        }
        let origins = ["http://127.0.0.1:\(settings.port)", "http://localhost:\(settings.port)"]
        var variables = ["PROXY_PUBLIC_URL": origins[0], "PROXY_ALLOWED_ORIGINS": origins[1]]
        if settings.hasBucket { variables["PROXY_OVERFLOW_BUCKET"] = OverflowBucket.name }
        let function = try await makeFunction(variables, instances: settings.concurrency)
        // The sample events are addressed to several names, all but one of which the function that serves must refuse. It
        // has no bucket either, so that both ways for large answers are tried.
        let sampled = try await makeFunction([:], instances: 1)
        let bare = try await HTTPServer()
        let bareBalancer = LoadBalancer(
            LoadBalancer.Settings(port: bare.port), log: { functionLog.write("[load balancer] \($0)") },
            target: { await sampled.invoke($0) })
        let loadBalancer = LoadBalancer(
            LoadBalancer.Settings(port: balancer.port), log: { functionLog.write("[load balancer] \($0)") },
            target: { await function.invoke($0) })

        return try await withThrowingTaskGroup(of: Bool?.self) { group in
            let services: [@Sendable () async throws -> Void] = [
                { try await doorServer.run(door) }, { try await function.run() }, { try await sampled.run() },
                { try await balancer.run(loadBalancer) }, { try await bare.run(bareBalancer) }, moto.failWhenEnded,
                mlflow.failWhenEnded,
            ]
            for service in services {
                group.addTask {
                    try await service()
                    return nil
                }
            }
            group.addTask {
                async let first: Void = ready("AWS stand-in (moto)", moto, "/moto-api/", since: start)
                async let second: Void = ready("MLflow", mlflow, "/health", since: start)
                _ = try await (first, second)
                try await OverflowBucket(authority: moto.authority, transport: transport).create(origins: origins)
                let session = LocalSession(
                    settings: settings, sampled: sampled, bareAuthority: "127.0.0.1:\(bare.port)", door: door,
                    transport: transport, log: functionLog)
                return try await session.run()
            }
            defer { group.cancelAll() }
            while let outcome = try await group.next() {
                if let outcome { return outcome }
            }
            return true
        }
    }

    private func ready(
        _ name: String, _ server: LocalServer, _ path: String, since start: ContinuousClock.Instant
    ) async throws {
        try await server.waitUntilHealthy(path, transport)
        Console.print("  \(name) is ready on port \(server.port) after \(start.duration(to: .now).milliseconds) ms")
    }

    private func configuration(
        bootstrap: String, door: String, moto: String, variables: [String: String]
    ) -> FunctionConfiguration {
        let own = [
            "MLFLOW_TRACKING_ARN": Stand.trackingARN, "SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT": door,
            "PROXY_AUTH": "network", "AWS_ACCESS_KEY_ID": Stand.accessKeyID,
            "AWS_SECRET_ACCESS_KEY": Stand.secretAccessKey, "AWS_SESSION_TOKEN": Stand.sessionToken,
            "AWS_ENDPOINT_URL": moto,
        ]
        return FunctionConfiguration(
            name: "mlflow-proxy", executable: bootstrap,
            taskRoot: URL(fileURLWithPath: bootstrap).deletingLastPathComponent().path, memoryMB: 1769,
            timeout: .seconds(60), region: Stand.region, variables: own.merging(variables) { $1 })
    }
}
