/// A partition: a set of regions with its own accounts and host names.
public struct AWSPartition: Sendable, Hashable, CustomStringConvertible {
    /// The partition's name as it stands in ARNs: `aws`.
    public let id: String
    /// The end of host names: `amazonaws.com`.
    public let dnsSuffix: String
    /// The end of the names of hosts that have IPv6 addresses too: `api.aws`.
    public let dualStackDNSSuffix: String
    /// The first parts of the partition's regions, up to the direction: `us-gov-` in `us-gov-west-1`.
    private let regionPrefixes: [String]

    private init(_ id: String, _ dnsSuffix: String, _ dualStackDNSSuffix: String, _ regionPrefixes: [String]) {
        self.id = id
        self.dnsSuffix = dnsSuffix
        self.dualStackDNSSuffix = dualStackDNSSuffix
        self.regionPrefixes = regionPrefixes
    }

    /// The commercial regions.
    public static let aws = AWSPartition(
        "aws", "amazonaws.com", "api.aws", ["us-", "eu-", "ap-", "sa-", "ca-", "me-", "af-", "il-", "mx-"])

    /// Every partition there is, the commercial one first.
    public static let all = [
        aws,
        AWSPartition("aws-cn", "amazonaws.com.cn", "api.amazonwebservices.com.cn", ["cn-"]),
        AWSPartition("aws-us-gov", "amazonaws.com", "api.aws", ["us-gov-"]),
        AWSPartition("aws-eusc", "amazonaws.eu", "api.amazonwebservices.eu", ["eusc-de-"]),
        AWSPartition("aws-iso", "c2s.ic.gov", "api.aws.ic.gov", ["us-iso-"]),
        AWSPartition("aws-iso-b", "sc2s.sgov.gov", "api.aws.scloud", ["us-isob-"]),
        AWSPartition("aws-iso-e", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk", ["eu-isoe-"]),
        AWSPartition("aws-iso-f", "csp.hci.ic.gov", "api.aws.hci.ic.gov", ["us-isof-"]),
    ]

    /// The partition of that name, or nil.
    public init?(id: String) {
        guard let partition = Self.all.first(where: { $0.id == id }) else { return nil }
        self = partition
    }

    /// The partition a region lies in. A region of a form that is not known counts as commercial, as in the SDKs.
    public init(region: String) {
        self = Self.all.first { $0.contains(region) } ?? .aws
    }

    /// The partition's name.
    public var description: String { id }

    /// Whether the region is one of the prefixes, a word and a number: `us-` with `east` and `1`.
    private func contains(_ region: String) -> Bool {
        regionPrefixes.contains { prefix in
            guard region.hasPrefix(prefix) else { return false }
            let rest = region.dropFirst(prefix.count).split(separator: "-", omittingEmptySubsequences: false)
            return rest.count == 2 && rest.allSatisfy { !$0.isEmpty } && rest[0].utf8.allSatisfy(ASCII.isWord)
                && rest[1].utf8.allSatisfy(ASCII.isDigit)
        }
    }
}
