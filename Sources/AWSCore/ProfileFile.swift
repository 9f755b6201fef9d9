/// The profiles of `~/.aws/config` and `~/.aws/credentials`: sections of `key = value` lines.
struct ProfileFile {
    /// How profiles are named in a section's heading.
    enum Kind {
        /// `[profile name]`, or `[default]`.
        case config
        /// `[name]`
        case credentials
    }

    /// The settings of each profile, keys in small letters.
    private(set) var profiles: [String: [String: String]] = [:]

    init() {}

    /// Reads a file. As in the SDKs, lines that are none of these forms are passed over: a file may hold what a newer
    /// program understands. Indented lines belong to the key above them and are none of ours.
    init(_ text: String, kind: Kind) {
        var current: String?
        for line in text.split(whereSeparator: \.isNewline) {
            let trimmed = String(line).trimmed
            guard !trimmed.isEmpty, !"#;".contains(trimmed.prefix(1)) else { continue }
            if trimmed.hasPrefix("["), let end = trimmed.firstIndex(of: "]") {
                let heading = String(trimmed[trimmed.index(after: trimmed.startIndex)..<end])
                current = Self.profile(heading, kind: kind)
                if let current, profiles[current] == nil { profiles[current] = [:] }
            } else if let name = current, line.first?.isWhitespace == false, let equals = trimmed.firstIndex(of: "=") {
                let key = String(trimmed[..<equals]).trimmed.lowercased()
                let value = Self.withoutComment(String(trimmed[trimmed.index(after: equals)...]).trimmed)
                profiles[name, default: [:]][key] = value.isEmpty ? nil : value
            }
        }
    }

    /// Adds another file's profiles, whose settings come before those at hand.
    mutating func merge(_ other: ProfileFile) {
        for (name, settings) in other.profiles {
            profiles[name, default: [:]].merge(settings) { _, new in new }
        }
    }

    private static func profile(_ heading: String, kind: Kind) -> String? {
        let words = heading.split(whereSeparator: \.isWhitespace).map(String.init)
        switch (kind, words.count) {
        case (.credentials, _): return heading.trimmed
        case (.config, 1): return words[0] == "default" ? words[0] : nil
        case (.config, _):
            // A name with spaces stands in quotes; sections of other kinds, `sso-session` for one, are none of ours.
            guard words.first == "profile" else { return nil }
            return words.dropFirst().joined(separator: " ").filter { $0 != "\"" && $0 != "'" }
        }
    }

    /// Cuts off ` # comment` and ` ; comment`; a # inside a word is part of the value.
    private static func withoutComment(_ value: String) -> String {
        var previous: Character = "x"
        for index in value.indices {
            if previous.isWhitespace, value[index] == "#" || value[index] == ";" {
                return String(value[..<index]).trimmed
            }
            previous = value[index]
        }
        return value
    }
}
