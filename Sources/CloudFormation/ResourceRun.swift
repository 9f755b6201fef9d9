internal import JSON
internal import Lambda

/// Carries out one request on a resource, and says what the answer is.
struct ResourceRun<Resource: CustomResource>: Sendable {
    /// How work came to its end.
    enum End: Sendable {
        /// It has an outcome; nil for a Delete.
        case done(ResourceOutcome?)
        /// It failed, for the reason given.
        case failed(String)
        /// Its time ran out.
        case outOfTime
    }

    let resource: Resource
    let context: CustomResourceContext

    private var request: CustomResourceRequest { context.request }

    /// Calls the resource and gives its outcome or the reason of its failure; never `outOfTime`.
    func work() async -> End {
        do {
            return .done(try await outcome())
        } catch let fault as any LambdaFault {
            return .failed(fault.faultMessage)
        } catch {
            return .failed("\(error)")
        }
    }

    private func outcome() async throws -> ResourceOutcome? {
        switch request.type {
        case .create: return try await resource.create(try properties(request.properties), context: context)
        case .update: return try await update()
        case .delete:
            try await delete()
            return nil
        }
    }

    private func update() async throws -> ResourceOutcome {
        let new = try properties(request.properties)
        guard let id = request.address.physicalResourceID, !PhysicalID.isCreateFailed(id) else {
            return try await resource.create(new, context: context)
        }
        let old = request.oldProperties.flatMap { try? properties($0) }
        if context.state == nil, let old, resource.isUnchanged(from: old, to: new) {
            return try await resource.unchanged(new, context: context)
        }
        return try await resource.update(new, from: old, context: context)
    }

    private func delete() async throws {
        guard let id = context.physicalResourceID, !PhysicalID.isCreateFailed(id) else { return }
        let properties: Resource.Properties?
        do {
            properties = try self.properties(request.properties)
        } catch {
            context.log("The properties of what is to be deleted cannot be read: \(error)")
            properties = nil
        }
        var context = context
        if PhysicalID.isCreateInterrupted(id) || !resource.isOwn(id, context: context) {
            guard let found = try await resource.find(properties, context: context) else {
                context.log("Nothing was found that belongs to the id \(id), so there is nothing to delete.")
                return
            }
            context.record(physicalID: found)
            context.physicalResourceID = found
        }
        try await resource.delete(properties, context: context)
    }

    private func properties(_ object: JSONObject) throws -> Resource.Properties {
        var reader = PropertyReader(object)
        let properties = try resource.properties(from: &reader)
        try reader.finish()
        return properties
    }
}
