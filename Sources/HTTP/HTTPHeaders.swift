internal import Glibc

/// The header fields of a message (RFC 9110, section 5): ordered, repeatable, names compared without case.
///
/// A linear list, since a message has some twenty fields: looking one up costs less than hashing its name.
public struct HTTPHeaders: Sendable, Hashable {
    /// One field line.
    public struct Field: Sendable, Hashable {
        /// The name as it was given; compare it with ``HTTPHeaders/sameName(_:_:)``.
        public var name: String
        /// The value without surrounding white space.
        public var value: String

        /// Makes a field; nothing is checked until it is sent (see ``isValid``).
        public init(name: String, value: String) {
            self.name = name
            self.value = value
        }

        /// Whether the field may go on the wire: the name is a token, the value has no CR, LF or NUL (RFC 9110, 5.5).
        public var isValid: Bool {
            HTTPToken.isToken(name) && HTTPToken.isFieldValue(value)
        }
    }

    /// The field lines in order.
    public private(set) var fields: [Field]

    /// No fields.
    public init() {
        fields = []
    }

    /// The fields of an ordered sequence.
    public init(_ fields: some Sequence<Field>) {
        self.fields = Array(fields)
    }

    /// The first value of the field, or nil. Setting replaces every line of that name; nil removes them.
    public subscript(name: String) -> String? {
        get { fields.first { Self.sameName($0.name, name) }?.value }
        set {
            guard let newValue else { return remove(name) }
            guard let index = fields.firstIndex(where: { Self.sameName($0.name, name) }) else {
                return append(name, newValue)
            }
            fields[index].value = newValue
            var rest = fields[(index + 1)...]
            rest.removeAll { Self.sameName($0.name, name) }
            fields.replaceSubrange((index + 1)..., with: rest)
        }
    }

    /// Every value of the field, in order.
    public func values(_ name: String) -> [String] {
        fields.compactMap { Self.sameName($0.name, name) ? $0.value : nil }
    }

    /// Whether there is a field of this name.
    public func contains(_ name: String) -> Bool {
        fields.contains { Self.sameName($0.name, name) }
    }

    /// Adds a line at the end, beside others of the same name.
    public mutating func append(_ name: String, _ value: String) {
        fields.append(Field(name: name, value: value))
    }

    /// Removes every line of the name.
    public mutating func remove(_ name: String) {
        fields.removeAll { Self.sameName($0.name, name) }
    }

    /// Removes every line for which the predicate holds.
    public mutating func removeAll(where predicate: (Field) throws -> Bool) rethrows {
        try fields.removeAll(where: predicate)
    }

    /// Makes room for a number of lines.
    public mutating func reserveCapacity(_ count: Int) {
        fields.reserveCapacity(count)
    }

    /// Whether two field names are the same: ASCII letters compare without case.
    public static func sameName(_ left: String, _ right: String) -> Bool {
        let count = left.utf8.count
        guard count == right.utf8.count else { return false }
        return left.withUTF8Bytes { left in
            right.withUTF8Bytes { right in
                guard let left = left.baseAddress, let right = right.baseAddress else { return true }
                // The process never sets a locale, so this compares ASCII letters without case and nothing else.
                return strncasecmp(left, right, count) == 0
            }
        }
    }
}

extension HTTPHeaders: ExpressibleByDictionaryLiteral {
    /// `["content-type": "text/plain"]`, in the order written.
    public init(dictionaryLiteral elements: (String, String)...) {
        fields = elements.map { Field(name: $0, value: $1) }
    }
}

extension HTTPHeaders: Sequence {
    /// The field lines in order.
    public func makeIterator() -> IndexingIterator<[Field]> {
        fields.makeIterator()
    }
}
