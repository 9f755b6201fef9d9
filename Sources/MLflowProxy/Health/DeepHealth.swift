internal import AWSCore
internal import AWSServices
internal import HTTP
internal import JSON
internal import Lambda
internal import LambdaEvents
internal import Logging

/// `/_proxy/health?deep=1`: whether all that the proxy needs is there, and what is not.
///
/// The checks run side by side, each within a few seconds. What they say names no account and no role; the log has the
/// rest.
struct DeepHealth: Sendable {
    /// Where large answers go, with the client that puts them there.
    private let overflow: (bucket: String, client: S3Client)?
    /// The buckets of the artifacts, each once.
    private let uploadBuckets: [String]

    init(configuration: ProxyConfiguration, storage: AWSClient?) {
        overflow = configuration.overflow.flatMap { place in storage.map { (place.bucket, S3Client($0)) } }
        var buckets: [String] = []
        for location in configuration.uploadLocations where !buckets.contains(location.bucket) {
            buckets.append(location.bucket)
        }
        uploadBuckets = buckets
    }

    /// The time each check may take.
    static let timeout = Duration.seconds(4)

    /// Whether the health route is asked for more than a sign of life.
    static func isAsked(by request: ALBTargetRequest) -> Bool {
        request.query.contains { $0.name == "deep" && $0.value != "0" && $0.value != "false" }
    }

    func answer(_ request: OwnRequest) async throws -> HTTPResponse {
        var checks = [Check("credentials", Self.checkCredentials), Check("upstream", Self.checkUpstream)]
        if let overflow {
            checks.append(
                Check("bucket \(overflow.bucket)") { _ in try await overflow.client.headBucket(overflow.bucket) })
        }
        for bucket in uploadBuckets where bucket != overflow?.bucket {
            checks.append(Check("bucket \(bucket)") { try await $0.s3.headBucket(bucket) })
        }
        let outcomes = await withTaskGroup(of: (Int, Outcome).self) { group in
            for (index, check) in checks.enumerated() {
                group.addTask { (index, await check.outcome(request)) }
            }
            var outcomes: [Int: Outcome] = [:]
            for await (index, outcome) in group { outcomes[index] = outcome }
            return outcomes
        }
        try Task.checkCancellation()
        var members = JSONObject()
        for (index, check) in checks.enumerated() { members[check.name] = outcomes[index]?.json }
        let isHealthy = outcomes.values.allSatisfy { $0.fault == nil }
        return .json(
            status: isHealthy ? 200 : 503,
            [
                "status": isHealthy ? "ok" : "failing", "checks": .object(members),
                "request_id": .string(request.context.requestID),
            ])
    }

    private static func checkCredentials(_ request: OwnRequest) async throws {
        _ = try await request.client.credentials.credentials()
    }

    /// A call that every version of MLflow has and that reaches its database.
    private static func checkUpstream(_ request: OwnRequest) async throws {
        let response = try await request.ask(
            "/api/2.0/mlflow/experiments/search", query: [(name: "max_results", value: "1")])
        guard response.status < 400 else {
            throw ProxyError.badGateway("The MLflow service answered with the status \(response.status).")
        }
    }

}

extension DeepHealth {
    /// One thing that is looked at.
    private struct Check: Sendable {
        let name: String
        let run: @Sendable (OwnRequest) async throws -> Void

        init(_ name: String, _ run: @escaping @Sendable (OwnRequest) async throws -> Void) {
            self.name = name
            self.run = run
        }

        func outcome(_ request: OwnRequest) async -> Outcome {
            let watch = Stopwatch(request.clock)
            var fault: String?
            do {
                try await request.within(DeepHealth.timeout, "It") { try await run(request) }
            } catch {
                fault =
                    (try? OwnFault.of(
                        error, service: name == "credentials" ? "The source of credentials" : "S3",
                        context: request.context))?.message ?? "It was cancelled."
            }
            return Outcome(fault: fault, time: watch.elapsed)
        }
    }

    /// How it went.
    private struct Outcome: Sendable {
        let fault: String?
        let time: Duration

        var json: JSONValue {
            var members = JSONObject()
            members.append("status", fault == nil ? "ok" : "failing")
            members.append("ms", .number(AccessLog.milliseconds(time).description))
            if let fault { members.append("message", .string(fault)) }
            return .object(members)
        }
    }
}
