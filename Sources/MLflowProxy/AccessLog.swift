internal import HTTP
internal import LambdaEvents
internal import Logging

/// Measures spans of time on any clock.
struct Stopwatch: Sendable {
    private let read: @Sendable () -> Duration

    init(_ clock: any Clock<Duration>) {
        read = Self.reader(of: clock)
    }

    /// The time since the stopwatch was made.
    var elapsed: Duration { read() }

    private static func reader<C: Clock<Duration>>(of clock: C) -> @Sendable () -> Duration {
        let start = clock.now
        return { start.duration(to: clock.now) }
    }
}

/// What one request did, as one record in the log: no query, no header, no body. Numbers are numbers, so that the same
/// record can carry the metrics (``RequestMetrics``).
struct AccessLog {
    var method: String
    var path: String
    var status = 0
    var requestBytes: Int
    var answerBytes = 0
    /// What was put into the bucket for this answer, in bytes.
    var overflowBytes: Int?
    var upstream: Duration?
    var total = Duration.zero
    /// The caller's pseudonym: the start of a hash, where the caller is verified.
    var subject: String?
    /// The code and the reason of the fault that the proxy answered with itself.
    var fault: ProxyError?
    /// Under which ids other systems know the request.
    var trace: TraceContext
    /// Whether the target group asks whether the function is there.
    var isHealthCheck = false

    init(_ request: ALBTargetRequest, trace: TraceContext) {
        method = Self.printable(request.method.rawValue, limit: 16)
        // A load balancer sends no query here; whoever else does may have put a secret into it.
        let path = request.path.utf8.prefix { $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
        self.path = Self.printable(String(decoding: path, as: UTF8.self), limit: 512)
        requestBytes = request.body.count
        self.trace = trace
    }

    /// Writes the record.
    ///
    /// - Parameter metrics: What is added so that CloudWatch counts the request.
    func write(to logger: Logger, metrics: Logger.Metadata = [:]) {
        var metadata: Logger.Metadata = [
            "method": "\(method)", "path": "\(path)", "status": .stringConvertible(status),
            "requestBytes": .stringConvertible(requestBytes), "answerBytes": .stringConvertible(answerBytes),
            "TotalLatency": .stringConvertible(Self.milliseconds(total)),
        ]
        if let upstream { metadata["UpstreamLatency"] = .stringConvertible(Self.milliseconds(upstream)) }
        if let overflowBytes { metadata["OverflowBytes"] = .stringConvertible(overflowBytes) }
        if let subject { metadata["subject"] = "\(subject)" }
        if let fault { metadata["fault"] = "\(fault.code)" }
        if let id = trace.w3cTraceID { metadata["traceId"] = "\(id)" }
        if let id = trace.xRayTraceID { metadata["xrayTraceId"] = "\(id)" }
        if let id = trace.loadBalancerTraceID { metadata["albTraceId"] = "\(id)" }
        metadata.merge(metrics) { $1 }
        logger.info("request", metadata: metadata)
    }

    /// Text from outside in visible ASCII and of bounded length, so that it cannot pass for a line of the log.
    static func printable(_ text: String, limit: Int) -> String {
        let bytes = text.utf8.prefix(limit).map { $0 > 0x20 && $0 < 0x7F ? $0 : UInt8(ascii: "?") }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Milliseconds with at most three digits behind the point.
    static func milliseconds(_ duration: Duration) -> Double {
        let (seconds, attoseconds) = max(.zero, duration).components
        return Double(seconds) * 1_000 + Double(attoseconds / 1_000_000_000_000) / 1_000
    }
}
