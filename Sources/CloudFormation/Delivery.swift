public import JSON

/// One event of the function, and how it came: as CloudFormation's request, as the work this function handed over to
/// itself, or as the record of an invocation that failed.
///
/// Records come from Lambda itself, by a topic or by a bus. A queue is no destination for them: Amazon SQS would hand them
/// over in batches, late, when nobody waits for the answer any more. Its events are refused.
public struct Delivery: Sendable, Hashable {
    /// How the event came.
    public enum Kind: Sendable, Hashable {
        /// CloudFormation's request.
        case request
        /// The record of an asynchronous invocation that failed for good; the sentence says why.
        case failure(String)
        /// The record of an invocation that succeeded, for which there is nothing to do.
        case success
    }

    /// How the event came.
    public let kind: Kind
    /// CloudFormation's request.
    public let event: JSONValue
    /// What the work had come to when it was handed over; nil at its beginning.
    public let handover: Handover?

    /// Wrappings within wrappings that are opened: a record, by a topic or a bus, of work handed over.
    private static let maximumWrappings = 4

    /// Reads an event.
    ///
    /// - Throws: ``MalformedEvent`` when it is no JSON or its wrapping is not as AWS makes it.
    public init(parsing bytes: [UInt8]) throws(MalformedEvent) {
        let value: JSONValue
        do { value = try JSONValue(parsing: bytes) } catch { throw MalformedEvent(["The event is \(error)."]) }
        try self.init(value)
    }

    /// Reads an event.
    ///
    /// - Throws: ``MalformedEvent`` when its wrapping is not as AWS makes it.
    public init(_ value: JSONValue) throws(MalformedEvent) {
        var value = value
        var kind = Kind.request
        for _ in 0..<Self.maximumWrappings {
            if let records = value["Records"] {
                do throws(MalformedEvent) {
                    value = try Self.message(of: records)
                } catch {
                    // What failed was no delivery of a topic; its record is one all the same.
                    guard kind == .request else { break }
                    throw error
                }
            } else if Self.isRecord(value["detail"]), let detail = value["detail"] {
                value = detail
            } else if Self.isRecord(value), let payload = value["requestPayload"] {
                if kind == .request { kind = Self.condition(of: value) }
                value = payload
            } else {
                break
            }
        }
        self.kind = kind
        handover = try Self.handover(in: value, kind)
        event = handover?.event ?? value
    }

    /// The work handed over that an event is, or nil when it is none. A record may be of something else that looks alike.
    private static func handover(in value: JSONValue, _ kind: Kind) throws(MalformedEvent) -> Handover? {
        guard let content = value[Handover.key] else { return nil }
        return kind == .request ? try Handover(content) : try? Handover(content)
    }

    /// Whether the event is one for a custom resource, for a function that has other events too.
    public static func recognizes(_ value: JSONValue) -> Bool {
        value["ResponseURL"] != nil || value[Handover.key] != nil || isRecord(value) || isRecord(value["detail"])
            || value["Records"]?.array?.first?["Sns"] != nil
    }

    /// Amazon SNS puts the text into the message of the one record of a delivery.
    private static func message(of records: JSONValue) throws(MalformedEvent) -> JSONValue {
        guard let records = records.array, records.count == 1, let text = records[0]["Sns"]?["Message"]?.string else {
            throw MalformedEvent(["The event has Records, but not the one record of an SNS topic."])
        }
        do { return try JSONValue(parsing: text) } catch {
            throw MalformedEvent(["The SNS message is \(error)."])
        }
    }

    /// Whether this is the record Lambda sends to an asynchronous invocation's destination.
    private static func isRecord(_ value: JSONValue?) -> Bool {
        value?["requestPayload"] != nil && value?["requestContext"]?["condition"] != nil
    }

    private static func condition(of record: JSONValue) -> Kind {
        let context = record["requestContext"]
        let condition = context?["condition"]?.string ?? ""
        guard condition != "Success" else { return .success }
        var text = "The function did not end its work"
        switch condition {
        case "RetriesExhausted":
            text += context?["approximateInvokeCount"]?.integer.map { " in \($0) tries" } ?? ""
        case "EventAgeExceeded": text += ": its event waited in Lambda's queue for too long"
        default: text += " (\(condition))"
        }
        if let message = record["responsePayload"]?["errorMessage"]?.string, !message.isEmpty {
            text += ": \(message)"
        }
        text += "."
        if let id = context?["requestId"]?.string { text += " See its log, request \(id)." }
        return .failure(text)
    }
}
