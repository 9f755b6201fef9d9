public import JSON

/// What came of a custom-resource request.
public struct CustomResourceReport: Sendable {
    /// How often what happened.
    public struct Counts: Sendable, Equatable {
        /// Requests to the ResponseURL, refused ones included.
        public var puts = 0
        /// Whether the first answer that was stored can be used: 1 or 0.
        public var validAnswers = 0
        /// Answers stored after the first one, which CloudFormation disregards.
        public var duplicateAnswers = 0
        /// Invocations of the function.
        public var invocations = 0
        /// Invocations again after one that failed.
        public var retries = 0
        /// Times the function handed its work over.
        public var handOvers = 0
        /// Records of failure that were delivered to the function.
        public var failureRecords = 0

        /// Makes counts.
        public init(
            puts: Int = 0, validAnswers: Int = 0, duplicateAnswers: Int = 0, invocations: Int = 0, retries: Int = 0,
            handOvers: Int = 0, failureRecords: Int = 0
        ) {
            self.puts = puts
            self.validAnswers = validAnswers
            self.duplicateAnswers = duplicateAnswers
            self.invocations = invocations
            self.retries = retries
            self.handOvers = handOvers
            self.failureRecords = failureRecords
        }
    }

    /// What CloudFormation makes of it.
    public var verdict: AnswerVerdict
    /// The answer as CloudFormation got it, or nil.
    public var answer: [UInt8]?
    /// How often what happened.
    public var counts: Counts
    /// The number of the last hand-over, as the function itself counts them; 0 without any.
    public var hops: Int
    /// Why requests to the ResponseURL and to Lambda were refused.
    public var refusals: [String]
    /// From the first delivery to the answer, or nil.
    public var answeredAfter: Duration?
    /// From the first delivery until nothing was left to do.
    public var elapsed: Duration

    /// Everything, for a person and for a script.
    public var json: JSONValue {
        [
            "outcome": .string(verdict.name), "message": verdict.message.map { .string($0) } ?? .null,
            "answer": answer.map(Self.shown) ?? .null,
            "counts": [
                "puts": .integer(counts.puts), "validAnswers": .integer(counts.validAnswers),
                "duplicateAnswers": .integer(counts.duplicateAnswers), "invocations": .integer(counts.invocations),
                "retries": .integer(counts.retries), "handOvers": .integer(counts.handOvers),
                "failureRecords": .integer(counts.failureRecords),
            ],
            "hops": .integer(hops), "refusals": .array(refusals.map { .string($0) }),
            "answeredAfterSeconds": answeredAfter.map { .number($0.inThousandths) } ?? .null,
            "elapsedSeconds": .number(elapsed.inThousandths),
        ]
    }

    private static func shown(_ body: [UInt8]) -> JSONValue {
        (try? JSONValue(parsing: body)) ?? .string(String(decoding: body, as: UTF8.self))
    }
}

extension Duration {
    /// Seconds with three decimals.
    fileprivate var inThousandths: String {
        let milliseconds = max(0, components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000)
        let rest = String(milliseconds % 1_000)
        return "\(milliseconds / 1_000)." + String(repeating: "0", count: 3 - rest.utf8.count) + rest
    }
}
