public import Configuration

/// What a role is assumed with. It is checked when it is made, against STS's own rules, so that a mistake shows at the
/// start and not with the first call.
public struct AssumeRoleRequest: Sendable, Equatable {
    /// A session tag.
    public struct Tag: Sendable, Hashable {
        /// 1 to 128 characters; compared without case.
        public var key: String
        /// Up to 256 characters.
        public var value: String

        /// Makes a tag.
        public init(key: String, value: String) {
            self.key = key
            self.value = value
        }
    }

    /// The role's ARN.
    public let roleARN: String
    /// The session's name, as CloudTrail shows it.
    public let sessionName: String
    /// How long the credentials hold, 15 minutes to 12 hours; STS gives at most the role's own limit, and one hour where
    /// a role's session assumes the next role.
    public let duration: Duration
    /// The shared word that the role's trust policy may ask for.
    public let externalID: String?
    /// Who stands behind the session; it cannot be changed further down a chain of roles.
    public let sourceIdentity: String?
    /// The session's tags, at most 50.
    public let tags: [Tag]
    /// The keys of the tags that are handed on along a chain of roles.
    public let transitiveTagKeys: [String]

    /// Makes a request.
    ///
    /// - Throws: ``ConfigurationError`` with every rule of STS that the values break.
    public init(
        roleARN: String, sessionName: String, duration: Duration = .seconds(3_600), externalID: String? = nil,
        sourceIdentity: String? = nil, tags: [Tag] = [], transitiveTagKeys: [String] = []
    ) throws(ConfigurationError) {
        self.roleARN = roleARN
        self.sessionName = sessionName
        self.duration = duration
        self.externalID = externalID
        self.sourceIdentity = sourceIdentity
        self.tags = tags
        self.transitiveTagKeys = transitiveTagKeys
        let problems = problems
        guard problems.isEmpty else { throw ConfigurationError(problems) }
    }

    private var problems: [String] {
        var problems = Self.problems(ofRole: roleARN)
        problems += Self.problems(of: "The role session name", sessionName, 2...64, or: "+=,.@-")
        if !(.seconds(900) ... .seconds(43_200)).contains(duration) || duration.components.attoseconds != 0 {
            problems.append(
                "The session duration is \(duration); it has to be whole seconds from 900 to 43200.")
        }
        if let externalID {
            problems += Self.problems(of: "The external id", externalID, 2...1_224, or: "+=,.@:/-")
        }
        if let sourceIdentity {
            problems += Self.problems(of: "The source identity", sourceIdentity, 2...64, or: "+=,.@-")
        }
        return problems + tagProblems
    }

    private static func problems(ofRole text: String) -> [String] {
        guard (20...2_048).contains(text.unicodeScalars.count) else {
            return ["The role ARN \"\(text)\" has to have 20 to 2048 characters."]
        }
        do {
            let arn = try ARN(parsing: text)
            guard arn.service == "iam", arn.resource.hasPrefix("role/"), !arn.accountID.isEmpty else {
                return ["\"\(text)\" is not the ARN of a role, such as arn:aws:iam::123456789012:role/name."]
            }
            return []
        } catch {
            return ["The role ARN is wrong: \(error)."]
        }
    }

    private static func problems(
        of name: String, _ value: String, _ lengths: ClosedRange<Int>, or others: StaticString
    ) -> [String] {
        var problems: [String] = []
        if !lengths.contains(value.unicodeScalars.count) {
            problems.append("\(name) has to have \(lengths.lowerBound) to \(lengths.upperBound) characters.")
        }
        if !ASCII.isWord(value, or: others) {
            problems.append("\(name) may hold only letters, digits and _\(others).")
        }
        return problems
    }

    private var tagProblems: [String] {
        var problems: [String] = []
        if tags.count > 50 { problems.append("There are \(tags.count) session tags; STS takes 50.") }
        if transitiveTagKeys.count > 50 {
            problems.append("There are \(transitiveTagKeys.count) transitive tag keys; STS takes 50.")
        }
        var seen: Set<String> = []
        for tag in tags {
            if !(1...128).contains(tag.key.unicodeScalars.count) || !TagText.accepts(tag.key) {
                problems.append("The session tag key \"\(tag.key)\" \(Self.tagRule(1...128))")
            }
            if !seen.insert(tag.key.lowercased()).inserted {
                problems.append("The session tag key \"\(tag.key)\" comes twice; capitals make no difference.")
            }
            if tag.value.unicodeScalars.count > 256 || !TagText.accepts(tag.value) {
                problems.append("The value of the session tag \"\(tag.key)\" \(Self.tagRule(0...256))")
            }
        }
        for key in transitiveTagKeys where !(1...128).contains(key.unicodeScalars.count) || !TagText.accepts(key) {
            problems.append("The transitive tag key \"\(key)\" \(Self.tagRule(1...128))")
        }
        return problems
    }

    private static func tagRule(_ lengths: ClosedRange<Int>) -> String {
        "has to have \(lengths.lowerBound) to \(lengths.upperBound) characters: letters, digits, spaces and _.:/=+-@."
    }
}
