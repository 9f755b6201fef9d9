/// Says of every property whether a change of it can be carried out on the resource, needs another one in its place, or
/// cannot be had: the part of a resource's documentation that CloudFormation calls "Update requires".
public struct ReplacementTable<Properties: Sendable>: Sendable {
    /// What a change needs.
    public enum Effect: Sendable, Hashable {
        /// The resource is changed.
        case inPlace
        /// Another resource takes its place.
        case replacement
        /// The change is refused; the sentence says why and what to do.
        case refusal(String)
    }

    /// The effect of one property's change.
    public struct Rule: Sendable {
        let name: String
        let effect: Effect
        let isEqual: @Sendable (Properties, Properties) -> Bool

        /// A rule for a property.
        public init<Value: Equatable & SendableMetatype>(
            _ name: String, _ effect: Effect, _ value: @escaping @Sendable (Properties) -> Value
        ) {
            self.name = name
            self.effect = effect
            isEqual = { value($0) == value($1) }
        }
    }

    private let rules: [Rule]

    /// A table of rules, one a property.
    public init(_ rules: [Rule]) {
        self.rules = rules
    }

    /// What an Update means.
    public func plan(from old: Properties, to new: Properties) -> UpdatePlan {
        var plan = UpdatePlan()
        for rule in rules where !rule.isEqual(old, new) {
            switch rule.effect {
            case .inPlace: plan.changed.append(rule.name)
            case .replacement: plan.replacing.append(rule.name)
            case .refusal(let reason): plan.refusals.append("\(rule.name) cannot be changed: \(reason)")
            }
        }
        return plan
    }
}

/// What an Update means for a resource.
public struct UpdatePlan: Sendable, Hashable {
    /// The properties that are changed on the resource.
    public internal(set) var changed: [String] = []
    /// The properties whose change needs another resource.
    public internal(set) var replacing: [String] = []
    /// Why the Update cannot be had, one sentence a property.
    public internal(set) var refusals: [String] = []

    /// Whether nothing is to be done.
    public var isEmpty: Bool { changed.isEmpty && replacing.isEmpty && refusals.isEmpty }
    /// Whether another resource takes the place of this one.
    public var needsReplacement: Bool { refusals.isEmpty && !replacing.isEmpty }
}
