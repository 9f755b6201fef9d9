/// What a resource has become: its id and what `Fn::GetAtt` gives of it.
public struct ResourceOutcome: Sendable, Hashable {
    /// One attribute, for `Fn::GetAtt`.
    public struct Attribute: Sendable, Hashable {
        /// The name.
        public var name: String
        /// The value. CloudFormation reaches texts only: join lists with commas.
        public var value: String
        /// Whether the value may be cut when the answer is too long: for a report, say, never for an ARN.
        public var mayShorten: Bool

        /// Makes an attribute.
        public init(_ name: String, _ value: String, mayShorten: Bool = false) {
            self.name = name
            self.value = value
            self.mayShorten = mayShorten
        }
    }

    /// The id. Another one than before, in answer to an Update, makes CloudFormation delete the old one later.
    public var physicalID: String
    /// The attributes. Always give the same names: `Fn::GetAtt` of a missing one fails.
    public var attributes: [Attribute]
    /// Whether the attributes are secret, so that CloudFormation masks them.
    public var noEcho: Bool

    /// Makes an outcome.
    public init(physicalID: String, attributes: [Attribute] = [], noEcho: Bool = false) {
        self.physicalID = physicalID
        self.attributes = attributes
        self.noEcho = noEcho
    }
}
