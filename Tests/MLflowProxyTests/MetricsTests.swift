import Configuration
import HTTP
import JSON
import Lambda
import LambdaEvents
import Logging
import MLflowProxy
import TestSupport
import Testing
import Timestamps

/// The log's records of requests as CloudWatch reads them: the embedded metric format.
@Suite struct MetricsTests {
    /// The record of a request, as JSON.
    private static func record(
        _ request: ALBTargetRequest, _ answer: HTTPResponse = HTTPResponse(status: 200),
        _ edit: (inout Fixture) -> Void = { _ in }
    ) async throws -> LogRecorder.Record {
        var fixture = Fixture(answering: answer)
        edit(&fixture)
        _ = try await fixture.answer(request)
        return try #require(fixture.log.records.first { $0.message == "request" })
    }

    /// Every metric with its dimensions, as `Requests[FunctionName,StatusClass] Count`.
    private static func metrics(of record: LogRecorder.Record) throws -> Set<String> {
        guard let aws = record.json["_aws"] else { return [] }
        #expect(aws["Timestamp"]?.integer == Fixture.now.millisecondsSinceEpoch)
        var found: Set<String> = []
        for directive in try #require(aws["CloudWatchMetrics"]?.array) {
            #expect(directive["Namespace"] == "MLflowProxy")
            let sets = try #require(directive["Dimensions"]?.array)
            #expect(sets.count == 1)
            let dimensions = (sets.first?.array ?? []).compactMap(\.string)
            // Every dimension and every metric that is named is there, as text and as a number.
            for name in dimensions { #expect(record.json[name]?.string?.isEmpty == false, "\(name)") }
            for metric in try #require(directive["Metrics"]?.array) {
                let name = try #require(metric["Name"]?.string)
                #expect(record.json[name]?.double != nil, "\(name)")
                found.insert("\(name)[\(dimensions.joined(separator: ","))] \(metric["Unit"]?.string ?? "")")
            }
        }
        return found
    }

    @Test func anAnswerOfTheServiceIsCountedAndTimed() async throws {
        let record = try await Self.record(.example())
        #expect(
            try Self.metrics(of: record) == [
                "Requests[FunctionName] Count", "TotalLatency[FunctionName] Milliseconds",
                "UpstreamLatency[FunctionName] Milliseconds", "Requests[FunctionName,StatusClass] Count",
            ])
        #expect(record.json["FunctionName"] == "proxy")
        #expect(record.json["StatusClass"] == "2xx")
        #expect(record.json["status"] == 200)
    }

    @Test(arguments: [
        (ALBTargetRequest.example(.get, "/../x"), "malformed"),
        (.example(.post, "/a", headers: ["origin": "https://evil.example"]), "foreign-page"),
        (.example(.post, "/api/2.0/mlflow/runs/create", body: "{}"), "access"),
        (.example(.get, "/_proxy/none"), "route"),
        (.example(.get, "/", headers: ["host": "other.example.com"]), "foreign-name"),
    ])
    func aRefusalIsCountedByItsReason(request: ALBTargetRequest, reason: String) async throws {
        let record = try await Self.record(request) { fixture in
            fixture.configuration.access = .readOnly
            fixture.configuration.publicOrigin = WebOrigin("https://mlflow.example.com")
        }
        #expect(record.json["Reason"]?.string == reason)
        #expect(try Self.metrics(of: record).contains("Refusals[FunctionName,Reason] Count"))
        #expect(record.json["Failures"] == nil)
        #expect(record.json["StatusClass"] == "4xx")
    }

    @Test func whatTheProxyCannotHelpIsAFailureAndNoRefusal() async throws {
        let fixture = Fixture { request in throw TransportError(.timeout, "slow", request: request) }
        _ = try await fixture.answer(.example())
        let record = try #require(fixture.log.records.first { $0.message == "request" })
        #expect(record.json["Reason"] == "timeout")
        #expect(try Self.metrics(of: record).contains("Failures[FunctionName,Reason] Count"))
        #expect(record.json["Refusals"] == nil)
    }

    @Test func aFaultOfTheServiceIsNoneOfTheProxys() async throws {
        let record = try await Self.record(.example(), HTTPResponse(status: 500))
        #expect(record.json["StatusClass"] == "5xx")
        #expect(record.json["Reason"] == nil)
    }

    @Test func healthChecksAreInTheLogAndNotCounted() async throws {
        let record = try await Self.record(.example(.get, "/_proxy/health"))
        #expect(record.json["status"] == 200)
        #expect(record.json["_aws"] == nil)
    }

    @Test func metricsCanBeTurnedOff() async throws {
        let record = try await Self.record(.example()) { $0.configuration.hasMetrics = false }
        #expect(record.json["_aws"] == nil)
        #expect(record.json["Requests"] == nil)
        #expect(record.json["TotalLatency"] != nil)
        let settings = try ProxyConfiguration(Environment(["PROXY_AUTH": "network", "PROXY_METRICS": "off"]))
        #expect(!settings.hasMetrics)
    }
}
