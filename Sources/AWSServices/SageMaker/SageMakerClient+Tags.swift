internal import JSON

extension SageMakerClient {
    /// Adds tags to a resource, over those with the same keys (AddTags); none make no call.
    public func addTags(_ tags: [String: String], resourceARN: String) async throws {
        guard let tags = JSONValue.tags(tags) else { return }
        _ = try await call("AddTags", ["ResourceArn": .string(resourceARN), "Tags": tags])
    }

    /// Removes the tags of these keys from a resource (DeleteTags); none make no call.
    public func deleteTags(_ keys: [String], resourceARN: String) async throws {
        guard !keys.isEmpty else { return }
        _ = try await call("DeleteTags", ["ResourceArn": .string(resourceARN), "TagKeys": .optional(keys)])
    }

    /// All tags of a resource (ListTags).
    public func listTags(resourceARN: String) async throws -> [String: String] {
        let pages = try await allPages("sagemaker", "ListTags") { token in
            let answer = try await call(
                "ListTags", ["ResourceArn": .string(resourceARN), "NextToken": .optional(token)])
            return Page(items: [try answer.tags("Tags")], next: try answer.optionalText("NextToken"))
        }
        return pages.reduce(into: [:]) { all, page in all.merge(page) { _, new in new } }
    }
}
