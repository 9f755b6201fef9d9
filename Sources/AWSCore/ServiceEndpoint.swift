public import AWSSigning
public import Configuration
public import HTTP

/// Where a service is reached, and with which region it is signed.
public struct ServiceEndpoint: Sendable, Hashable {
    /// The service.
    public let service: AWSService
    /// The region, for the signature too: an overridden host does not change it.
    public let region: String
    /// `https`, or `http` of an override.
    public let scheme: String
    /// Host and optional port.
    public let authority: String
    /// What an override's URL has before the service's own paths, without a slash at the end; empty as a rule.
    public let basePath: String
    /// Whether a variable names this endpoint, so that nothing is known of the names below its host: a bucket's own host
    /// may not exist there.
    public let isOverridden: Bool

    /// Finds a service's endpoint, in the order of the SDKs: `AWS_ENDPOINT_URL_<SERVICE>`, `AWS_ENDPOINT_URL` (neither
    /// when `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS` is true), else the host that follows from the region, its partition,
    /// `AWS_USE_FIPS_ENDPOINT` and `AWS_USE_DUALSTACK_ENDPOINT`.
    ///
    /// - Throws: ``ConfigurationError`` when the region is not one or a variable's value makes no sense.
    public static func resolve(
        service: AWSService, region: String, environment: Environment
    ) throws(ConfigurationError) -> ServiceEndpoint {
        guard isRegion(region) else {
            throw ConfigurationError([
                "\"\(region)\" is not an AWS region; a region is letters, digits and hyphens, such as eu-central-1."
            ])
        }
        let ignoresOverrides = try flag("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", environment)
        if !ignoresOverrides {
            for variable in ["AWS_ENDPOINT_URL_\(service.environmentName)", "AWS_ENDPOINT_URL"] {
                guard let value = environment[variable] else { continue }
                return try ServiceEndpoint(service: service, region: region, variable: variable, url: value)
            }
        }
        let host = service.host(
            region: region, fips: try flag("AWS_USE_FIPS_ENDPOINT", environment),
            dualStack: try flag("AWS_USE_DUALSTACK_ENDPOINT", environment))
        guard let host else {
            throw ConfigurationError([
                "AWS_USE_FIPS_ENDPOINT is true, but \(service) has no FIPS endpoint in \(region); unset it."
            ])
        }
        return ServiceEndpoint(
            service: service, region: region, scheme: "https", authority: host, basePath: "", isOverridden: false)
    }

    /// A request to this endpoint; the path starts with a slash.
    public func request(
        _ method: HTTPMethod, path: String = "/", query: String? = nil, headers: HTTPHeaders = [:],
        body: HTTPBody = .empty
    ) -> HTTPRequest {
        HTTPRequest(
            method, scheme: scheme, authority: authority, path: basePath + path, query: query, headers: headers,
            body: body)
    }

    /// A signer for this endpoint.
    public func signer(settings: SigningSettings = .standard) -> SigV4Signer {
        SigV4Signer(region: region, service: service.signingName, settings: settings)
    }

    private init(
        service: AWSService, region: String, scheme: String, authority: String, basePath: String, isOverridden: Bool
    ) {
        self.service = service
        self.region = region
        self.scheme = scheme
        self.authority = authority
        self.basePath = basePath
        self.isOverridden = isOverridden
    }

    private init(
        service: AWSService, region: String, variable: String, url: String
    ) throws(ConfigurationError) {
        guard let parts = URLParts(url), parts.query == nil else {
            // The value stays out of the message: a mistaken one may hold a password.
            throw ConfigurationError([
                "\(variable) is not a URL such as https://host:port: it needs http or https, a host, no user name, "
                    + "no query and no fragment."
            ])
        }
        var path = parts.path
        while path.hasSuffix("/") { path.removeLast() }
        self.init(
            service: service, region: region, scheme: parts.scheme, authority: parts.authority, basePath: path,
            isOverridden: true)
    }

    /// Whether the text is one label of a host name, so that a region cannot send requests to another host.
    private static func isRegion(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 63 && text.first != "-" && text.last != "-"
            && text.utf8.allSatisfy { ASCII.isLetter($0) || ASCII.isDigit($0) || $0 == UInt8(ascii: "-") }
    }

    private static func flag(_ variable: String, _ environment: Environment) throws(ConfigurationError) -> Bool {
        switch environment[variable]?.lowercased() {
        case nil, "false"?: return false
        case "true"?: return true
        case let value?: throw ConfigurationError(["\(variable) is \"\(value)\"; it has to be true or false."])
        }
    }
}
