internal import AWSServices
internal import CloudFormation

/// What an App that is replaced hands over to the new one: an account has one default App, and so has a domain.
///
/// It is kept in a tag of the old App, so that a rollback, which deletes the new one, can give it back.
struct HandedOverDefaults: Sendable, Equatable {
    var isAccountDefault: Bool
    var domains: [String]

    var isEmpty: Bool { !isAccountDefault && domains.isEmpty }

    /// `ENABLED d-abc d-def`; nil when it is longer than a tag may be.
    var tag: String? {
        let text = ([isAccountDefault ? "ENABLED" : "DISABLED"] + domains).joined(separator: " ")
        return text.utf8.count <= 256 ? text : nil
    }

    init(isAccountDefault: Bool = false, domains: [String] = []) {
        self.isAccountDefault = isAccountDefault
        self.domains = domains
    }

    /// Adds others to these.
    mutating func formUnion(_ others: HandedOverDefaults) {
        isAccountDefault = isAccountDefault || others.isAccountDefault
        domains = (domains + others.domains).uniqueInOrder
    }

    /// The call that takes these from an App, or nil when it has none of them.
    func release(from app: MLflowApp) -> UpdateMLflowAppInput? {
        let kept = app.defaultDomainIDs.filter { !domains.contains($0) }
        let isReleased = isAccountDefault && app.accountDefaultStatus == "ENABLED"
        guard isReleased || kept != app.defaultDomainIDs else { return nil }
        var input = UpdateMLflowAppInput(arn: app.arn).keepingRegistration(of: app)
        if isReleased { input.accountDefaultStatus = "DISABLED" }
        if kept != app.defaultDomainIDs { input.defaultDomainIDs = kept }
        return input
    }

    /// The call that gives these to an App, or nil when it has all of them.
    func returned(to app: MLflowApp) -> UpdateMLflowAppInput? {
        let all = (app.defaultDomainIDs + domains).uniqueInOrder
        let isReturned = isAccountDefault && app.accountDefaultStatus != "ENABLED"
        guard isReturned || all != app.defaultDomainIDs else { return nil }
        var input = UpdateMLflowAppInput(arn: app.arn).keepingRegistration(of: app)
        if isReturned { input.accountDefaultStatus = "ENABLED" }
        if all != app.defaultDomainIDs { input.defaultDomainIDs = all }
        return input
    }

    init?(tag: String) {
        let words = tag.split(separator: " ").map(String.init)
        guard let first = words.first, ["ENABLED", "DISABLED"].contains(first) else { return nil }
        self.init(isAccountDefault: first == "ENABLED", domains: Array(words.dropFirst()))
    }
}

extension MLflowLife {
    /// Takes from an App what the one in its place is to have: what the properties want, or do not speak of.
    ///
    /// - Returns: What was taken, by an earlier delivery of the request too.
    func takeDefaults(from old: String, for properties: MLflowProperties) async throws -> HandedOverDefaults {
        var all = HandedOverDefaults()
        _ = try await whenSettled(old) { snapshot in
            guard case .app(let app) = snapshot else { return }
            // What it does not have any more was noted before it was taken.
            if let noted = try await tagsIfThere(old)[OwnTags.defaults].flatMap(HandedOverDefaults.init(tag:)) {
                all.formUnion(noted)
            }
            let taken = HandedOverDefaults(
                isAccountDefault: properties.accountDefault != .disabled && app.accountDefaultStatus == "ENABLED",
                domains: app.defaultDomainIDs.filter { properties.defaultDomains?.contains($0) ?? true })
            guard !taken.isEmpty else { return }
            all.formUnion(taken)
            if let tag = all.tag {
                try await calls.service.addTags([OwnTags.defaults: tag], resourceARN: old)
            } else {
                context.log(
                    "The App \(old) is the default of too many domains to note: a rollback would not restore it.")
            }
            guard let input = taken.release(from: app) else { return }
            try await calls.service.updateMLflowApp(input)
        }
        _ = try await settled(old)
        return all
    }

    /// Gives back what was taken from the App that one to be deleted had replaced: it is there still when an update is
    /// rolled back.
    func giveDefaults(of new: String, backTo old: String) async throws {
        guard MLflowProperties.Kind(arn: old) == .app, calls.kind == .app, try await settled(old) != nil,
            let tag = try await persistently({ try await tagsIfThere(old) })[OwnTags.defaults],
            let taken = HandedOverDefaults(tag: tag)
        else { return }
        context.log("The App \(old) gets back what \(new) had taken over from it.")
        try await release(taken, from: new)
        let isThere = try await whenSettled(old) { snapshot in
            guard case .app(let app) = snapshot else { return }
            guard let input = taken.returned(to: app) else { return }
            try await calls.service.updateMLflowApp(input)
        }
        guard isThere, try await settled(old) != nil else { return }
        try await persistently { try await calls.service.deleteTags([OwnTags.defaults], resourceARN: old) }
    }

    /// Takes defaults from an App, so that another can have them.
    private func release(_ taken: HandedOverDefaults, from arn: String) async throws {
        _ = try await whenSettled(arn) { snapshot in
            guard case .app(let app) = snapshot, let input = taken.release(from: app) else { return }
            try await calls.service.updateMLflowApp(input)
        }
        _ = try await settled(arn)
    }
}
