public import JSON

/// A custom-resource request as a person writes it down, without the members that only CloudFormation can know.
///
/// What is missing, or is such that CloudFormation never sends it (`<fill in>`, `${Stack}`), is filled in.
public struct SampleRequest: Sendable {
    /// The longest that CloudFormation waits for an answer, in seconds.
    public static let longestWait = 3_600

    /// The request but for its ResponseURL.
    private var event: JSONObject

    /// Whether the event asks for a custom resource.
    public static func recognizes(_ value: JSONValue) -> Bool {
        guard let type = value["RequestType"]?.string else { return false }
        return ["Create", "Update", "Delete"].contains(type) && value["ResourceType"]?.string != nil
    }

    /// Whether nobody could take the answer: the ResponseURL is missing, or is not a presigned one.
    public static func lacksResponseURL(_ value: JSONValue) -> Bool {
        guard let url = value["ResponseURL"]?.string, url.hasPrefix("https://") || url.hasPrefix("http://") else {
            return true
        }
        return !url.contains("Signature=")
    }

    /// Completes a request.
    ///
    /// - Parameters:
    ///   - sample: What is written down.
    ///   - function: Whose ARN, region and account are filled in.
    ///   - serviceTimeout: The property `ServiceTimeout`, in seconds, or nil to leave it as it is.
    /// - Throws: ``LocalError`` when it is no custom-resource request.
    public init(
        _ sample: JSONValue, for function: FunctionConfiguration, serviceTimeout: Int? = nil
    ) throws(LocalError) {
        guard var event = sample.object, Self.recognizes(sample) else {
            throw LocalError(
                "The event is no custom-resource request: it needs RequestType (Create, Update or Delete) and "
                    + "ResourceType, such as Custom::VPCCleanup.")
        }
        if let properties = event["ResourceProperties"], properties.object == nil {
            throw LocalError("ResourceProperties is \(properties.kind); it must be an object.")
        }
        let token = Self.text(event["ServiceToken"], beginning: "arn:") ?? function.arn
        let type = (event["ResourceType"]?.string ?? "").split(separator: ":").last.map(String.init) ?? ""
        let letters = type.filter { $0.isASCII && ($0.isLetter || $0.isNumber) }
        let logicalID = Self.text(event["LogicalResourceId"]) ?? (letters.isEmpty ? "Resource" : letters)
        // All that name no stack are of one: what a Create made is known by its stack when an Update or a Delete comes.
        let stackID =
            Self.text(event["StackId"], beginning: "arn:")
            ?? "arn:aws:cloudformation:\(function.region):\(function.accountID):stack/local/\(Self.localStack)"
        event["ServiceToken"] = .string(token)
        event["StackId"] = .string(stackID)
        event["RequestId"] = .string(Self.text(event["RequestId"]) ?? RandomID.uuid())
        event["LogicalResourceId"] = .string(logicalID)
        var properties = event["ResourceProperties"]?.object ?? JSONObject()
        properties["ServiceToken"] = .string(token)
        if let serviceTimeout { properties["ServiceTimeout"] = .string(String(serviceTimeout)) }
        event["ResourceProperties"] = .object(properties)
        switch event["RequestType"]?.string {
        case "Create": event["PhysicalResourceId"] = nil
        default:
            // CloudFormation makes one up for a Create that never gave an id.
            let madeUp = "\(Self.stackName(stackID))-\(logicalID)-\(RandomID.hex(12).uppercased())"
            event["PhysicalResourceId"] = .string(Self.text(event["PhysicalResourceId"]) ?? madeUp)
        }
        if event["RequestType"] == "Update", event["OldResourceProperties"]?.object == nil {
            event["OldResourceProperties"] = .object(JSONObject([.init(name: "ServiceToken", value: .string(token))]))
        }
        self.event = event
    }

    private static let localStack = "6c6f6361-6c00-4000-8000-000000000000"

    /// `Create`, `Update` or `Delete`.
    public var requestType: String { text("RequestType") }
    /// The stack's ARN.
    public var stackID: String { text("StackId") }
    /// The request's id.
    public var requestID: String { text("RequestId") }
    /// The resource's name in the template.
    public var logicalResourceID: String { text("LogicalResourceId") }
    /// The resource's id so far; nil for a Create.
    public var physicalResourceID: String? { event["PhysicalResourceId"]?.string }
    /// The key of the answer in S3, as CloudFormation's own messages show it.
    public var object: String { "\(stackID)|\(logicalResourceID)|\(requestID)" }

    /// How long CloudFormation waits for the answer, in seconds: an hour, or what the property `ServiceTimeout` says.
    public var serviceTimeout: Int {
        let value = event["ResourceProperties"]?["ServiceTimeout"]
        let seconds = value?.string.flatMap { Int($0) } ?? value?.integer.map { Int(clamping: $0) }
        return seconds.map { min(max(1, $0), Self.longestWait) } ?? Self.longestWait
    }

    /// The event as Lambda gets it.
    public func encoded(responseURL: String) -> [UInt8] {
        var event = event
        event["ResponseURL"] = .string(responseURL)
        return JSONValue.object(event).encoded
    }

    private func text(_ name: String) -> String { event[name]?.string ?? "" }

    /// A text that CloudFormation could have sent.
    private static func text(_ value: JSONValue?, beginning prefix: String = "") -> String? {
        guard let text = value?.string, !text.isEmpty, text.hasPrefix(prefix),
            !text.contains(where: { $0 == " " || $0 == "<" || $0 == ">" }), !text.contains("${")
        else { return nil }
        return text
    }

    private static func stackName(_ stackID: String) -> String {
        let parts = stackID.split(separator: "/")
        return parts.count > 1 ? String(parts[1]) : "local"
    }
}
