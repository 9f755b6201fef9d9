/// The operations of an executable GraphQL document (GraphQL specification, October 2021, section 2.3).
///
/// What stands between the brackets of an operation is not looked into: its fields can do no more than its kind says.
/// Everything outside of them is, so that no second operation goes unseen.
struct GraphQLDocument {
    /// One operation.
    struct Operation: Equatable {
        /// `query`, `mutation` or `subscription`.
        var kind: String
        /// Its name, when it has one.
        var name: String?
    }

    /// The operations, in order; fragments are none.
    private(set) var operations: [Operation] = []

    private let tokens: [GraphQLToken]
    private var position = 0

    /// Reads a document; nil when it has a fault, or defines a type.
    init?(_ text: String) {
        guard let tokens = GraphQLLexer.tokens(text) else { return nil }
        self.tokens = tokens
        while position < tokens.count {
            guard readDefinition() else { return nil }
        }
    }

    /// Whether a name anywhere in the document says that something is removed.
    var soundsDeleting: Bool {
        tokens.contains { token in
            if case .name(let name) = token { RequestAccess.soundsDeleting(name.utf8) } else { false }
        }
    }

    private mutating func readDefinition() -> Bool {
        if next == Self.openBrace {
            operations.append(Operation(kind: "query"))
            return skipBrackets()
        }
        guard let keyword = takeName() else { return false }
        switch keyword {
        case "query", "mutation", "subscription":
            operations.append(Operation(kind: keyword, name: takeName()))
            if next == Self.openParenthesis, !skipBrackets() { return false }
        case "fragment":
            guard let name = takeName(), name != "on", takeName() == "on", takeName() != nil else { return false }
        default: return false
        }
        return skipDirectives() && next == Self.openBrace && skipBrackets()
    }

    /// `@name`, `@name(…)`, any number of them.
    private mutating func skipDirectives() -> Bool {
        while next == .punctuator(UInt8(ascii: "@")) {
            position += 1
            guard takeName() != nil else { return false }
            if next == Self.openParenthesis, !skipBrackets() { return false }
        }
        return true
    }

    /// Skips from the bracket that is next to the one that closes it; false when one in between closes another.
    private mutating func skipBrackets() -> Bool {
        var open: [UInt8] = []
        while let token = next {
            position += 1
            guard case .punctuator(let byte) = token else { continue }
            switch byte {
            case UInt8(ascii: "("): open.append(UInt8(ascii: ")"))
            case UInt8(ascii: "["): open.append(UInt8(ascii: "]"))
            case UInt8(ascii: "{"): open.append(UInt8(ascii: "}"))
            case UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: "}"):
                guard open.popLast() == byte else { return false }
                if open.isEmpty { return true }
            default: break
            }
        }
        return false
    }

    private mutating func takeName() -> String? {
        guard case .name(let name) = next else { return nil }
        position += 1
        return name
    }

    private var next: GraphQLToken? { position < tokens.count ? tokens[position] : nil }

    private static let openBrace = GraphQLToken.punctuator(UInt8(ascii: "{"))
    private static let openParenthesis = GraphQLToken.punctuator(UInt8(ascii: "("))
}
