/// What is to be known of a service to call it: host names and the name it is signed with.
public struct AWSService: Sendable, Hashable, CustomStringConvertible {
    /// The service's name in messages: `sts`.
    public let name: String
    /// The service's name in a signature, which may differ from its host: `sagemaker`.
    public let signingName: String
    /// The end of `AWS_ENDPOINT_URL_…`, the variable with the service's endpoint.
    public let environmentName: String
    /// The first labels of the host name.
    let host: String
    /// The same, for a FIPS 140 host.
    let fipsHost: String
    /// Whether the plain hosts in `aws-us-gov` are the FIPS ones.
    let isAlwaysFIPSInGovCloud: Bool

    private init(
        _ name: String, host: String? = nil, signingName: String? = nil,
        environmentName: String, isAlwaysFIPSInGovCloud: Bool = false
    ) {
        self.name = name
        self.host = host ?? name
        fipsHost = "\(host ?? name)-fips"
        self.signingName = signingName ?? name
        self.environmentName = environmentName
        self.isAlwaysFIPSInGovCloud = isAlwaysFIPSInGovCloud
    }

    /// Security Token Service.
    public static let sts = AWSService("sts", environmentName: "STS", isAlwaysFIPSInGovCloud: true)
    /// Elastic Compute Cloud.
    public static let ec2 = AWSService("ec2", environmentName: "EC2", isAlwaysFIPSInGovCloud: true)
    /// Elastic File System.
    public static let efs = AWSService(
        "efs", host: "elasticfilesystem", signingName: "elasticfilesystem", environmentName: "EFS")
    /// SageMaker's control plane.
    public static let sageMaker = AWSService("sagemaker", host: "api.sagemaker", environmentName: "SAGEMAKER")
    /// Lambda.
    public static let lambda = AWSService("lambda", environmentName: "LAMBDA")
    /// CloudWatch Logs.
    public static let logs = AWSService("logs", environmentName: "CLOUDWATCH_LOGS", isAlwaysFIPSInGovCloud: true)
    /// Simple Storage Service; the host is the regional one, without a bucket.
    public static let s3 = AWSService("s3", environmentName: "S3")
    /// EventBridge.
    public static let events = AWSService("events", environmentName: "EVENTBRIDGE", isAlwaysFIPSInGovCloud: true)

    /// The service's name.
    public var description: String { name }

    /// The host in a region, before anything is overridden, or nil where there is none.
    func host(region: String, fips: Bool, dualStack: Bool) -> String? {
        let partition = AWSPartition(region: region)
        // SageMaker, EFS, EventBridge and S3 each have their own way; the others share one.
        let inGovCloud = partition.id == "aws-us-gov"
        let isCommercial = partition == .aws || inGovCloud
        switch (self, fips, dualStack) {
        case (.s3, true, _) where partition.id == "aws-cn":
            return nil
        case (.s3, _, true):
            return "\(fips ? fipsHost : host).dualstack.\(region).\(partition.dnsSuffix)"
        case (.sageMaker, true, false) where isCommercial:
            return "api-fips.sagemaker.\(region).\(partition.dnsSuffix)"
        case (.events, true, true) where inGovCloud:
            return "\(host).\(region).\(partition.dualStackDNSSuffix)"
        case (.efs, _, true) where isCommercial || partition.id == "aws-cn":
            return "efs\(fips ? "-fips" : "").\(region).\(partition.dualStackDNSSuffix)"
        case (_, true, false) where inGovCloud && isAlwaysFIPSInGovCloud:
            return "\(host).\(region).\(partition.dnsSuffix)"
        default:
            let suffix = dualStack ? partition.dualStackDNSSuffix : partition.dnsSuffix
            return "\(fips ? fipsHost : host).\(region).\(suffix)"
        }
    }
}
