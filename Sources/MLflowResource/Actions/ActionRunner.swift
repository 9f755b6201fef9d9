internal import AWSCore
internal import AWSServices
internal import CloudFormation
internal import JSON
internal import Lambda
internal import Logging
internal import Timestamps

/// Carries out the actions. Each may be repeated: what is so already is no error.
struct ActionRunner: Sendable {
    let service: SageMakerClient
    let interval: Duration
    let clock: any Clock<Duration>
    let now: @Sendable () -> Timestamp

    /// What of an invocation is kept to answer.
    private static let reserve = Duration.seconds(5)
    /// How often a conflict is waited out although nothing seems to be under way.
    private static let patience = 3

    /// Carries out an action.
    ///
    /// - Returns: What was there, what was done and what is there now. The answer to `presign` holds a secret.
    /// - Throws: ``ActionError``, or what SageMaker refused.
    func run(_ request: ActionRequest, context: LambdaContext) async throws -> JSONValue {
        switch (request.action, request.subject) {
        case (.start, .trackingServer(let name)):
            return try await move(name, to: .start, context)
        case (.stop, .trackingServer(let name)):
            return try await move(name, to: .stop, context)
        case (.describe, let subject):
            let snapshot = try await described(subject)
            return .object(
                JSONObject(snapshot.attributes.map { .init(name: $0.name, value: .string($0.value)) }))
        case (.presign, .trackingServer(let name)):
            return ["url": .string(try await service.createPresignedTrackingServerURL(name: name))]
        case (.presign, .app(let arn)):
            return ["url": .string(try await service.createPresignedAppURL(arn: arn))]
        case (.start, .app), (.stop, .app):
            throw ActionError("An MLflow App cannot be started or stopped.")
        }
    }

    private func described(_ subject: ActionRequest.Subject) async throws -> MLflowSnapshot {
        let (kind, id) =
            switch subject {
            case .trackingServer(let name): (MLflowProperties.Kind.trackingServer, name)
            case .app(let arn): (MLflowProperties.Kind.app, arn)
            }
        let calls = MLflowCalls(kind: kind, service: service)
        guard let snapshot = try await calls.describe(id) else {
            throw ActionError("There is no \(calls.noun) \(id) in this account and region.")
        }
        return snapshot
    }

    /// One of the two ways a server goes.
    private enum Way {
        case start, stop

        var verb: String { self == .start ? "Starting" : "Stopping" }

        /// Whether a server in this state is where it should be, or on its way there.
        func isDone(_ status: MLflowStatus) -> Bool {
            switch self {
            case .stop: status == .stopped || status == .stopping
            case .start:
                [.created, .updated, .updateFailed, .started, .starting, .creating, .updating, .maintenanceComplete]
                    .contains(status)
            }
        }
    }

    private func move(_ name: String, to way: Way, _ context: LambdaContext) async throws -> JSONValue {
        let found = try await described(.trackingServer(name))
        let before = found.status
        if way == .start, try await service.listTags(resourceARN: found.arn)[OwnTags.stopAgain] != nil {
            // It was started for a change alone, and is not to be stopped after it any more.
            try await service.deleteTags([OwnTags.stopAgain], resourceARN: found.arn)
        }
        var status = before
        var isMoved = false
        var conflicts = 0
        while !way.isDone(status) {
            // What it is doing it does to the end first.
            guard !status.isBusy else {
                try await wait(name, status, way, context)
                status = try await described(.trackingServer(name)).status
                continue
            }
            do {
                switch way {
                case .start: try await service.startMLflowTrackingServer(name: name)
                case .stop: try await service.stopMLflowTrackingServer(name: name)
                }
                isMoved = true
                break
            } catch let error as ServiceError where error.isConflict && conflicts < Self.patience {
                // Another call was faster.
                conflicts += 1
                try await wait(name, status, way, context)
                status = try await described(.trackingServer(name)).status
            }
        }
        if isMoved { status = MLflowStatus(rawValue: way.verb) }
        context.logger.info(
            "tracking server", metadata: ["name": "\(name)", "before": "\(before)", "after": "\(status)"])
        return [
            "trackingServer": .string(name), "action": .string(way == .start ? "start" : "stop"),
            "before": .string(before.rawValue), "after": .string(status.rawValue), "changed": .bool(isMoved),
        ]
    }

    private func wait(_ name: String, _ status: MLflowStatus, _ way: Way, _ context: LambdaContext) async throws {
        let left = context.deadline.map { $0 - now() } ?? .seconds(900)
        guard left > interval + Self.reserve else {
            throw ActionError(
                "The tracking server \(name) is still \(status), and the function's time is over; \(way.verb) has to be "
                    + "asked for again.")
        }
        try await clock.sleep(for: interval)
    }
}
