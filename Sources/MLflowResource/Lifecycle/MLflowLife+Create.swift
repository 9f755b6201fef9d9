internal import AWSCore
internal import AWSServices
internal import CloudFormation
internal import HTTP
internal import JSON
internal import Timestamps

extension MLflowLife {
    private static let madeKey = "made"
    /// How often making is begun again when its end is unclear and nothing is found that was made.
    private static let tries = 20
    /// How long a role that was made a moment ago may not be assumable yet, in intervals.
    private static let rolePatience = 10

    /// Makes it and waits until it is there.
    ///
    /// - Parameters:
    ///   - old: The ARN of what it replaces.
    ///   - withDefaults: Whether an App is made the account's and its domains' default at once.
    func create(
        _ properties: MLflowProperties, replacing old: String? = nil, withDefaults: Bool = true
    ) async throws -> MLflowSnapshot {
        let arn: String
        if let made = context.state?[Self.madeKey]?.string {
            arn = made
        } else {
            arn = try await begun(properties, replacing: old, withDefaults: withDefaults)
            context.record(physicalID: arn)
            context.checkpoint([Self.madeKey: .string(arn)])
        }
        let snapshot = try await survivor(of: arn, properties)
        guard snapshot.status != .createFailed else {
            throw Failure(
                "The \(calls.noun) \(snapshot.arn) could not be created (CreateFailed; SageMaker gives no reason). Usual "
                    + "causes: the role \(properties.roleARN) does not trust sagemaker.amazonaws.com or may not use the "
                    + "artifact store, or the bucket of \(properties.artifactStoreURI) is in another region.")
        }
        return snapshot
    }

    /// What stays of what this request made, once nothing of it changes by itself any more.
    ///
    /// Two deliveries of a request at once both find nothing, and both make an App, since Apps may share a name. Whichever is
    /// done first sees both and deletes one, so that the other may find its own gone.
    private func survivor(of arn: String, _ properties: MLflowProperties) async throws -> MLflowSnapshot {
        guard calls.kind == .app else { return try await settledAndThere(arn) }
        var made: [MLflowApp] = []
        if case .app(let app)? = try await settled(arn) { made.append(app) }
        for twin in try await twins(of: arn, named: properties.name, from: context.requestID) {
            if case .app(let app)? = try await settled(twin) { made.append(app) }
        }
        guard let kept = Self.kept(of: made) else { throw isGone(arn) }
        context.record(physicalID: kept.arn)
        context.checkpoint([Self.madeKey: .string(kept.arn)])
        for twin in made where twin.arn != kept.arn {
            context.log("The MLflow App \(twin.arn) was made by another delivery of this request; it is deleted.")
            try await remove(twin.arn)
        }
        return .app(kept)
    }

    /// The Apps that other deliveries of the same request made, on their way out or not.
    func twins(of arn: String, named name: String, from request: String?) async throws -> [String] {
        guard calls.kind == .app, let request else { return [] }
        var twins: [String] = []
        for entry in try await persistently({ try await calls.named(name) }) where entry.arn != arn {
            let tags = try await persistently { try await tagsIfThere(entry.arn) }
            if OwnTags.isFromResource(tags, context), tags[OwnTags.request] == request { twins.append(entry.arn) }
        }
        return twins
    }

    /// Which of the Apps that a request made stays: the one that was made first, of those that could be made if there are
    /// any. Whoever asks, in whatever order the Apps are listed, gets the same one: of those made at the same moment it is
    /// the one whose ARN comes first.
    static func kept(of apps: [MLflowApp]) -> MLflowApp? {
        let whole = apps.filter { $0.status != .createFailed }
        let unknown = Timestamp(secondsSinceEpoch: .max)
        return (whole.isEmpty ? apps : whole).min { left, right in
            (left.creationTime ?? unknown, left.arn) < (right.creationTime ?? unknown, right.arn)
        }
    }

    /// The ARN of what is being made: by an earlier delivery of this request, or now.
    private func begun(
        _ properties: MLflowProperties, replacing old: String?, withDefaults: Bool
    ) async throws -> String {
        var attempt = 0
        var isRefused = false
        while true {
            attempt += 1
            if let arn = try await adopted(properties, except: old, withDefaults: withDefaults) { return arn }
            // From here on something may be there that nobody knows the ARN of.
            context.expectCreation()
            do {
                let tags = properties.tags.merging(OwnTags.of(context, replacing: old)) { $1 }
                return try await calls.create(properties, tags: tags, withDefaults: withDefaults)
            } catch let error as ServiceError where Self.isUnpropagatedRole(error) && attempt < Self.rolePatience {
                context.report("\(error) A new role takes a while to be known; it is tried again in \(interval).")
            } catch let error where Self.mayPass(error) && attempt < Self.tries + (error.isThrottling ? 100 : 0) {
                context.report("\(error) It is tried again in \(interval), unless it was made all the same.")
            } catch let error as ServiceError where !isRefused {
                // Another delivery may have been faster, and have what there is only one of: a default, the account's last.
                // It may take a moment to be listed.
                isRefused = true
                context.log("\(error) It is tried once more in \(interval), unless another delivery has made it.")
            }
            try await context.clock.sleep(for: interval)
        }
    }

