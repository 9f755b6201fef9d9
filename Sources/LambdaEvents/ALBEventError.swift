/// Why an event cannot be read as a request of an Application Load Balancer.
public struct ALBEventError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong and what to do, in one or two sentences; nothing of the event's values.
    public var description: String

    init(_ description: String) {
        self.description = description
    }
}

extension ALBEventError {
    static func missing(_ member: String) -> ALBEventError {
        ALBEventError("The ALB target event has no \(member): an Application Load Balancer always sends it.")
    }

    /// - Parameter member: The member's name, of which no more than 200 bytes are shown: it may come from outside.
    static func wrongType(_ member: String, expected: String, found: String) -> ALBEventError {
        let member = member.utf8.count > 200 ? String(decoding: member.utf8.prefix(200), as: UTF8.self) + "…" : member
        return ALBEventError("The ALB target event cannot be read: \(member) should be \(expected) and is \(found).")
    }
}
