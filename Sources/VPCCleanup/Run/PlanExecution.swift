/// Carries out a plan: each action as soon as those it depends on are done, so that no chain waits for another.
struct PlanExecution: Sendable {
    /// How an action ended.
    enum End: Sendable, Hashable {
        /// What was wanted is so.
        case done
        /// It is not, for the reason given, which names ids; another plan may do better.
        case changed(String)
        /// It is not, for the reason given, and patience is over or trying again is in vain.
        case failed(String)
    }

    let plan: CleanupPlan
    let perform: @Sendable (CleanupAction) async throws -> End

    /// Carries the plan out. What depends on something that was not done is left for another plan.
    ///
    /// - Returns: Why actions failed.
    /// - Throws: What an action throws, which ends all others.
    func run() async throws -> [String] {
        var open = plan.actions.map(\.dependencies.count)
        var successors = [[Int]](repeating: [], count: plan.actions.count)
        for action in plan.actions {
            for dependency in action.dependencies { successors[dependency].append(action.index) }
        }
        return try await withThrowingTaskGroup(of: (Int, End).self) { group in
            var failures: [String] = []
            func start(_ index: Int) {
                let action = plan.actions[index]
                group.addTask { (index, try await perform(action)) }
            }
            for index in open.indices where open[index] == 0 { start(index) }
            while let (index, end) = try await group.next() {
                switch end {
                case .done:
                    for successor in successors[index] {
                        open[successor] -= 1
                        if open[successor] == 0 { start(successor) }
                    }
                case .changed: break
                case .failed(let reason): failures.append(reason)
                }
            }
            return failures
        }
    }
}
