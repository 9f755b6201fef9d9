import JSON
import Timestamps

/// Tags and listings.
extension ControlPlaneState {
    var partition: String {
        region.hasPrefix("us-gov-") ? "aws-us-gov" : region.hasPrefix("cn-") ? "aws-cn" : "aws"
    }

    func tags(_ input: JSONObject) throws(ServiceRefusal) -> [ResourceTag] {
        let arn = input.text("ResourceArn")
        if let app = apps.first(where: { $0.arn == arn && $0.status != "Deleted" }) { return app.tags }
        if let server = servers.first(where: { $0.arn == arn }) { return server.tags }
        throw ServiceRefusal(400, "ValidationException", "The resource \(arn) does not exist.")
    }

    mutating func addTags(_ input: JSONObject) throws(ServiceRefusal) -> JSONObject {
        var tags = try tags(input)
        for tag in input.tags {
            guard !tag.key.lowercased().hasPrefix("aws:") else {
                throw ServiceRefusal(400, "ValidationException", "aws: prefixed tag key names are not allowed.")
            }
            tags.removeAll { $0.key == tag.key }
            tags.append(tag)
        }
        guard tags.count <= 50 else {
            throw ServiceRefusal(400, "ResourceLimitExceeded", "A resource can have 50 tags.")
        }
        set(tags, on: input.text("ResourceArn"))
        return ["Tags": .array(tags.map(\.json))]
    }

    mutating func deleteTags(_ input: JSONObject) throws(ServiceRefusal) -> JSONObject {
        let keys = input.texts("TagKeys")
        set(try tags(input).filter { !keys.contains($0.key) }, on: input.text("ResourceArn"))
        return JSONObject()
    }

    private mutating func set(_ tags: [ResourceTag], on arn: String) {
        if let index = apps.firstIndex(where: { $0.arn == arn }) { apps[index].tags = tags }
        if let index = servers.firstIndex(where: { $0.arn == arn }) { servers[index].tags = tags }
    }

    func page(
        _ records: [any ResourceRecord], _ input: JSONObject, _ now: Timestamp, statusName: String, listName: String
    ) throws(ServiceRefusal) -> JSONObject {
        let after = input["CreatedAfter"]?.double
        let before = input["CreatedBefore"]?.double
        var chosen = records.filter { record in
            let created = Double(record.created.millisecondsSinceEpoch) / 1_000
            return record.created + settings.listingDelay <= now
                && (input[statusName]?.string.map { $0 == record.status } ?? true)
                && (input["MlflowVersion"]?.string.map { $0 == record.version } ?? true)
                && (after.map { created > $0 } ?? true) && (before.map { created < $0 } ?? true)
        }
        // The newest come first, unless it is said otherwise.
        let isAscending = input["SortOrder"]?.string == "Ascending"
        chosen.sort { left, right in
            let (left, right) = isAscending ? (left, right) : (right, left)
            switch input["SortBy"]?.string {
            case "Name": return (left.name, left.arn) < (right.name, right.arn)
            case "Status": return (left.status, left.arn) < (right.status, right.arn)
            default: return (left.created, left.arn) < (right.created, right.arn)
            }
        }
        // The token names the entry that comes next, under the same conditions.
        var first = 0
        if let token = input["NextToken"]?.string {
            guard let index = chosen.firstIndex(where: { "next:\($0.arn)" == token }) else {
                throw ServiceRefusal(400, "ValidationException", "The NextToken is invalid.")
            }
            first = index
        }
        let last = min(chosen.count, first + Int(input["MaxResults"]?.integer ?? Int64(settings.pageSize)))
        var answer: JSONObject = [listName: .array(chosen[first..<last].map { .object($0.summary) })]
        if last < chosen.count { answer.append("NextToken", .string("next:\(chosen[last].arn)")) }
        return answer
    }
}

extension JSONObject {
    /// The text of a member that the rules require.
    func text(_ name: String) -> String { self[name]?.string ?? "" }

    /// The texts of a list.
    func texts(_ name: String) -> [String] { self[name]?.array?.compactMap(\.string) ?? [] }

    var tags: [ResourceTag] {
        (self["Tags"]?.array ?? []).compactMap { tag in
            guard let key = tag["Key"]?.string, let value = tag["Value"]?.string else { return nil }
            return ResourceTag(key: key, value: value)
        }
    }
}
