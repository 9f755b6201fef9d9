internal import AWSCore
internal import Configuration
internal import HTTP

/// Reads the proxy's variables one by one and gathers what is wrong with them.
struct ProxySettingsReader {
    let environment: Environment
    private(set) var problems: [String] = []

    init(_ environment: Environment) {
        self.environment = environment
    }

    mutating func authentication() -> ProxyConfiguration.Authentication? {
        switch environment["PROXY_AUTH"] {
        case nil:
            problems.append(
                "PROXY_AUTH is not set: set it to alb-oidc (the listener signs visitors in), alb-jwt (the listener "
                    + "validates a bearer token) or network (whoever reaches the load balancer is welcome).")
            return nil
        case "alb-oidc": return signIn()
        case "alb-jwt":
            refuseSignInSettings(with: "alb-jwt")
            return .bearerTokenAtLoadBalancer
        case "network":
            refuseSignInSettings(with: "network")
            return .network
        case .some(let text):
            problems.append("PROXY_AUTH is \(quoted(text)): it should be alb-oidc, alb-jwt or network.")
            return nil
        }
    }

    mutating func origin(_ name: String) -> WebOrigin? {
        guard let text = environment[name] else { return nil }
        if let origin = WebOrigin(text.hasSuffix("/") ? String(text.dropLast()) : text) { return origin }
        problems.append("\(name) is \(quoted(text)): it should be https://HOST without a path.")
        return nil
    }

    mutating func origins(_ name: String) -> [WebOrigin] {
        FieldValue.list(environment[name] ?? "").compactMap { text in
            if let origin = WebOrigin(text) { return origin }
            problems.append(
                "\(name) contains \(quoted(text)): each of its entries should be https://HOST without a path, "
                    + "separated by commas; there are no wildcards.")
            return nil
        }
    }

    mutating func role(_ name: String) -> AssumeRoleRequest? {
        guard let arn = environment[name] else { return nil }
        do throws(ConfigurationError) {
            return try AssumeRoleRequest(roleARN: arn, sessionName: RequestHeaders.product)
        } catch {
            problems.append("\(name) cannot be used: \(error)")
            return nil
        }
    }

    mutating func access() -> ProxyConfiguration.Access {
        guard let text = environment["PROXY_ACCESS"] else { return .full }
        if let access = ProxyConfiguration.Access(rawValue: text) { return access }
        problems.append("PROXY_ACCESS is \(quoted(text)): it should be full, no-delete or read-only.")
        return .readOnly
    }

    /// `on` or `off`; nil when it is not set.
    mutating func flag(_ name: String) -> Bool? {
        switch environment[name] {
        case nil: return nil
        case "on": return true
        case "off": return false
        case .some(let text):
            problems.append("\(name) is \(quoted(text)): it should be on or off.")
            return nil
        }
    }

    /// The places for uploads.
    ///
    /// - Parameter overflow: Where large answers are kept. Whoever could upload there would choose what others' browsers
    ///   run.
    mutating func uploadLocations(apartFrom overflow: OverflowPlace?) -> [UploadLocation] {
        FieldValue.list(environment["PROXY_UPLOAD_LOCATIONS"] ?? "").compactMap { text in
            guard let location = UploadLocation(text) else {
                problems.append(
                    "PROXY_UPLOAD_LOCATIONS contains \(quoted(text)): each of its entries should be s3://BUCKET/PREFIX, "
                        + "separated by commas.")
                return nil
            }
            if let overflow, location.overlaps(overflow) {
                problems.append(
                    "PROXY_UPLOAD_LOCATIONS contains \(quoted(text)), where PROXY_OVERFLOW_BUCKET and "
                        + "PROXY_OVERFLOW_PREFIX keep large answers: take another bucket or prefix for one of them.")
            }
            return location
        }
    }

    /// A variable that nothing reads is a typing error, or asks for what would silently not happen.
    mutating func checkNames() {
        for name in environment.names where name.hasPrefix("PROXY_") && !Self.known.contains(name) {
            if let near = NearestName.of(name, among: Self.known) {
                problems.append("\(name) is no setting of the proxy: \(near) is meant, perhaps.")
            } else {
                problems.append(
                    "\(name) is no setting of the proxy: its settings are \(Self.known.joined(separator: ", ")).")
            }
        }
    }

    /// Notes what is wrong.
    mutating func report(_ problem: String) {
        problems.append(problem)
    }

    private static let known =
        [
            "PROXY_AUTH", "PROXY_PUBLIC_URL", "PROXY_ALLOWED_ORIGINS", "PROXY_FRAME_ANCESTORS", "PROXY_ACCESS",
            "PROXY_SOURCE_IDENTITY", "PROXY_METRICS", "PROXY_UPLOAD_LOCATIONS",
        ] + signInNames + overflowNames

    /// The value for a message, cut short.
    private func quoted(_ text: String) -> String {
        "\"\(text.prefix(100))\""
    }
}
