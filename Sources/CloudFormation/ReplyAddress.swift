public import JSON

/// What an answer needs of its request: where it goes, and the members it repeats. Read apart from the rest, so that a
/// request that is otherwise unusable is answered too.
public struct ReplyAddress: Sendable, Hashable, CustomStringConvertible {
    /// The presigned URL the answer is put to: a secret while it lives.
    public let responseURL: String
    /// The stack's ARN.
    public let stackID: String
    /// The request's id; the same over Lambda's retries.
    public let requestID: String
    /// The resource's name in the template.
    public let logicalResourceID: String
    /// The id the resource has so far; nil for a Create.
    public let physicalResourceID: String?

    /// The bytes the three repeated members may take in an answer of 4096; real ones need a quarter of it.
    static let maximumRepeatedBytes = 1_400

    /// Reads the members off a request.
    ///
    /// - Throws: ``MalformedEvent`` when no answer can be addressed.
    public init(_ event: JSONValue) throws(MalformedEvent) {
        var problems: [String] = []
        func text(_ name: String) -> String {
            guard let value = event[name]?.string, !value.isEmpty else {
                let found = event[name].map { " (it is \($0.string == "" ? "empty" : $0.kind))" } ?? ""
                problems.append("The event has no text in its member \(name)\(found).")
                return ""
            }
            return value
        }
        guard case .object = event else {
            throw MalformedEvent(["The event is \(event.kind), where CloudFormation sends an object."])
        }
        responseURL = text("ResponseURL")
        stackID = text("StackId")
        requestID = text("RequestId")
        logicalResourceID = text("LogicalResourceId")
        let repeated = [stackID, requestID, logicalResourceID].reduce(0) { $0 + EncodedText.length($1) }
        if repeated > Self.maximumRepeatedBytes {
            problems.append("StackId, RequestId and LogicalResourceId together are longer than CloudFormation's are.")
        }
        let physical = event["PhysicalResourceId"]?.string
        if let physical, EncodedText.length(physical) > 2 * PhysicalID.maximumBytes {
            problems.append("PhysicalResourceId is longer than the \(PhysicalID.maximumBytes) bytes it may have.")
        }
        physicalResourceID = physical.flatMap { $0.isEmpty ? nil : $0 }
        guard problems.isEmpty else {
            throw MalformedEvent(
                problems + ["Without them no answer can be sent; is this event a custom resource's request?"])
        }
    }

    /// The stack's name, out of its ARN; the whole id when that is no ARN.
    public var stackName: String {
        let parts = stackID.split(separator: "/", omittingEmptySubsequences: false)
        return parts.count >= 2 ? String(parts[1]) : stackID
    }

    /// Whose request it is, without the URL.
    public var description: String { "request \(requestID) for \(logicalResourceID) of \(stackID)" }
}
