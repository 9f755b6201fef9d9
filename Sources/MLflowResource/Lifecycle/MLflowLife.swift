internal import AWSCore
internal import AWSServices
internal import CloudFormation
internal import HTTP

/// Carries out what a request asks of one App or tracking server.
///
/// Every step looks at what there is before it does anything, so that the work can be begun again at any point: after a
/// hand-over, a crash, or an answer that was lost.
struct MLflowLife: Sendable {
    let calls: MLflowCalls
    /// How long is waited between two looks.
    let interval: Duration
    let context: CustomResourceContext
    /// How long is waited between two looks at an App.
    private let base: Duration

    /// - Parameter base: How long is waited between two looks at an App; a tracking server, which takes longer, is looked
    ///   at half as often.
    init(
        _ kind: MLflowProperties.Kind, service: SageMakerClient, interval base: Duration, context: CustomResourceContext
    ) {
        calls = MLflowCalls(kind: kind, service: service)
        interval = kind == .app ? base : base * 2
        self.context = context
        self.base = base
    }

    /// The same request's work on something of a kind.
    func life(of kind: MLflowProperties.Kind) -> MLflowLife {
        MLflowLife(kind, service: calls.service, interval: base, context: context)
    }

    /// What goes wrong, as a sentence for CloudFormation's events.
    struct Failure: Error, CustomStringConvertible {
        let description: String
        init(_ description: String) { self.description = description }
    }

    /// Makes a call until it gets through: what passes by itself, throttling and outages, costs time only. The kit ends
    /// the work when there is no more of it, and the answer then says what did not pass.
    ///
    /// - Parameter afterFailure: Is called for each failure.
    func persistently<Value: Sendable>(
        _ call: () async throws -> Value, afterFailure: () -> Void = {}
    ) async throws -> Value {
        while true {
            do {
                return try await call()
            } catch  where Self.isPassing(error) {
                context.report("\(error) It is tried again in \(interval).")
                afterFailure()
                try await context.clock.sleep(for: interval)
            }
        }
    }

    /// Whether the same call may succeed later.
    static func isPassing(_ error: any Error) -> Bool {
        switch error {
        case let error as ServiceError: error.isThrottling || error.isTransient
        case let error as TransportError: error.kind != .invalidRequest
        default: false
        }
    }

    /// What is said of something that has to be there.
    func isGone(_ arn: String) -> Failure {
        Failure(
            "The \(calls.noun) \(arn) is gone; somebody else deleted it. To make another one, give the resource another "
                + "logical id in the template.")
    }

    /// Whether what bears the ARN of this resource is the resource's still: a server's ARN is made of its name, and another one
    /// may have it by now.
    func isOwn(_ arn: String) async throws -> Bool {
        guard calls.kind == .trackingServer else { return true }
        return OwnTags.isFromResource(try await persistently { try await tagsIfThere(arn) }, context)
    }

    /// Waits until nothing changes by itself any more.
    ///
    /// - Returns: What there is then; nil when it is gone.
    func settled(_ arn: String) async throws -> MLflowSnapshot? {
        var last: MLflowStatus?
        while true {
            let described = try await persistently {
                try await calls.describe(arn)
            } afterFailure: {
                last = nil
            }
            guard let snapshot = described else { return nil }
            guard snapshot.isBusy else { return snapshot }
            if snapshot.status != last {
                context.report("The \(calls.noun) \(snapshot.name) is \(snapshot.status).")
                last = snapshot.status
            }
            try await context.clock.sleep(for: interval)
        }
    }

    /// The same, of something that has to be there.
    func settledAndThere(_ arn: String) async throws -> MLflowSnapshot {
        guard let snapshot = try await settled(arn) else { throw isGone(arn) }
        return snapshot
    }

    /// How often a conflict is waited out although nothing seems to be under way.
    private static let patience = 20

    /// Makes a call as soon as nothing else is under way.
    ///
    /// - Returns: false when what the call is about is gone.
    func whenSettled(_ arn: String, _ call: (MLflowSnapshot) async throws -> Void) async throws -> Bool {
        var conflicts = 0
        while let snapshot = try await settled(arn) {
            do {
                try await persistently { try await call(snapshot) }
                return true
            } catch let error as ServiceError where error.isNotFound {
                // A bucket, a role or a domain that does not exist is refused in words that are much the same.
                if try await settled(arn) != nil { throw error }
                return false
            } catch let error as ServiceError where error.isConflict && conflicts < Self.patience {
                conflicts += 1
                context.log("\(error) It is tried again in \(interval).")
                try await context.clock.sleep(for: interval)
            }
        }
        return false
    }
}
