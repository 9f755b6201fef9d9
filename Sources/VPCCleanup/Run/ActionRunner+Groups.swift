extension ActionRunner {
    /// Deletes an interface, once the service that uses it lets it go. It is never detached from here.
    func deleteInterface(_ id: String, isFree: Bool) async throws -> End {
        let name = ResourceName(.interface, id)
        var isFree = isFree
        var isFirstLook = true
        var holder = "in use"
        var patience = PollSchedule.Patience.deletion
        while true {
            if isFree, let refusal = try await attempt({ try await world.deleteInterface(id) }) {
                switch refusal.refusal {
                case .gone: break
                case .busy, .later:
                    isFree = false
                    holder = refusal.reason
                    continue
                case .final: return .failed("\(name): \(refusal.reason)")
                }
            }
            if isFree {
                journal.deleted(name)
                return .done
            }
            guard let found = try await interfaces(&isFirstLook, for: name, holder, patience) else {
                return .failed("\(name): \(holder)")
            }
            guard let interface = found.first(where: { $0.id == id }) else {
                journal.deleted(name)
                return .done
            }
            isFree = interface.isAvailable
            holder = "held by \(interface.use.holder); owner \(interface.owner)"
            if case .function = interface.use { patience = .function }
        }
    }

    /// The interfaces as they are after a wait.
    ///
    /// - Returns: Nil when patience is over.
    private func interfaces(
        _ isFirst: inout Bool, for name: ResourceName, _ reason: String, _ patience: PollSchedule.Patience
    ) async throws -> [NetworkInterface]? {
        defer { isFirst = false }
        while true {
            if !isFirst {
                let limit = schedule.patience(patience)
                guard journal.wait(name, reason, for: watch.interval, patience: limit) else { return nil }
            }
            do {
                return try await watch.next(atOnce: isFirst)
            } catch let error where Refusal(error) == .later {
                isFirst = false
            }
        }
    }

    /// Takes rules out of a group. One that is gone already fails the call for all, so the rest is looked up again.
    func revoke(
        _ ids: [String], of group: String, _ direction: SecurityGroupRule.Direction
    ) async throws -> End {
        let name = ResourceName(.securityGroup, group)
        var rest = ids
        var looks = 0
        while !rest.isEmpty {
            guard
                let refusal = try await attempt({ [rest] in try await world.revokeRules(rest, of: group, direction) })
            else {
                journal.revoked(rest.count)
                break
            }
            switch refusal.refusal {
            case .gone where rest.count == 1:
                rest = []
                continue
            case .gone, .busy, .later: break
            case .final:
                return .failed(
                    "\(direction.rawValue) rules \(rest.joined(separator: ", ")) of \(group): \(refusal.reason)")
            }
            guard try await pause(&looks, for: name, refusal.reason, .holder) else {
                return .failed("rules of \(group): \(refusal.reason)")
            }
            guard let found = try await look({ try await world.rules(of: [group]) }) else { continue }
            let present = Set((found[group] ?? []).map(\.id))
            rest = rest.filter(present.contains)
        }
        journal.isFree(name)
        return .done
    }

    /// Deletes a group, once nothing wears it. AWS does not say what holds a group, so it is looked up.
    func deleteGroup(_ id: String) async throws -> End {
        let name = ResourceName(.securityGroup, id)
        var isFirstLook = true
        var mustLook = wornGroups.contains(id)
        var refusalsWithoutHolder = 0
        var reason = "worn by an interface"
        while true {
            if mustLook {
                guard let found = try await interfaces(&isFirstLook, for: name, reason, .holder) else {
                    return .failed("\(name): \(reason)")
                }
                let wearing = found.filter { $0.groupIDs.contains(id) }
                if let holder = wearing.min(by: { $0.id < $1.id }) {
                    let more = wearing.count > 1 ? " and \(wearing.count - 1) more" : ""
                    reason = "worn by \(holder.id)\(more), \(holder.use.holder); owner \(holder.owner)"
                    refusalsWithoutHolder = 0
                    continue
                }
            }
            guard let refusal = try await attempt({ try await world.deleteGroup(id) }) else { break }
            switch refusal.refusal {
            case .gone:
                journal.deleted(name)
                return .done
            case .busy, .later:
                refusalsWithoutHolder += 1
                reason = "no interface wears it, but \(refusal.reason)"
                // Not an interface that lags, then: a rule that came since, perhaps. A new plan finds it.
                if refusalsWithoutHolder == 4 {
                    journal.isFree(name)
                    return .changed("\(name): \(reason)")
                }
                mustLook = true
                isFirstLook = false
            case .final: return .failed("\(name): \(refusal.reason)")
            }
        }
        journal.deleted(name)
        return .done
    }
}
