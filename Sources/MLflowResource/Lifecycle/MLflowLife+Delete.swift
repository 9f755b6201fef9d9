internal import AWSCore
internal import AWSServices
internal import CloudFormation

extension MLflowLife {
    /// Deletes it, unless it is to be kept, and waits until it is gone.
    func delete(_ arn: String, retains: Bool) async throws {
        guard let snapshot = try await settled(arn) else {
            context.log("The \(calls.noun) \(arn) is gone already.")
            return
        }
        guard try await isOwn(arn) else {
            context.log("The \(calls.noun) \(arn) does not have this resource's tags (any more): it is left alone.")
            return
        }
        let tags = try await persistently { try await tagsIfThere(arn) }
        // This one last: it tells of the others.
        for twin in try await twins(of: arn, named: snapshot.name, from: tags[OwnTags.request]) {
            context.log("The MLflow App \(twin) was made by another delivery of the request that made \(arn).")
            try await remove(twin)
        }
        // What could not be made holds nothing worth keeping.
        guard !retains || snapshot.status == .createFailed else {
            if let old = tags[OwnTags.replaces] { try await giveDefaults(of: arn, backTo: old) }
            try await keep(arn, tags)
            context.report("The \(calls.noun) \(arn) is kept, as DeletionPolicy says.")
            return
        }
        try await remove(arn, replacing: tags[OwnTags.replaces])
    }

    /// Marks it as kept: it is nobody's predecessor any more, and no later Create's work until that takes it over.
    func keep(_ arn: String, _ tags: [String: String]) async throws {
        let past = [OwnTags.defaults, OwnTags.stopAgain].filter { tags[$0] != nil }
        do {
            try await persistently { try await calls.service.deleteTags(past, resourceARN: arn) }
            try await persistently { try await calls.service.addTags([OwnTags.kept: "true"], resourceARN: arn) }
        } catch let error as ServiceError where error.isNotFound {
            context.log("The \(calls.noun) \(arn) is gone; somebody else deleted it.")
        }
    }

    /// Deletes what took the place of another, which gets back what it had given. That comes first: once this one is gone,
    /// nothing tells a second delivery of the request what is left to do.
    func remove(_ arn: String, replacing old: String?) async throws {
        if let old { try await giveDefaults(of: arn, backTo: old) }
        try await remove(arn)
    }

    /// Deletes it and waits until it is gone.
    func remove(_ arn: String) async throws {
        for attempt in 1...2 {
            guard try await whenSettled(arn, { _ in try await calls.delete(arn) }), let left = try await settled(arn)
            else { return }
            guard left.status == .deleteFailed else {
                throw Failure("The \(calls.noun) \(arn) is \(left.status) after it was deleted; delete it again.")
            }
            if attempt == 1 { context.log("The \(calls.noun) \(arn) is DeleteFailed; it is tried once more.") }
        }
        throw Failure(
            "The \(calls.noun) \(arn) could not be deleted (DeleteFailed; SageMaker gives no reason). Delete it by hand, or "
                + "skip it and delete the stack again.")
    }

    /// The tags; none when what has them is gone.
    func tagsIfThere(_ arn: String) async throws -> [String: String] {
        do {
            return try await calls.tags(of: arn)
        } catch let error as ServiceError where error.isNotFound {
            return [:]
        }
    }
}
