internal import AWSCore
internal import CloudFormation
internal import JSON

/// Tags as CloudFormation's templates write them: a list of `{Key, Value}`.
enum TagList {
    /// What is left of the service's 50 tags when ours are taken.
    static let limit = 50 - OwnTags.count

    /// Reads the property `Tags`; problems are kept by the reader.
    static func read(from reader: inout PropertyReader) -> [String: String] {
        guard let value = reader.value("Tags") else { return [:] }
        guard let elements = value.array else {
            reader.problem("The property Tags is \(value.kind); it must be a list of {Key, Value}.")
            return [:]
        }
        var tags: [String: String] = [:]
        for (index, element) in elements.enumerated() {
            guard let key = element["Key"]?.string, let value = element["Value"]?.string else {
                reader.problem("The property Tags[\(index)] must have a Key and a Value, both texts.")
                continue
            }
            if !(1...128).contains(key.unicodeScalars.count) || !TagText.accepts(key) {
                reader.problem("The property Tags[\(index)].Key must be 1 to 128 \(allowed).")
            }
            if value.unicodeScalars.count > 256 || !TagText.accepts(value) {
                reader.problem("The property Tags[\(index)].Value must be 0 to 256 \(allowed).")
            }
            if key.lowercased().hasPrefix("aws:") || OwnTags.isOwn(key) {
                reader.problem("The property Tags[\(index)].Key is \(key.debugDescription); that name is reserved.")
            }
            if tags.updateValue(value, forKey: key) != nil {
                reader.problem("The property Tags has the key \(key.debugDescription) twice.")
            }
        }
        if tags.count > limit { reader.problem("The property Tags has \(tags.count) tags; there may be \(limit).") }
        return tags
    }

    private static let allowed = "letters, digits, spaces or _.:/=+-@"
}
