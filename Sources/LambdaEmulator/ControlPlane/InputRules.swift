import JSON

/// What one member of an operation's input may be, as the service model says.
struct InputRule: Sendable {
    /// The kinds of values.
    indirect enum Kind: Sendable {
        /// Text of so many characters, the whole of which matches a pattern.
        case text(ClosedRange<Int>, String?)
        /// One of these words.
        case choice([String])
        /// `true` or `false`.
        case flag
        /// A whole number.
        case integer(ClosedRange<Int64>)
        /// Seconds since 1970, with a fraction or without.
        case time
        /// A list of so many values.
        case list(ClosedRange<Int>, Kind)
        /// An object with these members.
        case object([InputRule])
    }

    /// The member's name.
    var name: String
    /// What it may be.
    var kind: Kind
    /// Whether it has to be there.
    var isRequired = false

    static func required(_ name: String, _ kind: Kind) -> InputRule {
        InputRule(name: name, kind: kind, isRequired: true)
    }

    static func optional(_ name: String, _ kind: Kind) -> InputRule {
        InputRule(name: name, kind: kind)
    }
}

extension InputRule {
    /// Checks an input against all its rules.
    ///
    /// - Throws: A `SerializationException` for a value of the wrong kind, else a `ValidationException` with every
    ///   constraint that is not satisfied, in the service's words.
    static func check(_ input: JSONObject, _ rules: [InputRule]) throws(ServiceRefusal) {
        var problems: [String] = []
        try check(input, rules, at: "", &problems)
        guard !problems.isEmpty else { return }
        let count = problems.count == 1 ? "1 validation error" : "\(problems.count) validation errors"
        throw ServiceRefusal(400, "ValidationException", "\(count) detected: \(problems.joined(separator: "; "))")
    }

    private static func check(
        _ input: JSONObject, _ rules: [InputRule], at path: String, _ problems: inout [String]
    ) throws(ServiceRefusal) {
        for member in input where !rules.contains(where: { $0.name == member.name }) {
            // The service disregards what it does not know; a stand-in for tests must not hide a misspelled name.
            throw ServiceRefusal(
                400, "SerializationException", "The input has no member '\(path)\(member.name)' in the service model.")
        }
        for rule in rules {
            let place = path + memberName(rule.name)
            guard let value = input[rule.name], !value.isNull else {
                if rule.isRequired {
                    problems.append(
                        "Value at '\(place)' failed to satisfy constraint: Member must not be null")
                }
                continue
            }
            try check(value, rule.kind, at: place, &problems)
        }
    }

    private static func check(
        _ value: JSONValue, _ kind: Kind, at place: String, _ problems: inout [String]
    ) throws(ServiceRefusal) {
        func refuse(_ constraint: String) {
            let shown = value.string ?? String(decoding: value.encoded, as: UTF8.self)
            problems.append("Value '\(shown)' at '\(place)' failed to satisfy constraint: \(constraint)")
        }
        switch (kind, value) {
        case (.text(let lengths, let pattern), .string(let text)):
            if text.unicodeScalars.count < lengths.lowerBound {
                refuse("Member must have length greater than or equal to \(lengths.lowerBound)")
            }
            if text.unicodeScalars.count > lengths.upperBound {
                refuse("Member must have length less than or equal to \(lengths.upperBound)")
            }
            if let pattern, !matches(text, pattern) {
                refuse("Member must satisfy regular expression pattern: \(pattern)")
            }
        case (.choice(let words), .string(let text)):
            if !words.contains(text) {
                refuse("Member must satisfy enum value set: [\(words.joined(separator: ", "))]")
            }
        case (.flag, .bool), (.time, .number): break
        case (.integer(let range), .number(let text)):
            guard let number = Int64(text) else { throw wrongKind(value, place) }
            if number < range.lowerBound {
                refuse("Member must have value greater than or equal to \(range.lowerBound)")
            }
            if number > range.upperBound { refuse("Member must have value less than or equal to \(range.upperBound)") }
        case (.list(let counts, let element), .array(let elements)):
            if elements.count < counts.lowerBound {
                refuse("Member must have length greater than or equal to \(counts.lowerBound)")
            }
            if elements.count > counts.upperBound {
                refuse("Member must have length less than or equal to \(counts.upperBound)")
            }
            for (index, one) in elements.enumerated() {
                try check(one, element, at: "\(place).\(index + 1).member", &problems)
            }
        case (.object(let rules), .object(let members)):
            try check(members, rules, at: "\(place).", &problems)
        default: throw wrongKind(value, place)
        }
    }

    private static func wrongKind(_ value: JSONValue, _ place: String) -> ServiceRefusal {
        ServiceRefusal(400, "SerializationException", "'\(place)' cannot be \(value.kind).")
    }

    /// `trackingServerName` for `TrackingServerName`, as the service names members in its sentences.
    private static func memberName(_ name: String) -> String {
        name.prefix(1).lowercased() + name.dropFirst()
    }

    private static func matches(_ text: String, _ pattern: String) -> Bool {
        guard let expression = try? Regex(pattern) else { return false }
        return text.wholeMatch(of: expression) != nil
    }
}
