public import HTTP
internal import JSON
public import Lambda
internal import Logging
public import Timestamps

/// A function that is a custom resource's provider: it takes CloudFormation's requests and answers each exactly once,
/// whatever becomes of the work.
///
/// The same function takes the work it handed over to itself, and the records of its own failed invocations, when it is
/// its own on-failure destination.
public struct CustomResourceHandler<Resource: CustomResource>: LambdaHandler {
    private let resource: Resource
    private let responder: CustomResourceResponder
    private let handovers: HandoverSender
    private let clock: any Clock<Duration>
    private let now: @Sendable () -> Timestamp
    private let margin: Duration
    private let ledger = DeliveryLedger()

    /// Makes a handler.
    ///
    /// - Parameters:
    ///   - resource: What is made, changed and removed.
    ///   - transport: Sends the answers.
    ///   - invoker: Starts the function anew when the work outlasts an invocation; nil answers FAILED then.
    ///   - clock: What waits.
    ///   - now: The time.
    ///   - margin: What is kept of every invocation to end the work, to hand it over and to answer.
    public init(
        _ resource: Resource, transport: any HTTPTransport, invoker: (any SelfInvoker)? = nil,
        clock: any Clock<Duration>, now: @escaping @Sendable () -> Timestamp = Timestamp.now,
        margin: Duration = .seconds(15)
    ) {
        self.resource = resource
        handovers = HandoverSender(invoker: invoker, clock: clock, limit: margin / 3)
        self.clock = clock
        self.now = now
        self.margin = margin
        responder = CustomResourceResponder(transport: transport, clock: clock, now: now)
    }

    /// Handles one event.
    ///
    /// - Returns: What became of it, for a person and for a destination: the status, the reason and the id, or the
    ///   number of the hand-over.
    /// - Throws: ``MalformedEvent`` when the event does not say where its answer goes and is no record of a failure;
    ///   ``ReplyDeliveryError`` when the
    ///   answer could not be sent but may be yet, so that Lambda delivers the event again.
    public func handle(_ event: [UInt8], context: LambdaContext) async throws -> [UInt8] {
        let delivery = try Delivery(parsing: event)
        guard delivery.kind != .success else { return Verdict.ignored("The invocation succeeded.").summary }
        let address: ReplyAddress
        do {
            address = try ReplyAddress(delivery.event)
        } catch {
            guard case .failure(let sentence) = delivery.kind else { throw error }
            // To fail at the record of a failure would make another such record, and so on for ever.
            let why = Redaction().apply(
                to: "\(sentence) Its event is no custom resource's, so nobody waits for an answer.")
            context.logger.error("\(why)")
            return Verdict.ignored(why).summary
        }
        let key =
            "\(address.stackID) \(address.requestID) \(delivery.handover?.hop ?? 0)"
            + (delivery.kind == .request ? "" : " failure")
        return try await ledger.once(key) {
            let settle: @Sendable (Verdict) async throws -> [UInt8] = { verdict in
                if case .reply(let reply) = verdict {
                    ledger.keep(reply, for: key)
                    try await send(reply, to: address, context)
                }
                return verdict.summary
            }
            if let reply = ledger.unsentReply(key) { return try await settle(.reply(reply)) }
            return try await carryOut(delivery, address, context, settle)
        }
    }

