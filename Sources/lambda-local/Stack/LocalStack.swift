import Foundation
import HTTP
import LambdaEmulator

/// Everything around the functions, on the loopback interface: MLflow, an AWS stand-in, SageMaker's control plane and its
/// MLflow endpoints, CloudFormation, the Runtime API and the load balancer.
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
        /// Further settings of the proxy that serves.
        var variables: [String: String]
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
        try checkInputs()
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
                balancer: balancer, moto: moto, mlflow: mlflow, log: functionLog, since: start)
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

    private func checkInputs() throws(LocalError) {
        _ = try Files.executable(settings.mlflow, hint: "Install it: pip install mlflow, or run ./build.sh up")
        _ = try Files.executable(settings.moto, hint: "Install it: pip install 'moto[server]', or run ./build.sh up")
        for function in ["mlflow-proxy", "mlflow-app", "vpc-cleanup"] {
            _ = try Files.executable(
                "\(settings.functions)/\(function)/bootstrap", hint: "Build the functions first: ./build.sh")
        }
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
        balancer: HTTPServer, moto: LocalServer, mlflow: LocalServer, log: LogFile, since start: ContinuousClock.Instant
    ) async throws -> Bool {
        let planeServer = try await HTTPServer()
        let authority = "127.0.0.1:\(planeServer.port)"
        let plane = MLflowControlPlane(
            authority: authority, accessKeyID: Stand.accessKeyID, secretAccessKey: Stand.secretAccessKey,
            sessionToken: Stand.sessionToken, region: Stand.region,
            userInterface: "http://127.0.0.1:\(settings.port)/")
        let variables = [
            "AWS_ACCESS_KEY_ID": Stand.accessKeyID, "AWS_SECRET_ACCESS_KEY": Stand.secretAccessKey,
            "AWS_SESSION_TOKEN": Stand.sessionToken, "AWS_ENDPOINT_URL": "http://\(moto.authority)",
            "AWS_ENDPOINT_URL_SAGEMAKER": "http://\(authority)",
        ]
        func samples(_ variables: [String: String]) -> CustomResourceSamples {
            let all = variables.merging(["POLL_INTERVAL_SECONDS": "0.2"]) { $1 }
            return CustomResourceSamples(settings: settings, variables: all, log: log)
        }
        let resources = StackResources(
            // The AWS stand-in has Studio's domains, the control plane here has MLflow.
            cleanup: samples(variables.filter { $0.key != "AWS_ENDPOINT_URL_SAGEMAKER" }), samples: samples(variables),
            moto: moto.authority, transport: transport)
        return try await withThrowingTaskGroup(of: Bool?.self) { group in
            let services: [@Sendable () async throws -> Void] = [
                { try await planeServer.run(plane) }, moto.failWhenEnded, mlflow.failWhenEnded,
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
                return try await play(resources, balancer, mlflow, variables, log)
            }
            defer { group.cancelAll() }
            while let outcome = try await group.next() {
                if let outcome { return outcome }
            }
            return true
        }
    }

    /// The life of a stack: its custom resources, then the MLflow that came of them, then their end.
    private func play(
        _ resources: StackResources, _ balancer: HTTPServer, _ mlflow: LocalServer, _ variables: [String: String],
        _ log: LogFile
    ) async throws -> Bool {
        var report = CheckReport()
        try await resources.cleanVPC(&report)
        let arn = try await resources.createApp(&report)
        let front = LocalFront(
            settings: settings, appARN: arn, mlflow: mlflow.authority, variables: variables, log: log,
            transport: transport)
        try await OverflowBucket(authority: resources.moto, transport: transport).create(origins: front.origins)
        report = try await front.run(balancer) { [report] session in
            var report = report
            try await session.check(&report)
            try await resources.updateApp(arn, &report)
            if settings.check { return report }
            report.print(logs: log.path)
            Console.print(
                "\nOpen \(front.origins[0]) or \(front.origins[0])/_proxy/portal (Ctrl-C stops everything; data and logs "
                    + "stay in \(settings.state))")
            log.show()
            for await _ in AsyncStream<Never>.makeStream().stream {}
            return report
        }
        if settings.check {
            try await resources.deleteApp(arn, &report)
            report.print(logs: log.path)
        }
        return report.passed
    }

    private func ready(
        _ name: String, _ server: LocalServer, _ path: String, since start: ContinuousClock.Instant
    ) async throws {
        try await server.waitUntilHealthy(path, transport)
        Console.print("  \(name) is ready on port \(server.port) after \(start.duration(to: .now).milliseconds) ms")
    }
}
