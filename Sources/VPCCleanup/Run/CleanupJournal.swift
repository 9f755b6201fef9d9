internal import JSON
internal import Synchronization

/// Keeps what is done and what is waited for, and tells whoever wants to know.
final class CleanupJournal: Sendable {
    private struct Content {
        var state: CleanupState
        /// What is waited for, and who holds it.
        var waiting: [ResourceName: String] = [:]
    }

    private let content: Mutex<Content>
    private let vpcID: String
    private let checkpoint: @Sendable (JSONValue) -> Void
    private let report: @Sendable (String) -> Void

    /// - Parameters:
    ///   - state: What an earlier invocation had come to.
    ///   - checkpoint: Takes the state, from which the work goes on in another invocation.
    ///   - report: Takes one line for a person.
    init(
        vpcID: String, state: CleanupState, checkpoint: @escaping @Sendable (JSONValue) -> Void,
        report: @escaping @Sendable (String) -> Void
    ) {
        content = Mutex(Content(state: state))
        self.vpcID = vpcID
        self.checkpoint = checkpoint
        self.report = report
    }

    /// What is done so far.
    var state: CleanupState { content.withLock { $0.state } }

    /// AWS has accepted to delete something, which goes later.
    func requested(_ resource: ResourceName) {
        tell {
            if $0.state.requested[resource.kind]?.contains(resource.id) != true {
                $0.state.requested[resource.kind, default: []].append(resource.id)
            }
        }
    }

    /// Something is gone.
    func deleted(_ resource: ResourceName) {
        tell {
            $0.waiting[resource] = nil
            $0.state.requested[resource.kind]?.removeAll { $0 == resource.id }
            // Ids are written once, however often a deletion is repeated.
            if $0.state.deleted[resource.kind]?.contains(resource.id) != true {
                $0.state.deleted[resource.kind, default: []].append(resource.id)
            }
        }
    }

    /// What an earlier invocation requested to delete is gone when it is not in the inventory any more.
    func settle(_ inventory: Inventory) {
        for (kind, ids) in state.requested {
            for name in ids.map({ ResourceName(kind, $0) }) where !inventory.contains(name) { deleted(name) }
        }
    }

    /// Rules are gone.
    func revoked(_ count: Int) {
        tell { $0.state.revokedRules += count }
    }

    /// File systems turned out to be the VPC's.
    func know(_ fileSystems: some Sequence<String>) {
        let isNew = content.withLock { content in
            let before = content.state.knownFileSystems.count
            content.state.knownFileSystems.formUnion(fileSystems)
            return content.state.knownFileSystems.count > before
        }
        if isNew { checkpoint(state.json) }
    }

    /// Something is in the way of something, and was so for another interval.
    ///
    /// - Returns: Whether there is patience left.
    func wait(_ resource: ResourceName, _ reason: String, for interval: Duration, patience: Duration) -> Bool {
        tell { content in
            let milliseconds =
                interval.components.seconds * 1_000 + interval.components.attoseconds / 1_000_000_000_000_000
            content.state.waited[resource.id, default: 0] += max(1, milliseconds)
            content.waiting[resource] = reason
        }
        return content.withLock { .milliseconds($0.state.waited[resource.id] ?? 0) } < patience
    }

    /// Nothing is in the way of something any more.
    func isFree(_ resource: ResourceName) {
        content.withLock { $0.waiting[resource] = nil }
    }

    private func tell(_ change: (inout Content) -> Void) {
        let (line, state) = content.withLock { content in
            let before = Self.line(content, vpcID)
            change(&content)
            let after = Self.line(content, vpcID)
            return (before == after ? nil : after, content.state)
        }
        checkpoint(state.json)
        if let line { report(line) }
    }

    private static func line(_ content: Content, _ vpcID: String) -> String {
        var text = "\(vpcID): \(content.state.summary)"
        let waiting = content.waiting.sorted { $0.key.id < $1.key.id }
        if !waiting.isEmpty {
            let shown = waiting.prefix(5).map { "\($0.key) (\($0.value))" }.joined(separator: ", ")
            text += "; waiting for \(shown)" + (waiting.count > 5 ? " and \(waiting.count - 5) more" : "")
        }
        return text
    }
}
