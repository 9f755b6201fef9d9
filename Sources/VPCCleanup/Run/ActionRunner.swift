/// Carries out single actions: deletes, and waits until what was deleted is gone.
struct ActionRunner: Sendable {
    let world: any VPCWorld
    let limit: CallLimit
    let schedule: PollSchedule
    let clock: any Clock<Duration>
    let journal: CleanupJournal
    let watch: InterfaceWatch
    let vpcID: String
    /// The groups that some interface wore when the plan was made.
    let wornGroups: Set<String>

    typealias End = PlanExecution.End

    /// Carries out an action to its end.
    func perform(_ action: CleanupAction) async throws -> End {
        switch action.operation {
        case .deleteMountTargets(let ids, let fileSystem): try await deleteMountTargets(ids, of: fileSystem)
        case .deleteFileSystem(let id): try await deleteFileSystem(id)
        case .deleteEndpoints(let ids): try await deleteEndpoints(ids)
        case .deleteInterface(let id): try await deleteInterface(id, isFree: true)
        case .releaseInterface(let id): try await deleteInterface(id, isFree: false)
        case .revokeRules(let ids, let group, let direction): try await revoke(ids, of: group, direction)
        case .deleteGroup(let id): try await deleteGroup(id)
        }
    }

    /// Makes a call that deletes something.
    ///
    /// - Returns: What AWS said against it; nil when it did it.
    func attempt(_ call: () async throws -> Void) async throws -> (refusal: Refusal, reason: String)? {
        do {
            try await limit.run(call)
            return nil
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            return (Refusal(error), "\(error)")
        }
    }

    /// Looks at something.
    ///
    /// - Returns: What is seen; nil when the call did not get through, which a later look makes up for.
    func look<Value: Sendable>(_ read: () async throws -> Value) async throws -> Value? {
        do {
            return try await limit.run(read)
        } catch let error where Refusal(error) == .later {
            return nil
        }
    }

    /// Waits an interval for something.
    ///
    /// - Returns: Whether there is patience left.
    func pause(
        _ looks: inout Int, for resource: ResourceName, _ reason: String, _ patience: PollSchedule.Patience
    ) async throws -> Bool {
        let interval = schedule.interval(after: looks)
        looks += 1
        let isPatient = journal.wait(
            resource, reason, for: interval, patience: schedule.patience(patience))
        guard isPatient else { return false }
        try await clock.sleep(for: interval)
        return true
    }
}
