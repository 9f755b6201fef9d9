/// An element of an XML document as AWS answers are read: local names, text and children. Attributes, comments and
/// processing instructions are checked and left out.
public struct XMLElement: Sendable, Hashable {
    /// The name without its namespace prefix.
    public var name: String
    /// The character data directly inside the element, entities replaced.
    public var text: String
    /// The elements directly inside, in order.
    public var children: [XMLElement]

    /// Makes an element of its parts.
    public init(name: String, text: String = "", children: [XMLElement] = []) {
        self.name = name
        self.text = text
        self.children = children
    }

    /// The first child of the name, or nil.
    public subscript(name: String) -> XMLElement? {
        children.first { $0.name == name }
    }

    /// Every child of the name, in order.
    public func children(_ name: String) -> [XMLElement] {
        children.filter { $0.name == name }
    }

    /// The first element of the name here or anywhere below, in the order of the document.
    public func first(_ name: String) -> XMLElement? {
        if self.name == name { return self }
        for child in children {
            if let found = child.first(name) { return found }
        }
        return nil
    }
}

/// Why a text is not XML, and where.
public struct XMLError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The byte at which reading stopped, counted from 0.
    public var offset: Int
    /// What is wrong there.
    public var reason: String

    /// Makes an error about a place in the text.
    public init(offset: Int, reason: String) {
        self.offset = offset
        self.reason = reason
    }

    /// `not valid XML at byte 17: the end tag </a> does not close <b>`
    public var description: String {
        "not valid XML at byte \(offset): \(reason)"
    }
}
