internal import CloudFormation

/// The patterns and lengths of SageMaker's service model for MLflow, checked before any call.
enum ServiceRules {
    /// `[a-zA-Z0-9](-*[a-zA-Z0-9]){0,255}`
    static let name = TextRule(
        "1 to 256 letters, digits or hyphens, with a letter or digit first and last"
    ) { text in
        (1...256).contains(text.utf8.count) && isWord(text, or: "-") && text.utf8.first != hyphen
            && text.utf8.last != hyphen
    }

    /// `(https|s3)://([^/]+)/?(.*)`, at most 1024 characters
    static let storeURI = TextRule("a place in S3 such as s3://bucket/prefix") { text in
        guard text.unicodeScalars.count <= 1_024 else { return false }
        return ["s3://", "https://"].contains { scheme in
            guard text.hasPrefix(scheme) else { return false }
            let rest = text.utf8.dropFirst(scheme.utf8.count)
            return rest.first != nil && rest.first != UInt8(ascii: "/")
                && !rest.contains { $0 < 0x20 || $0 == 0x7F }
        }
    }

    /// `arn:aws[a-z\-]*:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+`, 20 to 2048 characters
    static let roleARN = TextRule("the ARN of a role, such as arn:aws:iam::123456789012:role/mlflow") { text in
        let parts = text.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        guard (20...2_048).contains(text.utf8.count), parts.count == 6, parts[0] == "arn", parts[1].hasPrefix("aws"),
            parts[1].utf8.allSatisfy({ (0x61...0x7A).contains($0) || $0 == hyphen }), parts[2] == "iam",
            parts[3].isEmpty, isAccountID(parts[4]), parts[5].hasPrefix("role")
        else { return false }
        let path = parts[5].dropFirst("role".count)
        return path.drop { $0 == "/" }.utf8.count > 0 && isWord(String(path), or: "+=,.@-_/")
    }

    /// `(Mon|Tue|Wed|Thu|Fri|Sat|Sun):([01]\d|2[0-3]):([0-5]\d)`
    static let maintenanceWindow = TextRule("a day and a time in UTC such as Tue:03:30") { text in
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 3, ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"].contains(parts[0]),
            let hour = number(parts[1]), let minute = number(parts[2])
        else { return false }
        return hour < 24 && minute < 60
    }

    /// `d-(-*[a-z0-9]){1,61}`, at most 63 characters
    static let domainID = TextRule("the id of a domain such as d-abc123") { text in
        let rest = text.utf8.dropFirst(2)
        return text.hasPrefix("d-") && text.utf8.count <= 63 && !rest.isEmpty && rest.last != hyphen
            && rest.allSatisfy { isDigit($0) || (0x61...0x7A).contains($0) || $0 == hyphen }
    }

    /// `[a-zA-Z0-9:/_-]*`, at most 2048 characters
    static let kmsKeyID = TextRule("the id, alias or ARN of a KMS key") { text in
        (1...2_048).contains(text.utf8.count) && isWord(text, or: ":/_-")
    }

    /// `[0-9]*.[0-9]*.[0-9]*`, at most 16 characters, whose dots stand for anything: most versions are known by two numbers alone
    static let version = TextRule("a version of MLflow such as 3.0 or 2.13.2") { text in
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        return text.utf8.count <= 16 && (2...3).contains(parts.count)
            && parts.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy(isDigit) }
    }

    /// 12 digits
    static let accountID = TextRule("an account id of 12 digits") { isAccountID(Substring($0)) }

    private static let hyphen = UInt8(ascii: "-")

    private static func isAccountID(_ text: Substring) -> Bool {
        text.utf8.count == 12 && text.utf8.allSatisfy(isDigit)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    private static func isWord(_ text: String, or others: String) -> Bool {
        text.utf8.allSatisfy { isDigit($0) || (0x61...0x7A).contains($0 | 0x20) || others.utf8.contains($0) }
    }

    /// Two digits.
    private static func number(_ text: Substring) -> Int? {
        text.utf8.count == 2 && text.utf8.allSatisfy(isDigit) ? Int(text) : nil
    }
}
