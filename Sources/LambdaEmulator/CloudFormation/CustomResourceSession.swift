import HTTP
import Timestamps

/// Plays CloudFormation, S3 and Lambda's queue to a function that is a custom resource's provider, for one request.
public struct CustomResourceSession: Sendable {
    /// When Lambda delivers the request a second time.
    public enum Duplicate: Sendable {
        /// At the same time, which takes a second process.
        case atOnce
        /// When everything is done.
        case afterwards
    }

    /// What is played.
    public struct Settings: Sendable {
        /// Retries and the on-failure destination.
        public var queue = AsynchronousInvoker.Settings(maximumRetries: 0, retryDelay: .seconds(1))
        /// A second delivery, or nil.
        public var duplicate: Duplicate?
        /// What the place of the answers does wrong.
        public var fault: ResponseFault?
        /// When the function is killed, or nil.
        public var kill: KillPoint?
        /// How many calls of Invoke are throttled.
        public var throttles = 0
        /// The attributes that the template asks for.
        public var attributes: [String] = []
        /// How long the whole may take; nil for as long as CloudFormation waits.
        public var patience: Duration?
        /// The most processes of the function at a time.
        public var concurrency = 4
        /// Whether every step is logged, not only what goes wrong.
        public var isVerbose = false

        /// Makes settings: one delivery, nothing goes wrong.
        public init() {}
    }

    /// Credentials that mean nothing outside.
    private enum StandIn {
        static let accessKeyID = "ASIALOCALSTANDIN0000"
        static let secretAccessKey = "local-stand-in-secret"
        static let sessionToken = "local-stand-in-session-token"
    }

    private let request: SampleRequest
    private let configuration: FunctionConfiguration
    private let settings: Settings
    private let log: @Sendable (String) -> Void

    /// Prepares a session.
    ///
    /// - Parameters:
    ///   - request: What is asked.
    ///   - configuration: The function. It gets the endpoint of Lambda and credentials, unless it has them.
    ///   - settings: What is played.
    ///   - log: Takes the lines of the function and of the session.
    public init(
        _ request: SampleRequest, of configuration: FunctionConfiguration, settings: Settings,
        log: @escaping @Sendable (String) -> Void
    ) {
        self.request = request
        self.configuration = configuration
        self.settings = settings
        self.log = log
    }

    /// Delivers the request and waits until everything that follows from it is done, or patience ends.
    ///
    /// - Throws: ``LocalError`` when something cannot start.
    public func run() async throws -> CustomResourceReport {
        let storage = try await HTTPServer()
        let lambda = try await HTTPServer()
        let url = ResponseURL(
            authority: "127.0.0.1:\(storage.port)", object: request.object, region: configuration.region, at: .now())
        let sink = ResponseSink(url, fault: settings.fault) { note($0) }
        let equipped = equip(lambdaPort: lambda.port)
        let function = try await LocalFunction(
            equipped, instances: settings.concurrency,
            started: { if settings.isVerbose { note("Process \($0) started.") } }, log: log)
        let invoker = AsynchronousInvoker(
            functionARN: equipped.arn, settings: settings.queue, log: { note($0) },
            function: { event, id in
                if settings.isVerbose { note("Invocation \(id) begins, \(event.count) bytes.") }
                let result = await function.invoke(event, requestID: id)
                if settings.isVerbose, case .success(let response) = result {
                    note("Invocation \(id) ended: \(String(decoding: response.payload.prefix(1_000), as: UTF8.self))")
                }
                return result
            })
        let endpoint = InvokeEndpoint(
            functionARN: equipped.arn, verifier: verifier(equipped.variables), throttles: settings.throttles,
            other: otherCalls, log: { note($0) }, accept: { invoker.accept($0) })

        return try await withThrowingTaskGroup(of: CustomResourceReport?.self) { group in
            let services: [@Sendable () async throws -> Void] = [
                { try await storage.run(killing(sink, at: .answer, function)) },
                { try await lambda.run(killing(endpoint, at: .handOver, function)) }, { try await function.run() },
                { await invoker.run() },
            ]
            for service in services {
                group.addTask {
                    try await service()
                    return nil
                }
            }
            group.addTask { await play(url, sink, endpoint, invoker) }
            defer { group.cancelAll() }
            while let report = try await group.next() {
                if let report { return report }
            }
            throw CancellationError()
        }
    }

    private func killing(
        _ handler: any ServerHandler, at moment: KillPoint.Moment, _ function: LocalFunction
    ) -> any ServerHandler {
        guard let kill = settings.kill, kill.moment == moment else { return handler }
        return KillingHandler(handler, count: kill.count) {
            note("The function is killed, as it sends its \(moment.rawValue).")
            await function.killProcesses()
        }
    }

