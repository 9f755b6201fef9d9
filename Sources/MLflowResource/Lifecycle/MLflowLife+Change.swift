internal import AWSServices
internal import CloudFormation
internal import JSON

extension MLflowLife {
    /// Brings it to the properties, or puts another one in its place where SageMaker cannot change it.
    ///
    /// - Parameter original: The ARN that CloudFormation sent, also after a hand-over in the middle of a replacement.
    func update(
        _ original: String, to new: MLflowProperties, from old: MLflowProperties?
    ) async throws -> MLflowSnapshot {
        let snapshot = try await settledAndThere(original)
        guard try await isOwn(original) else {
            throw Failure(
                "The tracking server \(original) does not have this resource's tags: somebody made another one of its name, "
                    + "or took the tags away. Change Name; or, if it is this stack's, give it back \(OwnTags.stack) = "
                    + "\(context.stackID) and \(OwnTags.logicalID) = \(context.logicalResourceID).")
        }
        guard let obstacle = Differences.obstacle(to: new, from: old, on: snapshot) else {
            if let old, Differences.replaces(old, new) {
                try await life(of: old.kind).removeReplacement(of: snapshot, made: old)
            }
            return try await change(original, to: new, from: old)
        }
        if case .server(let server) = snapshot, server.name == new.name {
            throw Failure(
                "\(obstacle) of the tracking server \(server.name) cannot be changed, and another one cannot have the same "
                    + "name: change Name too, and this one is deleted once the new one is there.")
        }
        context.log("\(obstacle) cannot be changed on \(original): another \(calls.noun) takes its place.")
        return try await replace(original, with: new)
    }

    /// Makes another one and gives it what only one can have. CloudFormation deletes the old one later.
    private func replace(_ old: String, with properties: MLflowProperties) async throws -> MLflowSnapshot {
        let made = try await create(properties, replacing: old, withDefaults: false)
        guard case .app = made else { return made }
        var wanted = properties
        let taken = try await takeDefaults(from: old, for: properties)
        // What the properties do not say stays as it is: as it was with the one before.
        if wanted.accountDefault == nil, taken.isAccountDefault { wanted.accountDefault = .enabled }
        if wanted.defaultDomains == nil, !taken.domains.isEmpty { wanted.defaultDomains = taken.domains }
        do {
            return try await change(made.arn, to: wanted, from: nil)
        } catch {
            // A rollback that came meanwhile had nothing to give back yet.
            if try await settled(made.arn) == nil { try await giveDefaults(of: made.arn, backTo: old) }
            throw error
        }
    }

    /// Removes what an update that failed had made in its place, before the update is rolled back. CloudFormation knows of
    /// it only when the update lived to tell. What was there before was taken over from an earlier time, and is kept again.
    private func removeReplacement(of original: MLflowSnapshot, made failed: MLflowProperties) async throws {
        let arn = original.arn
        for entry in try await persistently({ try await calls.named(failed.name) }) where entry.arn != arn {
            let tags = try await persistently { try await tagsIfThere(entry.arn) }
            guard OwnTags.isFromResource(tags, context), tags[OwnTags.replaces] == arn, tags[OwnTags.kept] == nil else {
                continue
            }
            context.log("The \(calls.noun) \(entry.arn) was to take the place of \(arn) and is not needed any more.")
            if let made = entry.creationTime, let before = original.creationTime, made < before {
                try await giveDefaults(of: entry.arn, backTo: arn)
                try await keep(entry.arn, tags)
                continue
            }
            try await remove(entry.arn, replacing: arn)
        }
    }

    /// Changes it in place.
    ///
    /// - Parameter withDefaults: Whether being the account's or a domain's default is changed too.
    func change(
        _ arn: String, to new: MLflowProperties, from old: MLflowProperties?, withDefaults: Bool = true
    ) async throws -> MLflowSnapshot {
        try await changeTags(arn, to: new.tags, from: old?.tags)
        let isUpdated =
            switch calls.kind {
            case .app: try await updateApp(arn, to: new, withDefaults: withDefaults)
            case .trackingServer: try await updateServer(arn, to: new)
            }
        let changed = try await settledAndThere(arn)
        let left = calls.kind == .app ? changed : try await stoppedAgain(changed)
        // What failed before and is as it should be is none of this change's.
        guard changed.status != .updateFailed || !isUpdated else {
            throw Failure(
                "The \(calls.noun) \(arn) could not be updated (UpdateFailed; SageMaker gives no reason). Look at its "
                    + "artifact store and its role, and update again.")
        }
        return left
    }

    /// - Returns: Whether there was anything to change.
    private func updateApp(_ arn: String, to new: MLflowProperties, withDefaults: Bool) async throws -> Bool {
        var isUpdated = false
        let isThere = try await whenSettled(arn) { snapshot in
            guard case .app(let app) = snapshot,
                let input = Differences.update(of: app, to: new, withDefaults: withDefaults)
            else { return }
            isUpdated = true
            try await calls.service.updateMLflowApp(input)
        }
        guard isThere else { throw isGone(arn) }
        return isUpdated
    }

    /// A server that is stopped is started for the change and stopped after it, which a tag remembers. So is one that
    /// somebody stops in between.
    ///
    /// - Returns: Whether there was anything to change.
    private func updateServer(_ arn: String, to new: MLflowProperties) async throws -> Bool {
        let name = MLflowCalls.name(in: arn)
        var isUpdated = false
        var isStarted: Bool
        repeat {
            isStarted = false
            let isThere = try await whenSettled(arn) { snapshot in
                guard case .server(let server) = snapshot, let input = Differences.update(of: server, to: new) else {
                    return
                }
                isUpdated = true
                guard server.status == .stopped else {
                    return try await calls.service.updateMLflowTrackingServer(input)
                }
                context.log("The tracking server \(name) is stopped; it is started for the change.")
                try await calls.service.addTags([OwnTags.stopAgain: "true"], resourceARN: arn)
                try await calls.service.startMLflowTrackingServer(name: name)
                isStarted = true
            }
            guard isThere else { throw isGone(arn) }
        } while isStarted
        return isUpdated
    }

    /// Stops a server that was started for a change, by this delivery of the request or another.
    private func stoppedAgain(_ server: MLflowSnapshot) async throws -> MLflowSnapshot {
        let arn = server.arn
        guard try await persistently({ try await tagsIfThere(arn) })[OwnTags.stopAgain] != nil else { return server }
        let isThere = try await whenSettled(arn) { snapshot in
            guard snapshot.status != .stopped else { return }
            try await calls.service.stopMLflowTrackingServer(name: MLflowCalls.name(in: arn))
        }
        guard isThere else { throw isGone(arn) }
        let stopped = try await settledAndThere(arn)
        try await persistently { try await calls.service.deleteTags([OwnTags.stopAgain], resourceARN: arn) }
        return stopped
    }

    /// Only tags that the properties had before are taken away: others are somebody else's.
    private func changeTags(
        _ arn: String, to new: [String: String], from old: [String: String]?
    ) async throws {
        guard new != old else { return }
        let present = try await persistently { try await calls.tags(of: arn) }
        let added = new.filter { present[$0.key] != $0.value }
        let removed = (old ?? [:]).keys.filter { new[$0] == nil && present[$0] != nil }.sorted()
        if !removed.isEmpty {
            try await persistently { try await calls.service.deleteTags(removed, resourceARN: arn) }
        }
        if !added.isEmpty { try await persistently { try await calls.service.addTags(added, resourceARN: arn) } }
    }
}
