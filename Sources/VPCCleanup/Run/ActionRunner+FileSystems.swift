internal import AWSCore

extension ActionRunner {
    /// Deletes mount targets side by side, and looks at all of them with one call.
    func deleteMountTargets(_ ids: [String], of fileSystem: String) async throws -> End {
        var pending = Set(ids)
        var failures: [String: String] = [:]
        var toDelete = pending
        var looks = 0
        while true {
            let refusals = try await request(toDelete)
            for id in toDelete where refusals[id] == nil { journal.requested(ResourceName(.mountTarget, id)) }
            for (id, refusal) in refusals {
                switch refusal.refusal {
                case .gone:
                    pending.remove(id)
                    journal.deleted(ResourceName(.mountTarget, id))
                case .busy, .later: break
                case .final:
                    pending.remove(id)
                    failures[id] = "mount target \(id) of \(fileSystem): \(refusal.reason)"
                }
            }
            guard let next = pending.min() else { break }
            let reason = refusals[next]?.reason ?? "of \(fileSystem), being deleted"
            guard try await pause(&looks, for: ResourceName(.mountTarget, next), reason, .deletion) else {
                return .failed("mount targets \(pending.sorted().joined(separator: ", ")): \(reason)")
            }
            guard let found = try await look({ try await world.mountTargets(of: fileSystem) }) else { continue }
            let states = Dictionary(found.map { ($0.id, $0.state) }, uniquingKeysWith: { $1 })
            for id in pending where states[id] == nil || states[id] == "deleted" {
                pending.remove(id)
                journal.deleted(ResourceName(.mountTarget, id))
                looks = 0
            }
            toDelete = pending.filter { states[$0] != "deleting" }
        }
        guard failures.isEmpty else { return .failed(failures.values.sorted().joined(separator: "; ")) }
        return .done
    }

    private func request(_ ids: Set<String>) async throws -> [String: (refusal: Refusal, reason: String)] {
        typealias Answer = (String, (refusal: Refusal, reason: String)?)
        return try await withThrowingTaskGroup(of: Answer.self) { group in
            for id in ids.sorted() {
                group.addTask { (id, try await attempt { try await world.deleteMountTarget(id) }) }
            }
            return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
    }

    /// Deletes a file system.
    func deleteFileSystem(_ id: String) async throws -> End {
        let name = ResourceName(.fileSystem, id)
        var looks = 0
        var isRequested = false
        while true {
            var reason = "being deleted"
            if !isRequested, let refusal = try await attempt({ try await world.deleteFileSystem(id) }) {
                reason = refusal.reason
                switch refusal.refusal {
                case .gone:
                    journal.deleted(name)
                    return .done
                case .busy, .later: break
                case .final: return .failed("\(name): \(reason)")
                }
            } else {
                isRequested = true
                journal.requested(name)
            }
            guard try await pause(&looks, for: name, reason, .deletion) else { return .failed("\(name): \(reason)") }
            guard isRequested else { continue }
            guard let state = try await look({ try await world.fileSystemState(id) }) else { continue }
            switch state {
            case nil, "deleted":
                journal.deleted(name)
                return .done
            case "deleting": break
            default: isRequested = false
            }
        }
    }

    /// Deletes endpoints with one call.
    func deleteEndpoints(_ ids: [String]) async throws -> End {
        var pending = Set(ids)
        var toDelete = pending
        var failures: [String] = []
        var looks = 0
        while true {
            var reason = "being deleted"
            var refused: [String: ServiceError] = [:]
            if !toDelete.isEmpty {
                let refusal = try await attempt { refused = try await world.deleteEndpoints(toDelete.sorted()) }
                if let refusal, refusal.refusal == .final {
                    return .failed("endpoints \(toDelete.sorted().joined(separator: ", ")): \(refusal.reason)")
                }
                reason = refusal?.reason ?? reason
                for id in toDelete where refusal == nil && refused[id] == nil {
                    journal.requested(ResourceName(.endpoint, id))
                }
            }
            for (id, error) in refused {
                reason = "\(error)"
                switch Refusal(error) {
                case .gone:
                    pending.remove(id)
                    journal.deleted(ResourceName(.endpoint, id))
                case .busy, .later: break
                case .final:
                    pending.remove(id)
                    failures.append("endpoint \(id): \(error)")
                }
            }
            guard let next = pending.min() else { break }
            guard try await pause(&looks, for: ResourceName(.endpoint, next), reason, .endpoint) else {
                return .failed("endpoints \(pending.sorted().joined(separator: ", ")): \(reason)")
            }
            guard let found = try await look({ try await world.endpoints(in: vpcID) }) else { continue }
            let listed = found.filter { !$0.isDeleted }
            for id in pending where !listed.contains(where: { $0.id == id }) {
                pending.remove(id)
                journal.deleted(ResourceName(.endpoint, id))
                looks = 0
            }
            toDelete = Set(listed.filter { pending.contains($0.id) && !$0.isDeleting }.map(\.id))
        }
        return failures.isEmpty ? .done : .failed(failures.sorted().joined(separator: "; "))
    }
}
