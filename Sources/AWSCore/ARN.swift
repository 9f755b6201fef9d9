/// An Amazon Resource Name: `arn:partition:service:region:account:resource`.
public struct ARN: Sendable, Hashable, CustomStringConvertible {
    /// The partition, which fits the region.
    public let partition: AWSPartition
    /// The service's name: `sagemaker`.
    public let service: String
    /// The region; empty for the resources of global services.
    public let region: String
    /// The account's twelve digits; empty for resources that have none, such as buckets.
    public let accountID: String
    /// All that follows the fifth colon: `mlflow-app/app-ABC`.
    public let resource: String

    /// Reads an ARN.
    ///
    /// - Throws: ``ARNError``, which says which part is wrong.
    public init(parsing text: String) throws(ARNError) {
        let parts = text.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false).map(String.init)
        guard parts.first == "arn" else { throw ARNError(text, "it does not start with \"arn:\"") }
        guard parts.count == 6 else {
            throw ARNError(text, "it has \(parts.count) parts instead of arn:partition:service:region:account:resource")
        }
        guard let partition = AWSPartition(id: parts[1]) else {
            throw ARNError(text, "there is no partition \"\(parts[1])\"")
        }
        guard !parts[2].isEmpty, ASCII.isWord(parts[2], or: "-.") else {
            throw ARNError(text, "\"\(parts[2])\" is not a service")
        }
        guard ASCII.isWord(parts[3], or: "-") else { throw ARNError(text, "\"\(parts[3])\" is not a region") }
        let implied = AWSPartition(region: parts[3])
        guard parts[3].isEmpty || implied == partition else {
            throw ARNError(text, "region \(parts[3]) is in partition \(implied), not in \(partition)")
        }
        guard parts[4].isEmpty || parts[4] == "aws" || Self.isAccountID(parts[4]) else {
            throw ARNError(text, "the account \"\(parts[4])\" is not twelve digits")
        }
        guard !parts[5].isEmpty else { throw ARNError(text, "the resource is missing") }
        guard parts[5].unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value != 0x7F }) else {
            throw ARNError(text, "the resource has a space or a control character in it")
        }
        self.partition = partition
        service = parts[2]
        region = parts[3]
        accountID = parts[4]
        resource = parts[5]
    }

    /// The ARN as text.
    public var description: String { "arn:\(partition):\(service):\(region):\(accountID):\(resource)" }

    static func isAccountID(_ text: String) -> Bool {
        text.utf8.count == 12 && text.utf8.allSatisfy(ASCII.isDigit)
    }
}

/// Why a text is not an ARN.
public struct ARNError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The text.
    public var text: String
    /// What is wrong with it.
    public var reason: String

    init(_ text: String, _ reason: String) {
        self.text = text
        self.reason = reason
    }

    /// `"arn:aws:iam::12:role/x" is not an ARN: the account "12" is not twelve digits`
    public var description: String { "\"\(text)\" is not an ARN: \(reason)" }
}