    /// Whether another look at what there is, and another try, may succeed. A conflict is somebody who was faster to make a
    /// server of the name.
    private static func mayPass(_ error: any Error) -> Bool {
        isPassing(error) || (error as? ServiceError)?.isConflict == true
    }

    private static func isUnpropagatedRole(_ error: ServiceError) -> Bool {
        error.code == "ValidationException" && error.message.contains("sts:AssumeRole")
    }

    /// What bears the name already, when this resource made it.
    ///
    /// - Throws: ``Failure`` when it is somebody else's.
    private func adopted(
        _ properties: MLflowProperties, except old: String?, withDefaults: Bool
    ) async throws -> String? {
        var others: [(entry: MLflowCalls.Entry, tags: [String: String])] = []
        for entry in try await persistently({ try await calls.named(properties.name) }) where entry.arn != old {
            others.append((entry, try await persistently { try await tagsIfThere(entry.arn) }))
        }
        // What this request made is taken as it is, whatever has become of it: its delivery may have been answered, and whoever
        // deletes it wants no other one.
        let own = others.filter { OwnTags.isFromRequest($0.tags, context) }.map(\.entry)
        if let made = own.first(where: { !Self.isOver($0.status) }) ?? own.first {
            context.log("The \(calls.noun) \(made.arn) was made by another delivery of this request.")
            return made.arn
        }
        var strangers: [String] = []
        for (entry, tags) in others {
            if entry.status == .deleting {
                // An App gives up its name at once, a server when it is gone.
                if calls.kind == .app { continue }
                _ = try await settled(entry.arn)
                return try await adopted(properties, except: old, withDefaults: withDefaults)
            }
            guard OwnTags.isFromResource(tags, context) else {
                // It may have gone since the list was made.
                if try await persistently({ try await calls.describe(entry.arn) }) != nil {
                    strangers.append(entry.arn)
                }
                continue
            }
            if Self.isOver(entry.status) {
                context.log("The \(calls.noun) \(entry.arn) of before is \(entry.status); it is deleted.")
                try await remove(entry.arn)
                continue
            }
            context.log("The \(calls.noun) \(entry.arn) was made for this resource before; it is taken over.")
            try await takeOver(
                entry.arn, properties, replacing: old, isKept: tags[OwnTags.kept] != nil, withDefaults: withDefaults)
            return entry.arn
        }
        guard let stranger = strangers.first else { return nil }
        throw Failure(
            "There is a \(calls.noun) of the name \(properties.name) already, which this resource did not make: "
                + "\(stranger). Choose another Name, or delete it.")
    }

    /// Whether something will not be of any use any more.
    private static func isOver(_ status: MLflowStatus) -> Bool {
        [.createFailed, .deleting, .deleteFailed].contains(status)
    }

    /// Brings what was kept from before to the properties. Only then is it marked as this request's, which another delivery
    /// would not look at any closer.
    private func takeOver(
        _ arn: String, _ properties: MLflowProperties, replacing old: String?, isKept: Bool, withDefaults: Bool
    ) async throws {
        let snapshot = try await settledAndThere(arn)
        if let obstacle = Differences.obstacle(to: properties, from: nil, on: snapshot) {
            throw Failure(
                "The \(calls.noun) \(arn) was kept from an earlier time of this resource and has another \(obstacle), which "
                    + "cannot be changed. Choose another Name, or delete it.")
        }
        _ = try await change(arn, to: properties, from: nil, withDefaults: withDefaults)
        if isKept { try await persistently { try await calls.service.deleteTags([OwnTags.kept], resourceARN: arn) } }
        try await persistently {
            try await calls.service.addTags(OwnTags.of(context, replacing: old), resourceARN: arn)
        }
    }

    /// Looks for what an interrupted Create made, by its tags. What an earlier Delete was told to keep is none of its.
    func find(_ properties: MLflowProperties?) async throws -> String? {
        let entries = try await persistently {
            if let properties { try await calls.named(properties.name) } else { try await calls.all() }
        }
        for entry in entries {
            let tags = try await persistently { try await tagsIfThere(entry.arn) }
            if OwnTags.isFromResource(tags, context), tags[OwnTags.kept] == nil { return entry.arn }
        }
        return nil
    }
}

extension Error {
    /// Whether a service refused a call for coming too often, so that nothing was done.
    fileprivate var isThrottling: Bool {
        (self as? ServiceError)?.isThrottling ?? (self as? TransportError)?.nothingWasSent ?? false
    }
}
