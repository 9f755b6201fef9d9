internal import AWSServices
internal import CloudFormation
internal import JSON

extension MLflowLife {
    private static let stopAgainKey = "stopAgain"

    /// Brings it to the properties, or puts another one in its place where SageMaker cannot change it.
    func update(
        _ arn: String, to new: MLflowProperties, from old: MLflowProperties?
    ) async throws -> MLflowSnapshot {
        // A replacement that was begun before a hand-over: the id that CloudFormation sent is the old one's.
        let original = context.request.address.physicalResourceID ?? arn
        let snapshot = try await settledAndThere(original)
        guard let obstacle = Differences.obstacle(to: new, from: old, on: snapshot) else {
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
        try await takeDefaults(from: old, for: properties)
        return try await change(made.arn, to: properties, from: nil)
    }

    /// Changes it in place.
    func change(
        _ arn: String, to new: MLflowProperties, from old: MLflowProperties?
    ) async throws -> MLflowSnapshot {
        try await changeTags(arn, to: new.tags, from: old?.tags)
        switch try await settledAndThere(arn) {
        case .app: try await changeApp(arn, to: new)
        case .server: try await changeServer(arn, to: new)
        }
        let snapshot = try await settledAndThere(arn)
        guard snapshot.status != .updateFailed else {
            throw Failure(
                "The \(calls.noun) \(arn) could not be updated (UpdateFailed; SageMaker gives no reason). Look at its "
                    + "artifact store and its role, and update again.")
        }
        return snapshot
    }

    private func changeApp(_ arn: String, to new: MLflowProperties) async throws {
        let isThere = try await whenSettled(arn) { snapshot in
            guard case .app(let app) = snapshot,
                let input = Differences.update(of: app, to: new, withDefaults: true)
            else { return }
            try await calls.service.updateMLflowApp(input)
        }
        guard isThere else { throw Failure("The \(calls.noun) \(arn) is gone; somebody else deleted it.") }
    }

    /// A server that is stopped is started for the change and stopped after it.
    private func changeServer(_ arn: String, to new: MLflowProperties) async throws {
        let name = MLflowCalls.name(in: arn)
        _ = try await whenSettled(arn) { snapshot in
            guard case .server(let server) = snapshot, server.status == .stopped,
                Differences.update(of: server, to: new) != nil
            else { return }
            context.log("The tracking server \(name) is stopped; it is started for the change.")
            context.checkpoint([Self.stopAgainKey: true])
            try await calls.service.startMLflowTrackingServer(name: name)
        }
        let isThere = try await whenSettled(arn) { snapshot in
            guard case .server(let server) = snapshot, let input = Differences.update(of: server, to: new) else {
                return
            }
            try await calls.service.updateMLflowTrackingServer(input)
        }
        guard isThere else { throw Failure("The \(calls.noun) \(arn) is gone; somebody else deleted it.") }
        guard context.state?[Self.stopAgainKey]?.bool == true else { return }
        _ = try await whenSettled(arn) { snapshot in
            guard snapshot.status != .stopped, snapshot.status != .updateFailed else { return }
            try await calls.service.stopMLflowTrackingServer(name: name)
        }
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
