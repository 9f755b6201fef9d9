public import CloudFormation
internal import JSON

/// `Custom::VPCCleanup`: when it is deleted, what SageMaker and others left in a VPC is deleted, so that the VPC can be.
///
/// A Create and an Update check that the VPC is one that may be cleaned up, and empty its default group if asked to.
public struct VPCCleanupResource: CustomResource {
    private static let idPrefix = "vpc-cleanup/"

    private let world: any VPCWorld
    private let schedule: PollSchedule

    /// Makes the resource.
    ///
    /// - Parameters:
    ///   - world: AWS.
    ///   - schedule: How often is looked whether something is gone.
    init(world: any VPCWorld, schedule: PollSchedule = PollSchedule()) {
        self.world = world
        self.schedule = schedule
    }

    /// Reads the properties.
    public func properties(from reader: inout PropertyReader) -> VPCCleanupProperties {
        VPCCleanupProperties(from: &reader)
    }

    /// Checks the VPC, and empties its default group if asked to. With `DryRun` it makes the plan of a Delete.
    public func create(
        _ properties: VPCCleanupProperties, context: CustomResourceContext
    ) async throws -> ResourceOutcome {
        let run = run(properties.options, context)
        let id = Self.idPrefix + properties.vpcID
        let group = try await run.emptyDefaultGroup(isDryRun: properties.dryRun)
        guard let group else { throw CleanupError.missing(properties.vpcID) }
        var attributes = CleanupAttributes(state: run.journal.state)
        if properties.dryRun {
            guard let plan = try await run.plan(isFull: true) else { throw CleanupError.missing(properties.vpcID) }
            attributes.plan = plan
            attributes.preface = group.actions.map { "now: \($0) [\($0.evidence)]" }
            attributes.lines.forEach(context.log)
        }
        return ResourceOutcome(physicalID: id, attributes: attributes.all)
    }

    /// As a Create. Another VPC is another resource: the Delete of the old one, which follows, cleans the old VPC up.
    public func update(
        _ properties: VPCCleanupProperties, from old: VPCCleanupProperties?, context: CustomResourceContext
    ) async throws -> ResourceOutcome {
        try await create(properties, context: context)
    }

    /// The attributes, without a call unless a plan is wanted.
    public func unchanged(
        _ properties: VPCCleanupProperties, context: CustomResourceContext
    ) async throws -> ResourceOutcome {
        if properties.dryRun { return try await create(properties, context: context) }
        return ResourceOutcome(
            physicalID: context.physicalResourceID ?? Self.idPrefix + properties.vpcID,
            attributes: CleanupAttributes(state: CleanupState()).all)
    }

    /// Cleans the VPC up. With `DryRun` it makes the plan only.
    public func delete(_ properties: VPCCleanupProperties?, context: CustomResourceContext) async throws {
        // The id says which VPC, whatever the properties have become.
        guard let vpcID = context.physicalResourceID.flatMap(Self.vpcID) else { return }
        var options = properties?.options ?? CleanupOptions(vpcID: vpcID)
        options.vpcID = vpcID
        let run = run(options, context)
        let isDryRun = properties?.dryRun ?? Self.mayBeDryRun(context.request)
        let plan = isDryRun ? try await run.plan(isFull: true) : try await run.clean()
        var attributes = CleanupAttributes(state: run.journal.state)
        attributes.plan = plan
        if plan == nil { attributes.preface = ["\(vpcID) is gone"] }
        attributes.lines.forEach(context.log)
        context.record(attributes: attributes.all)
    }

    /// The id follows from the properties, so that a Create that was cut short leaves nothing to look for.
    public func find(_ properties: VPCCleanupProperties?, context: CustomResourceContext) async throws -> String? {
        properties.map { Self.idPrefix + $0.vpcID }
    }

    /// Whether the id names a VPC as this resource does.
    public func isOwn(_ physicalID: String, context: CustomResourceContext) -> Bool {
        Self.vpcID(of: physicalID) != nil
    }

    /// Whether a request says `DryRun`, or something like it, when its properties cannot be read: better nothing is deleted.
    private static func mayBeDryRun(_ request: CustomResourceRequest) -> Bool {
        var reader = PropertyReader(request.properties)
        return reader.value("DryRun") != nil && reader.bool("DryRun") != false
    }

    private static func vpcID(of physicalID: String) -> String? {
        guard physicalID.hasPrefix(idPrefix) else { return nil }
        let id = String(physicalID.dropFirst(idPrefix.utf8.count))
        return TextRule.id(prefix: "vpc-").accepts(id) ? id : nil
    }

    private func run(_ options: CleanupOptions, _ context: CustomResourceContext) -> CleanupRun {
        let journal = CleanupJournal(
            vpcID: options.vpcID, state: CleanupState(context.state), checkpoint: { context.checkpoint($0) },
            report: { context.report($0) })
        return CleanupRun(
            world: world, options: options, schedule: schedule, clock: context.clock, journal: journal,
            log: { context.log($0) })
    }
}
