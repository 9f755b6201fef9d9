internal import CloudFormation

/// The tags by which this resource knows what it made, when an answer was lost.
enum OwnTags {
    private static let prefix = "sagemaker-mlflow-lambda:"
    /// The stack's ARN.
    static let stack = prefix + "stack-id"
    /// The resource's name in the template.
    static let logicalID = prefix + "logical-id"
    /// The request that made it.
    static let request = prefix + "request-id"
    /// What the one that replaces it took from it: being the account's default, and domains. See ``HandedOverDefaults``.
    static let defaults = prefix + "handed-over-defaults"
    /// The ARN of the one that it replaces.
    static let replaces = prefix + "replaces"
    /// On a server: it was stopped, and is stopped again after the change that it was started for.
    static let stopAgain = prefix + "stop-again"
    /// It was to be deleted and is kept, so that it is not what an interrupted Create made.
    static let kept = prefix + "kept"
    /// How many there can be on one: an App is never stopped, a server is nobody's default, and what is kept is neither.
    static let count = 5

    /// Whether a key is one of these.
    static func isOwn(_ key: String) -> Bool { key.hasPrefix(prefix) }

    /// The tags of what a request makes.
    static func of(_ context: CustomResourceContext, replacing old: String?) -> [String: String] {
        var tags = [
            stack: context.stackID, logicalID: context.logicalResourceID, request: context.requestID,
        ]
        if let old { tags[replaces] = old }
        return tags
    }

    /// Whether the tags are those of what the request made.
    static func isFromRequest(_ tags: [String: String], _ context: CustomResourceContext) -> Bool {
        isFromResource(tags, context) && tags[request] == context.requestID
    }

    /// Whether the tags are those of what the resource made, in this request or before.
    static func isFromResource(_ tags: [String: String], _ context: CustomResourceContext) -> Bool {
        tags[stack] == context.stackID && tags[logicalID] == context.logicalResourceID
    }
}
