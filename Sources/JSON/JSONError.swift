/// Why a text is not JSON, and where.
public struct JSONError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The byte at which reading stopped, counted from 0.
    public var offset: Int
    /// What is wrong there.
    public var reason: String

    /// Makes an error about a place in the text.
    public init(offset: Int, reason: String) {
        self.offset = offset
        self.reason = reason
    }

    /// `not valid JSON at byte 17: a comma or } is missing`
    public var description: String {
        "not valid JSON at byte \(offset): \(reason)"
    }
}
