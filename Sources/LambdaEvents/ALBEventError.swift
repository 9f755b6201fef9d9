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

    static func wrongType(_ member: String, expected: String, found: String) -> ALBEventError {
        ALBEventError("The ALB target event cannot be read: \(member) should be \(expected) and is \(found).")
    }
}