    private func carryOut(
        _ delivery: Delivery, _ address: ReplyAddress, _ context: LambdaContext,
        _ settle: @escaping @Sendable (Verdict) async throws -> [UInt8]
    ) async throws -> [UInt8] {
        let redaction = Redaction(address)
        let progress = Progress(delivery.handover?.progress ?? Progress.Snapshot())
        let request: CustomResourceRequest
        do {
            request = try CustomResourceRequest(delivery.event, address: address)
        } catch {
            let id = address.physicalResourceID ?? PhysicalID.createFailed(address)
            return try await settle(
                .reply(CustomResourceReply(failure: "\(error)", physicalID: id, to: address, redaction: redaction)))
        }
        let refusal = FailedRequest(request: request, redaction: redaction)
        if case .failure(let sentence) = delivery.kind {
            return try await settle(.reply(refusal.reply(sentence, progress.snapshot, isInterrupted: true)))
        }
        if let handover = delivery.handover, handover.isUnreadable {
            let sentence =
                "The work was handed over by another version of this function and cannot be carried on; try again."
            return try await settle(.reply(refusal.reply(sentence, progress.snapshot, isInterrupted: true)))
        }
        let time = TimeBudget(
            request, startedAt: delivery.handover?.startedAt, invocationEnd: context.deadline, now: now(),
            margin: margin)
        let resourceContext = CustomResourceContext(
            request: request, hop: delivery.handover?.hop ?? 0, deadline: time.workDeadline,
            finalDeadline: time.finalDeadline, clock: clock, now: now, logger: context.logger, redaction: redaction,
            progress: progress)
        context.logger.info("\(request), hand-over \(resourceContext.hop)")
        let conclude: @Sendable (ResourceRun<Resource>.End) async throws -> [UInt8] = { end in
            try Task.checkCancellation()
            switch end {
            case .done(let outcome):
                return try await settle(.reply(success(outcome, request, progress.snapshot, redaction)))
            case .failed(let reason):
                return try await settle(.reply(refusal.reply(reason, progress.snapshot, isInterrupted: false)))
            case .outOfTime:
                return try await settle(await outOfTime(delivery, time, refusal, progress.snapshot, context))
            }
        }
        // What arrives too late is not begun: nobody waits for it, and a Delete may be under way.
        guard now() < time.workDeadline else { return try await conclude(.outOfTime) }
        let run = ResourceRun(resource: resource, context: resourceContext)
        return try await DeadlineRace(clock: clock, budget: max(.zero, time.workDeadline - now())).run(run, conclude)
    }

    private func success(
        _ outcome: ResourceOutcome?, _ request: CustomResourceRequest, _ progress: Progress.Snapshot,
        _ redaction: Redaction
    ) -> CustomResourceReply {
        guard let outcome else {
            let id = request.address.physicalResourceID ?? PhysicalID.createFailed(request.address)
            return CustomResourceReply(
                success: ResourceOutcome(physicalID: id, attributes: progress.attributes), to: request.address)
        }
        if let problem = PhysicalID.problem(of: outcome.physicalID) {
            return FailedRequest(request: request, redaction: redaction).reply(
                "The work is done, but the resource's id cannot be given to CloudFormation: \(problem).", progress,
                isInterrupted: true)
        }
        return CustomResourceReply(success: outcome, to: request.address)
    }

    /// Hands the work over, or answers what is left to do.
    private func outOfTime(
        _ delivery: Delivery, _ time: TimeBudget, _ refusal: FailedRequest, _ progress: Progress.Snapshot,
        _ context: LambdaContext
    ) async -> Verdict {
        let hop = (delivery.handover?.hop ?? 0) + 1
        let handover = Handover(event: delivery.event, hop: hop, startedAt: time.startedAt, progress: progress)
        let obstacle: String
        if !time.hasTimeForAnother(at: now()) {
            obstacle = "The time CloudFormation waits is over"
        } else if hop > Handover.maximumHops {
            obstacle = "The work was handed over \(Handover.maximumHops) times and has not come to its end"
        } else {
            do {
                try await handovers.send(handover, to: context.invokedFunctionARN)
                context.logger.info("The time of this invocation is over; the work goes on in hand-over \(hop).")
                return .handedOver(hop)
            } catch {
                obstacle =
                    "The time of this invocation is over, and the work could not be handed over to another: \(error)"
            }
        }
        return .reply(refusal.reply(obstacle, progress, isInterrupted: true))
    }

    private func send(_ reply: CustomResourceReply, to address: ReplyAddress, _ context: LambdaContext) async throws {
        let end = context.deadline ?? now() + .seconds(60)
        let deadline = end - min(.milliseconds(500), max(.zero, end - now()) / 4)
        let summary = reply.status.rawValue + (reply.reason.map { ": \($0)" } ?? "")
        do {
            try await responder.send(reply.body, to: address.responseURL, until: deadline, logger: context.logger)
            context.logger.info("Answered \(address): \(summary)")
        } catch let error as ReplyDeliveryError {
            context.logger.error("\(error) It was \(summary)")
            // Doing it all again would not help a URL that is refused.
            if !error.isFinal { throw error }
        }
    }
}
