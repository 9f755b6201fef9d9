internal import Logging
internal import Timestamps

/// The metrics of requests in CloudWatch's embedded metric format: members of the request's own log record, from which
/// CloudWatch takes them without a call to it.
///
/// Every dimension has few values, whatever callers send: the function's name, the class of the status, the reason of a
/// fault.
struct RequestMetrics: Sendable {
    /// The namespace in CloudWatch.
    static let namespace = "MLflowProxy"

    /// The function's name, which tells several proxies in an account apart.
    let functionName: String

    /// What makes the record of a request one that CloudWatch counts. The target group's health checks are not counted.
    ///
    /// - Parameters:
    ///   - log: The record, complete.
    ///   - time: When the request was answered.
    func metadata(of log: AccessLog, at time: Timestamp) -> Logger.Metadata {
        guard !log.isHealthCheck else { return [:] }
        var values = ["TotalLatency"]
        if log.upstream != nil { values.append("UpstreamLatency") }
        if log.overflowBytes != nil { values.append("OverflowBytes") }
        var directives = [
            Self.directive(["FunctionName"], ["Requests"] + values),
            Self.directive(["FunctionName", "StatusClass"], ["Requests"]),
        ]
        var metadata: Logger.Metadata = [
            "FunctionName": "\(functionName)", "StatusClass": "\(log.status / 100)xx",
            "Requests": .stringConvertible(1),
        ]
        if let fault = log.fault {
            let name = fault.status < 500 ? "Refusals" : "Failures"
            directives.append(Self.directive(["FunctionName", "Reason"], [name]))
            metadata["Reason"] = "\(fault.reason.rawValue)"
            metadata[name] = .stringConvertible(1)
        }
        metadata["_aws"] = [
            "Timestamp": .stringConvertible(time.millisecondsSinceEpoch), "CloudWatchMetrics": .array(directives),
        ]
        return metadata
    }

    private static func directive(_ dimensions: [String], _ names: [String]) -> Logger.MetadataValue {
        [
            "Namespace": "\(namespace)",
            "Dimensions": [.array(dimensions.map { "\($0)" })],
            "Metrics": .array(names.map { ["Name": "\($0)", "Unit": "\(unit(of: $0))"] }),
        ]
    }

    private static func unit(of name: String) -> String {
        if name.hasSuffix("Latency") { return "Milliseconds" }
        return name.hasSuffix("Bytes") ? "Bytes" : "Count"
    }
}
