/// Cleans a VPC up: takes an inventory, plans, carries the plan out, and looks again, until nothing is left to do.
struct CleanupRun: Sendable {
    /// The calls that go out at the same time.
    static let width = 8
    /// The plans made in one run. Two are the rule; more mean that somebody makes anew what is deleted.
    static let maximumPlans = 12

    let world: any VPCWorld
    let options: CleanupOptions
    let schedule: PollSchedule
    let clock: any Clock<Duration>
    let journal: CleanupJournal
    let log: @Sendable (String) -> Void
    let limit = CallLimit(CleanupRun.width)

    /// Cleans up.
    ///
    /// - Returns: The last plan, in which nothing is left to do; nil when the VPC is gone.
    /// - Throws: ``CleanupError``; what AWS refused to tell; `CancellationError`.
    func clean() async throws -> CleanupPlan? {
        var failures: [String] = []
        var executions = 0
        var looks = 0
        while true {
            guard let plan = try await plan() else { return nil }
            if let refusal = plan.refusal { throw CleanupError.refused(refusal) }
            if !plan.domains.isEmpty {
                try await wait(for: plan.domains)
            } else if plan.actions.isEmpty, plan.heldBlockers.isEmpty {
                return plan
            } else if !failures.isEmpty || executions == Self.maximumPlans {
                let left = failures.isEmpty ? plan.actions.map { "\($0), once more" } : failures
                throw CleanupError.incomplete(options.vpcID, left + plan.heldBlockers.map(\.description))
            } else if plan.actions.isEmpty {
                try await wait(forHoldersIn: plan, looks: looks)
                looks += 1
            } else {
                plan.lines.forEach(log)
                failures = try await execute(plan)
                executions += 1
                looks = 0
            }
        }
    }

    /// The plan for what there is now; nil when the VPC is gone. Reads only.
    ///
    /// - Parameter isFull: Whether gateways and the like are reported though there is something to do.
    func plan(isFull: Bool = false) async throws -> CleanupPlan? {
        guard let found = try await patiently({ try await survey.inventory(accountID: $0) }) else { return nil }
        journal.settle(found)
        let state = journal.state
        var inventory = found.without(state.deleted)
        var options = options
        options.knownFileSystems = state.knownFileSystems
        options.deletedMountTargets = Set(state.deleted[.mountTarget] ?? [])
        options.deletedEndpoints = Set(state.deleted[.endpoint] ?? [])
        var plan = CleanupPlanner.plan(inventory, options)
        if plan.refusal == nil, isFull || (plan.actions.isEmpty && plan.domains.isEmpty && plan.heldBlockers.isEmpty) {
            inventory.others = try await survey.others()
            plan = CleanupPlanner.plan(inventory, options)
        }
        let ours = plan.actions.compactMap { action -> String? in
            if case .deleteMountTargets(_, let fileSystem) = action.operation { fileSystem } else { nil }
        }
        journal.know(ours)
        return plan
    }

    /// Empties the VPC's default group.
    ///
    /// - Parameter isDryRun: Whether the plan is made only.
    /// - Returns: The plan; nil when the VPC is gone.
    func emptyDefaultGroup(isDryRun: Bool) async throws -> CleanupPlan? {
        guard let inventory = try await patiently({ try await survey.defaultGroup(accountID: $0) }) else { return nil }
        let plan = CleanupPlanner.planDefaultGroup(inventory, options)
        if let refusal = plan.refusal { throw CleanupError.refused(refusal) }
        guard !isDryRun, !plan.actions.isEmpty else { return plan }
        let failures = try await execute(plan)
        if !failures.isEmpty { throw CleanupError.incomplete(options.vpcID, failures) }
        return plan
    }

    private var survey: Survey { Survey(world: world, limit: limit, options: options, log: log) }

    /// Carries a plan out.
    ///
    /// - Returns: Why actions failed for good.
    private func execute(_ plan: CleanupPlan) async throws -> [String] {
        let watch = InterfaceWatch(schedule: schedule, clock: clock) {
            try await limit.run { try await world.interfaces(in: options.vpcID) }
        }
        let runner = ActionRunner(
            world: world, limit: limit, schedule: schedule, clock: clock, journal: journal, watch: watch,
            vpcID: options.vpcID, wornGroups: plan.wornGroups)
        return try await PlanExecution(plan: plan) { try await runner.perform($0) }.run()
    }

    /// Takes an inventory, again when a call did not get through.
    private func patiently(_ take: (_ accountID: String) async throws -> Inventory?) async throws -> Inventory? {
        var looks = 0
        while true {
            do {
                let accountID = try await limit.run { try await world.accountID() }
                return try await take(accountID)
            } catch let error where Refusal(error) == .later && looks < 5 {
                log("The inventory is taken again, since a call did not get through: \(error)")
                try await clock.sleep(for: schedule.interval(after: looks))
                looks += 1
            }
        }
    }

    /// Waits until domains that are being deleted are gone.
    private func wait(for domains: [Domain]) async throws {
        if let domain = domains.first(where: { !$0.isDeleting }) { throw CleanupError.domain(domain) }
        for domain in domains {
            var looks = 0
            var current = domain
            while true {
                let patience = schedule.patience(.domain)
                let interval = schedule.interval(after: looks)
                let name = ResourceName(.domain, domain.id)
                guard journal.wait(name, current.status, for: interval, patience: patience) else {
                    throw CleanupError.slowDomain(current)
                }
                try await clock.sleep(for: interval)
                looks += 1
                do {
                    guard let found = try await limit.run({ try await world.domain(domain.id) }) else {
                        journal.isFree(name)
                        break
                    }
                    if !found.isDeleting { throw CleanupError.domain(found) }
                    current = found
                } catch let error where Refusal(error) == .later {
                    continue
                }
            }
        }
    }

    /// Waits for whoever holds leftovers, unless that is in vain.
    private func wait(forHoldersIn plan: CleanupPlan, looks: Int) async throws {
        let held = plan.heldBlockers
        let interval = schedule.interval(after: looks)
        let patience = schedule.patience(.holder)
        guard let first = held.first, !held.contains(where: { $0.prospect == .stuck }),
            journal.wait(first.resource, first.reason, for: interval, patience: patience)
        else { throw CleanupError.incomplete(options.vpcID, held.map(\.description)) }
        try await clock.sleep(for: interval)
        journal.isFree(first.resource)
    }
}
