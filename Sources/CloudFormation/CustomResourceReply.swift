public import JSON

/// An answer to CloudFormation.
public struct CustomResourceReply: Sendable, Hashable {
    /// The largest body CloudFormation reads, in bytes.
    public static let maximumBytes = 4_096

    /// Whether it worked.
    public enum Status: String, Sendable, Hashable {
        /// It worked.
        case success = "SUCCESS"
        /// It did not; the reason says why.
        case failed = "FAILED"
    }

    /// Whether it worked.
    public private(set) var status: Status
    /// What the user sees in the stack's events, on one line; always there with a failure.
    public private(set) var reason: String?
    /// The resource's id, never empty.
    public let physicalResourceID: String
    /// The attributes for `Fn::GetAtt`.
    public private(set) var attributes: [ResourceOutcome.Attribute]
    /// Whether CloudFormation masks the attributes.
    public let noEcho: Bool
    private let address: ReplyAddress

    /// An answer that it worked.
    init(success outcome: ResourceOutcome, to address: ReplyAddress) {
        status = .success
        reason = nil
        physicalResourceID = outcome.physicalID
        attributes = outcome.attributes
        noEcho = outcome.noEcho
        self.address = address
    }

    /// An answer that it did not work. The reason is put on one line, secrets taken out.
    init(failure reason: String, physicalID: String, to address: ReplyAddress, redaction: Redaction) {
        status = .failed
        let line = Self.singleLine(redaction.apply(to: reason))
        self.reason = line.isEmpty ? "The work failed without saying why; see the function's log." : line
        physicalResourceID = physicalID
        attributes = []
        noEcho = false
        self.address = address
    }

    /// The answer as JSON; it may be too long.
    public var json: JSONValue {
        var members = JSONObject([.init(name: "Status", value: .string(status.rawValue))])
        members["Reason"] = reason.map(JSONValue.string)
        members.append("PhysicalResourceId", .string(physicalResourceID))
        members.append("StackId", .string(address.stackID))
        members.append("RequestId", .string(address.requestID))
        members.append("LogicalResourceId", .string(address.logicalResourceID))
        if noEcho { members.append("NoEcho", true) }
        if !attributes.isEmpty {
            members.append(
                "Data", .object(JSONObject(attributes.map { .init(name: $0.name, value: .string($0.value)) })))
        }
        return .object(members)
    }

    /// The body to be sent, 4096 bytes at most: attributes that may be cut are cut, the longest first, then the middle of
    /// the reason. Attributes that are too long and may not be cut turn the answer into a failure that says so, since a
    /// cut name of something is a wrong one.
    public var body: [UInt8] { fitted.json.encoded }

    /// The answer within the limit.
    var fitted: CustomResourceReply {
        var reply = self
        reply.shortenAttributes()
        let excess = reply.excess
        guard excess > 0 else { return reply }
        if !reply.attributes.isEmpty {
            reply.status = .failed
            reply.reason =
                "The resource exists, but its attributes are \(excess) bytes too long for an answer of "
                + "\(Self.maximumBytes) bytes, and none of them may be cut."
            reply.attributes = []
            return reply.fitted
        }
        if let reason = reply.reason {
            reply.reason = EncodedText.middleCut(reason, within: EncodedText.length(reason) - excess)
        }
        return reply
    }

    private var excess: Int { json.encoded.count - Self.maximumBytes }

    private mutating func shortenAttributes() {
        let order = attributes.indices.filter { attributes[$0].mayShorten }
            .map { (index: $0, length: EncodedText.length(attributes[$0].value)) }
            .sorted { $0.length > $1.length }
        for (index, length) in order {
            let excess = excess
            guard excess > 0 else { return }
            attributes[index].value = EncodedText.middleCut(attributes[index].value, within: max(0, length - excess))
        }
    }

    /// The text with all white space and control characters between words as one space.
    static func singleLine(_ text: String) -> String {
        text.unicodeScalars.split { $0.properties.isWhitespace || $0.value < 0x20 || $0.value == 0x7F }
            .map { String($0) }.joined(separator: " ")
    }
}
