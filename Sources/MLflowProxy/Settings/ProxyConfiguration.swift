public import AWSCore
public import Configuration
internal import HTTP

/// The settings of the proxy, but for which MLflow is shown (``MLflowEndpoint``).
public struct ProxyConfiguration: Sendable, Equatable {
    /// Who makes sure that the caller is known (`PROXY_AUTH`).
    public enum Authentication: Sendable, Hashable {
        /// Whoever reaches the load balancer is welcome (`network`).
        case network
        /// The listener validates a bearer token; the proxy makes sure that there was one (`alb-jwt`).
        case bearerTokenAtLoadBalancer
        /// The listener signs visitors in; the proxy verifies its word for them (`alb-oidc`).
        case signInAtLoadBalancer(LoadBalancerSignIn)
    }

    /// What callers may do to MLflow's data (`PROXY_ACCESS`).
    public enum Access: String, Sendable, Hashable, CaseIterable {
        /// Everything.
        case full
        /// Everything but to delete.
        case noDelete = "no-delete"
        /// Look at it.
        case readOnly = "read-only"
    }

    /// Who makes sure that the caller is known (`PROXY_AUTH`).
    public var authentication: Authentication
    /// What callers may do to MLflow's data (`PROXY_ACCESS`); everything, unless it is set.
    public var access: Access
    /// What is in the visitor's address bar (`PROXY_PUBLIC_URL`).
    public var publicOrigin: WebOrigin?
    /// The other origins whose pages may call MLflow (`PROXY_ALLOWED_ORIGINS`).
    public var allowedOrigins: [WebOrigin]
    /// The other origins whose pages may show MLflow in a frame (`PROXY_FRAME_ANCESTORS`).
    public var frameAncestors: [WebOrigin]
    /// The role to sign with, instead of the function's own (`SAGEMAKER_MLFLOW_ASSUME_ROLE_ARN`).
    public var assumedRole: AssumeRoleRequest?
    /// Where answers go that are too large for the load balancer (`PROXY_OVERFLOW_BUCKET`, `PROXY_OVERFLOW_PREFIX`); nil
    /// for nowhere.
    public var overflow: OverflowPlace?
    /// Whether each person's requests are signed with a session of ``assumedRole`` that names the person
    /// (`PROXY_SOURCE_IDENTITY`).
    public var namesCallers = false
    /// Whether the log's records of requests carry CloudWatch metrics (`PROXY_METRICS`).
    public var hasMetrics = true
    /// The places in S3 below which artifacts may be uploaded directly (`PROXY_UPLOAD_LOCATIONS`).
    public var uploadLocations: [UploadLocation] = []
    /// The time the service may take for an answer; less when the invocation ends sooner. Two minutes, which is what
    /// MLflow's clients wait.
    public var upstreamTimeout: Duration = .seconds(120)

    /// Makes settings of their parts.
    public init(
        authentication: Authentication, access: Access = .full, publicOrigin: WebOrigin? = nil,
        allowedOrigins: [WebOrigin] = [],
        frameAncestors: [WebOrigin] = [], assumedRole: AssumeRoleRequest? = nil, overflow: OverflowPlace? = nil
    ) {
        self.authentication = authentication
        self.access = access
        self.publicOrigin = publicOrigin
        self.allowedOrigins = allowedOrigins
        self.frameAncestors = frameAncestors
        self.assumedRole = assumedRole
        self.overflow = overflow
    }

    /// Reads the environment.
    ///
    /// - Throws: All that is wrong with it at once. A setting that is not understood, or that asks for a protection
    ///   which this version does not give, is a fault too: nothing is left open silently.
    public init(_ environment: Environment) throws(ConfigurationError) {
        var reader = ProxySettingsReader(environment)
        let authentication = reader.authentication()
        publicOrigin = reader.origin("PROXY_PUBLIC_URL")
        allowedOrigins = reader.origins("PROXY_ALLOWED_ORIGINS")
        frameAncestors = reader.origins("PROXY_FRAME_ANCESTORS")
        assumedRole = reader.role("SAGEMAKER_MLFLOW_ASSUME_ROLE_ARN")
        access = reader.access()
        overflow = reader.overflow()
        namesCallers = reader.namesCallers()
        hasMetrics = reader.flag("PROXY_METRICS") ?? true
        uploadLocations = reader.uploadLocations(apartFrom: overflow)
        reader.checkNames()
        guard reader.problems.isEmpty, let authentication else { throw ConfigurationError(reader.problems) }
        self.authentication = authentication
    }
}
