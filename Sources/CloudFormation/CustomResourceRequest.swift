public import JSON

/// A request for a custom resource, as CloudFormation sends it.
public struct CustomResourceRequest: Sendable, Hashable, CustomStringConvertible {
    /// What is to be done.
    public enum RequestType: String, Sendable, Hashable, CaseIterable {
        /// Make the resource.
        case create = "Create"
        /// Bring it to new properties; on rollback, back to the old ones.
        case update = "Update"
        /// Remove it.
        case delete = "Delete"
    }

    /// What is to be done.
    public let type: RequestType
    /// Where the answer goes and what it repeats.
    public let address: ReplyAddress
    /// `Custom::Name` or `AWS::CloudFormation::CustomResource`.
    public let resourceType: String
    /// The ARN the template names: of this function, or of a topic.
    public let serviceToken: String?
    /// The properties, those of CloudFormation itself (`ServiceToken`, `ServiceTimeout`) included.
    public let properties: JSONObject
    /// The properties before; nil unless this is an Update.
    public let oldProperties: JSONObject?

    /// Reads a request.
    ///
    /// - Throws: ``MalformedEvent`` with every problem at once.
    public init(_ event: JSONValue, address: ReplyAddress) throws(MalformedEvent) {
        var problems: [String] = []
        self.address = address
        let name = event["RequestType"]?.string
        type = name.flatMap(RequestType.init(rawValue:)) ?? .delete
        if name == nil {
            problems.append("The event has no text in its member RequestType.")
        } else if RequestType(rawValue: name ?? "") == nil {
            problems.append(
                "RequestType is \(String((name ?? "").prefix(40)).debugDescription); it must be Create, Update or Delete."
            )
        }
        resourceType = event["ResourceType"]?.string ?? ""
        if resourceType.isEmpty { problems.append("The event has no text in its member ResourceType.") }
        properties = Self.object("ResourceProperties", in: event, &problems) ?? JSONObject()
        oldProperties =
            type == .update && problems.isEmpty ? Self.object("OldResourceProperties", in: event, &problems) : nil
        serviceToken = event["ServiceToken"]?.string ?? properties["ServiceToken"]?.string
        if address.physicalResourceID == nil, type != .create, problems.isEmpty {
            problems.append("The event has no text in its member PhysicalResourceId, which a \(type.rawValue) has.")
        }
        guard problems.isEmpty else { throw MalformedEvent(problems) }
    }

    private static func object(
        _ name: String, in event: JSONValue, _ problems: inout [String]
    ) -> JSONObject? {
        switch event[name] {
        // CloudFormation leaves the member out when a resource has no property but its token.
        case nil, .null: return nil
        case .object(let object): return object
        case .some(let other):
            problems.append("\(name) is \(other.kind); it must be an object.")
            return nil
        }
    }

    /// What is asked of what, without the URL and the properties.
    public var description: String { "\(type.rawValue) \(resourceType), \(address)" }
}
