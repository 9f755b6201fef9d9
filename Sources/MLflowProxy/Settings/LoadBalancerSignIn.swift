public import AWSCore
internal import HTTP

/// The load balancer that signs visitors in, and what its word for them must say (`PROXY_AUTH=alb-oidc`).
public struct LoadBalancerSignIn: Sendable, Hashable {
    /// Who signs: any load balancer of AWS writes such tokens, so this is what tells ours from a stranger's
    /// (`PROXY_ALB_ARN`).
    public let loadBalancer: ARN
    /// The application at the identity provider, or nil for any (`PROXY_OIDC_CLIENT_ID`).
    public let clientID: String?
    /// The identity provider, or nil for any (`PROXY_OIDC_ISSUER`).
    public let issuer: String?
    /// Where the load balancers' public keys are; a key's id is added (`PROXY_OIDC_KEY_URL`).
    let keys: URLParts

    /// Makes settings.
    ///
    /// - Parameters:
    ///   - loadBalancer: The ARN of an Application Load Balancer.
    ///   - clientID: The only client id to accept.
    ///   - issuer: The only issuer to accept.
    ///   - keyURL: Where the keys are, when not at the region's own address.
    /// - Throws: Which setting is wrong, as a sentence.
    public init(
        loadBalancer text: String, clientID: String? = nil, issuer: String? = nil, keyURL: String? = nil
    ) throws(SignInSettingsError) {
        loadBalancer = try Self.loadBalancer(text)
        self.clientID = clientID
        self.issuer = issuer
        keys = if let keyURL { try Self.keys(at: keyURL) } else { try Self.keys(for: loadBalancer) }
    }

    private static func loadBalancer(_ text: String) throws(SignInSettingsError) -> ARN {
        let arn: ARN
        do throws(ARNError) {
            arn = try ARN(parsing: text)
        } catch {
            throw SignInSettingsError("PROXY_ALB_ARN is no ARN: \(error.reason).")
        }
        let parts = arn.resource.split(separator: "/", omittingEmptySubsequences: false)
        guard arn.service == "elasticloadbalancing", MLflowEndpoint.isRegion(arn.region),
            arn.accountID.utf8.count == 12, parts.count == 4, parts[0] == "loadbalancer", parts[1] == "app",
            parts[2...].allSatisfy(isName)
        else {
            throw SignInSettingsError(
                "PROXY_ALB_ARN names no Application Load Balancer: it should look like "
                    + "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/NAME/50dc6c495c0c9188.")
        }
        return arn
    }

    /// Letters, digits and hyphens.
    private static func isName(_ text: Substring) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { PercentEncoding.isUnreserved($0) && !".~_".utf8.contains($0) }
    }

    private static func keys(at text: String) throws(SignInSettingsError) -> URLParts {
        guard var parts = URLParts(text), parts.query == nil, parts.path.isEmpty || HTTPToken.isPath(parts.path)
        else { throw SignInSettingsError("PROXY_OIDC_KEY_URL is not an absolute https URL without a query.") }
        // Whoever can change a key on its way can sign anything.
        guard parts.scheme == "https" || isLoopback(parts.authority) else {
            throw SignInSettingsError("PROXY_OIDC_KEY_URL is http: use https, but for an address of this host.")
        }
        if !parts.path.hasSuffix("/") { parts.path += "/" }
        return parts
    }

    private static func isLoopback(_ authority: String) -> Bool {
        let host = authority.hasPrefix("[") ? authority.prefix { $0 != "]" } : authority.prefix { $0 != ":" }
        return ["localhost", "127.0.0.1", "[::1"].contains(host)
    }

    /// The region's own address, as the guide of the load balancer has it ("Authenticate users", signature).
    private static func keys(for loadBalancer: ARN) throws(SignInSettingsError) -> URLParts {
        let region = loadBalancer.region
        switch loadBalancer.partition.id {
        case "aws", "aws-cn":
            let suffix = loadBalancer.partition.dnsSuffix
            return try keys(at: "https://public-keys.auth.elb.\(region).\(suffix)/")
        case "aws-us-gov":
            return try keys(at: "https://s3-\(region).amazonaws.com/aws-elb-public-keys-prod-\(region)/")
        case let partition:
            throw SignInSettingsError(
                "PROXY_ALB_ARN is in \(partition), where the address of the load balancers' public keys is not known: "
                    + "set PROXY_OIDC_KEY_URL to it.")
        }
    }
}

/// What is wrong with a setting of ``LoadBalancerSignIn``.
public struct SignInSettingsError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The sentence.
    public let description: String

    init(_ description: String) {
        self.description = description
    }
}
