internal import Configuration
public import JSON

/// Reads a custom resource's properties, which CloudFormation sends as texts whatever the template said: `"true"`,
/// `"5"`. It goes on after a problem, so that all of them are reported at once.
public struct PropertyReader {
    private let properties: JSONObject
    private var known: Set<String> = []
    private var problems: [String] = []

    /// CloudFormation's own properties, which are none of the resource's.
    static let reserved: Set<String> = ["ServiceToken", "ServiceTimeout"]

    /// Reads given properties.
    public init(_ properties: JSONObject) {
        self.properties = properties
    }

    /// A text, or nil when it is not given.
    public mutating func string(_ name: String, _ rule: TextRule? = nil) -> String? {
        guard let value = value(name) else { return nil }
        return text(value, name, rule)
    }

    /// A text that must be given. After a problem it is empty, which nobody sees, because the reading fails.
    public mutating func requiredString(_ name: String, _ rule: TextRule? = nil) -> String {
        guard let value = value(name) else {
            problems.append("The property \(name) is missing\(rule.map { "; it must be \($0.expectation)" } ?? "").")
            return ""
        }
        return text(value, name, rule) ?? ""
    }

    /// `true` or `false`, in letters of any case, or nil when it is not given.
    public mutating func bool(_ name: String) -> Bool? {
        guard let value = value(name) else { return nil }
        switch scalar(value).map({ Self.trimmed($0).lowercased() }) {
        case "true": return true
        case "false": return false
        default:
            wrong(name, value, "true or false")
            return nil
        }
    }

    /// A whole number within bounds, or nil when it is not given.
    public mutating func integer(_ name: String, in range: ClosedRange<Int>) -> Int? {
        guard let value = value(name) else { return nil }
        guard let number = scalar(value).flatMap({ Int(Self.trimmed($0)) }), range.contains(number) else {
            wrong(name, value, "a whole number from \(range.lowerBound) to \(range.upperBound)")
            return nil
        }
        return number
    }

    /// One of the words of a type, or nil when it is not given.
    public mutating func choice<Choice: CaseIterable & RawRepresentable<String>>(
        _ name: String, _: Choice.Type = Choice.self
    ) -> Choice? {
        guard let value = value(name) else { return nil }
        if let choice = scalar(value).flatMap({ Choice(rawValue: Self.trimmed($0)) }) { return choice }
        let words = Choice.allCases.map(\.rawValue)
        let near = scalar(value).flatMap { NearestName.of($0, among: words) }
        wrong(name, value, "one of \(words.joined(separator: ", "))" + (near.map { "; did you mean \($0)?" } ?? ""))
        return nil
    }

    /// A list of texts, or nil when it is not given.
    public mutating func list(_ name: String, _ rule: TextRule? = nil, count: ClosedRange<Int>? = nil) -> [String]? {
        guard let value = value(name) else { return nil }
        guard let elements = value.array else {
            wrong(name, value, "a list")
            return nil
        }
        if let count, !count.contains(elements.count) {
            problems.append(
                "The property \(name) has \(elements.count) elements; it must have \(count.lowerBound) to "
                    + "\(count.upperBound).")
        }
        return elements.enumerated().compactMap { text($1, "\(name)[\($0)]", rule) }
    }

    /// A map of names to texts, or nil when it is not given.
    public mutating func map(_ name: String, _ rule: TextRule? = nil) -> [String: String]? {
        guard let value = value(name) else { return nil }
        guard let members = value.object else {
            wrong(name, value, "a map")
            return nil
        }
        var result: [String: String] = [:]
        for member in members { result[member.name] = text(member.value, "\(name).\(member.name)", rule) }
        return result
    }

    /// Any value, for what has a shape of its own; nil when it is not given.
    public mutating func value(_ name: String) -> JSONValue? {
        known.insert(name)
        guard let value = properties[name], !value.isNull else { return nil }
        return value
    }

    /// Adds a problem that lies between properties. The sentence should name them.
    public mutating func problem(_ sentence: String) {
        problems.append(sentence)
    }

    /// Ends the reading: names that were never asked for are problems too.
    ///
    /// - Throws: ``PropertyProblems`` with every problem.
    func finish() throws(PropertyProblems) {
        var problems = problems
        for member in properties where !known.contains(member.name) && !Self.reserved.contains(member.name) {
            let near = Self.nearest(member.name, among: known)
            let hint = near.map { "did you mean \($0)?" } ?? "known are \(known.sorted().joined(separator: ", "))."
            problems.append("The property \(Self.shown(member.name)) is not known; \(hint)")
        }
        guard problems.isEmpty else { throw PropertyProblems(problems: problems) }
    }

    private static func nearest(_ name: String, among known: Set<String>) -> String? {
        let known = known.sorted()
        return known.first { $0.lowercased() == name.lowercased() }
            ?? NearestName.of(String(name.prefix(64)), among: known)
    }

    private mutating func text(_ value: JSONValue, _ name: String, _ rule: TextRule?) -> String? {
        guard let text = scalar(value) else {
            wrong(name, value, rule?.expectation ?? "a text")
            return nil
        }
        if let rule, !rule.accepts(text) {
            wrong(name, value, rule.expectation)
            return nil
        }
        return text
    }

    /// A scalar as the text CloudFormation would have sent.
    private func scalar(_ value: JSONValue) -> String? {
        switch value {
        case .string(let text), .number(let text): text
        case .bool(let flag): flag ? "true" : "false"
        case .null, .array, .object: nil
        }
    }

    private mutating func wrong(_ name: String, _ value: JSONValue, _ expectation: String) {
        let found = scalar(value).map(Self.shown) ?? value.kind
        problems.append(
            "The property \(name) is \(found); it must be \(expectation)\(expectation.hasSuffix("?") ? "" : ".")")
    }

    private static func trimmed(_ text: String) -> String {
        let blanks: Set<Character> = [" ", "\t", "\n", "\r"]
        let tail = text.drop { blanks.contains($0) }
        return String(tail.reversed().drop { blanks.contains($0) }.reversed())
    }

    private static func shown(_ text: String) -> String {
        String(text.unicodeScalars.prefix(80)).debugDescription
    }
}

/// Everything that is wrong with a resource's properties.
public struct PropertyProblems: Error, Sendable, Equatable, CustomStringConvertible {
    /// One sentence a problem.
    public let problems: [String]

    /// The sentences, one after the other.
    public var description: String { problems.joined(separator: " ") }
}
