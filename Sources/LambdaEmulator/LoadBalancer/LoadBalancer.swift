import HTTP
public import Timestamps

/// The front of an Application Load Balancer with a Lambda function as its target: HTTP in, HTTP out, one invocation a
/// request.
public struct LoadBalancer: ServerHandler {
    /// How the target group is set.
    public struct Settings: Sendable {
        /// `lambda.multi_value_headers.enabled`.
        public var isMultiValue: Bool
        /// The ARN of the target group.
        public var targetGroupARN: String
        /// The listener's port, as `x-forwarded-port` tells it.
        public var port: Int

        /// Multi-value headers, port 80, an ARN of the documentation's account.
        public init(
            isMultiValue: Bool = true,
            targetGroupARN: String =
                "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/local/0123456789abcdef",
            port: Int = 80
        ) {
            self.isMultiValue = isMultiValue
            self.targetGroupARN = targetGroupARN
            self.port = port
        }
    }

    /// What stands behind the load balancer.
    public typealias Target = @Sendable (_ event: [UInt8]) async -> InvocationResult

    private let settings: Settings
    private let target: Target
    private let now: @Sendable () -> Timestamp
    private let log: @Sendable (String) -> Void

    /// Puts a load balancer in front of a target.
    ///
    /// - Parameters:
    ///   - settings: How the target group is set.
    ///   - now: The wall time.
    ///   - log: Takes a line a request.
    ///   - target: Invokes the function with an event.
    public init(
        _ settings: Settings = Settings(), now: @escaping @Sendable () -> Timestamp = { .now() },
        log: @escaping @Sendable (String) -> Void, target: @escaping Target
    ) {
        self.settings = settings
        self.now = now
        self.log = log
        self.target = target
    }

    /// 1 MiB, the limit of Lambda targets.
    public var maximumBodyBytes: Int { AdmissionRules.maximumBodyBytes }

    /// What the load balancer refuses by itself, without invoking the function.
    public func refusal(of head: ServerRequestHead) -> ServerResponse? {
        AdmissionRules.refusal(of: head).map { status in
            let response = finished(LoadBalancerPage.response(status))
            access(head, response, since: now(), "refused by the load balancer")
            return response
        }
    }

    /// 400
    public func responseToMalformedRequest() -> ServerResponse {
        finished(LoadBalancerPage.response(400))
    }

    /// Invokes the function and turns its answer into a response.
    public func respond(to request: ServerRequest) async -> ServerResponse {
        let start = now()
        guard !request.bodyIsTooLarge else {
            let response = finished(LoadBalancerPage.response(413))
            access(request.head, response, since: start, "body over \(maximumBodyBytes) bytes")
            return response
        }
        let event = TargetEvent(
            isMultiValue: settings.isMultiValue, targetGroupARN: settings.targetGroupARN, port: settings.port,
            traceRoot: RandomID.traceRoot(secondsSinceEpoch: start.secondsSinceEpoch)
        ).encoded(request)
        let (response, remark) = Self.response(of: await target(event), isMultiValue: settings.isMultiValue)
        let complete = finished(response)
        access(request.head, complete, since: start, remark)
        return complete
    }

    private static func response(
        of result: InvocationResult, isMultiValue: Bool
    ) -> (ServerResponse, remark: String?) {
        switch result {
        case .failure(let failure):
            let reason = String(decoding: failure.payload.prefix(1_000), as: UTF8.self)
            return (LoadBalancerPage.response(502), "function error \(failure.errorType): \(reason)")
        case .success(let answer):
            do throws(TargetResponse.Malformed) {
                return (try TargetResponse.parse(answer.payload, isMultiValue: isMultiValue), nil)
            } catch {
                return (LoadBalancerPage.response(502), "malformed answer: \(error)")
            }
        }
    }

    /// Adds the fields that come from the load balancer itself.
    private func finished(_ response: ServerResponse) -> ServerResponse {
        var response = response
        if !response.headers.contains("date") { response.headers.append("Date", now().httpDate) }
        if !response.headers.contains("server") { response.headers.append("Server", "awselb/2.0") }
        response.headers.append("Connection", "keep-alive")
        return response
    }

    /// One line: method, path without query, status, size, milliseconds.
    private func access(
        _ head: ServerRequestHead, _ response: ServerResponse, since start: Timestamp, _ remark: String?
    ) {
        let milliseconds = (now() - start).inMilliseconds
        let line = "\(head.method) \(head.path) \(response.status) \(response.body.count) B \(milliseconds) ms"
        log(remark.map { "\(line) (\($0))" } ?? line)
    }
}

extension Duration {
    /// Milliseconds with one decimal.
    var inMilliseconds: String {
        let tenths = components.seconds * 10_000 + components.attoseconds / 100_000_000_000_000
        return "\(tenths / 10).\(tenths % 10)"
    }
}