    private func note(_ line: String) {
        log("[cloudformation] \(line)")
    }

    private func play(
        _ url: ResponseURL, _ sink: ResponseSink, _ endpoint: InvokeEndpoint, _ invoker: AsynchronousInvoker
    ) async -> CustomResourceReport {
        let start = Timestamp.now()
        let event = request.encoded(responseURL: url.text)
        if settings.isVerbose {
            let shown = request.encoded(responseURL: "http://\(url.authority)/…")
            note("The event: \(String(decoding: shown, as: UTF8.self))")
        }
        let limit = Duration.seconds(request.serviceTimeout)
        let patience = min(settings.patience ?? limit, limit)
        let isDone = await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                invoker.accept(event)
                if settings.duplicate == .atOnce { invoker.accept(event) }
                await invoker.idle()
                if settings.duplicate == .afterwards, !Task.isCancelled {
                    note("The request is delivered again.")
                    invoker.accept(event)
                    await invoker.idle()
                }
                return true
            }
            group.addTask {
                try? await EventLoopClock().sleep(for: patience)
                return false
            }
            let first = await group.next() ?? false
            group.cancelAll()
            return first
        }
        let record = sink.record
        return CustomResourceReport(
            verdict: verdict(record, isDone: isDone, patience), answer: record.answers.first?.body,
            counts: counts(record, endpoint, invoker), hops: endpoint.deepestHop,
            refusals: record.refusals + endpoint.refusals,
            answeredAfter: record.answers.first.map { $0.receivedAt - start }, elapsed: Timestamp.now() - start)
    }

    private func verdict(_ record: ResponseSink.Record, isDone: Bool, _ patience: Duration) -> AnswerVerdict {
        if let first = record.answers.first {
            return AnswerVerdict(first.body, to: request, attributes: settings.attributes)
        }
        let sentence = "CloudFormation did not receive a response from your Custom Resource"
        guard isDone else { return .missing("\(sentence) within \(patience.inSeconds) s.") }
        return .missing(
            "\(sentence), and none will come: every delivery has ended. A stack would wait for "
                + "\(request.serviceTimeout) s and then fail.")
    }

    private func counts(
        _ record: ResponseSink.Record, _ endpoint: InvokeEndpoint, _ invoker: AsynchronousInvoker
    ) -> CustomResourceReport.Counts {
        var counts = CustomResourceReport.Counts()
        counts.puts = record.puts
        if let first = record.answers.first, AnswerVerdict(first.body, to: request).isValid { counts.validAnswers = 1 }
        counts.duplicateAnswers = max(0, record.answers.count - 1)
        counts.invocations = invoker.counts.invocations
        counts.retries = invoker.counts.retries
        counts.failureRecords = invoker.counts.failureRecords
        counts.handOvers = endpoint.accepted
        return counts
    }

    // MARK: The function's environment

    /// What answers Lambda's calls but `Invoke`: the stand-in that the function is given for all services.
    private var otherCalls: (@Sendable (ServerRequest) async -> ServerResponse)? {
        guard let url = configuration.variables["AWS_ENDPOINT_URL"], let forwarder = Forwarder(to: url) else {
            return nil
        }
        return { await forwarder.send($0) }
    }

    private func equip(lambdaPort: Int) -> FunctionConfiguration {
        var equipped = configuration
        var added: [String: String] = [:]
        if configuration.variables["AWS_ENDPOINT_URL_LAMBDA"] == nil {
            added["AWS_ENDPOINT_URL_LAMBDA"] = "http://127.0.0.1:\(lambdaPort)"
        }
        let sources = [
            "AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_WEB_IDENTITY_TOKEN_FILE",
        ]
        if !sources.contains(where: { configuration.variables[$0] != nil }) {
            added["AWS_ACCESS_KEY_ID"] = StandIn.accessKeyID
            added["AWS_SECRET_ACCESS_KEY"] = StandIn.secretAccessKey
            added["AWS_SESSION_TOKEN"] = StandIn.sessionToken
        }
        equipped.variables.merge(added) { own, _ in own }
        return equipped
    }

    /// Credentials that come from elsewhere than the environment cannot be verified.
    private func verifier(_ variables: [String: String]) -> SignatureVerifier? {
        guard let id = variables["AWS_ACCESS_KEY_ID"], let secret = variables["AWS_SECRET_ACCESS_KEY"] else {
            return nil
        }
        let token = variables["AWS_SESSION_TOKEN"].flatMap { $0.isEmpty ? nil : $0 }
        return SignatureVerifier(
            .init(
                accessKeyID: id, secretAccessKey: secret, sessionToken: token, region: configuration.region,
                service: "lambda"))
    }
}
