internal import HTTP
internal import LambdaEvents

/// Decides which sites may use MLflow through a visitor's browser.
///
/// MLflow checks `Host` and `Origin` itself, against its own names, which are not the public ones; the proxy therefore
/// keeps both from it and checks them first, for `/graphql` too.
struct OriginPolicy: Sendable {
    /// The origin in the visitor's address bar, when it is configured.
    let publicOrigin: WebOrigin?
    /// Further origins whose pages may call MLflow.
    let allowed: [WebOrigin]

    /// Throws when the request was sent to a name that is not ours, or a foreign page may have sent it.
    func check(_ request: ALBTargetRequest) throws(ProxyError) {
        let host = try host(of: request.headers)
        try checkHost(host)
        guard Self.changesState(request) else { return }
        let origins = request.headers.values("origin")
        guard origins.isEmpty else {
            guard origins.count == 1, let origin = WebOrigin(origins[0]),
                isTrusted(origin, host: host, request.headers)
            else {
                throw .forbidden(
                    "The request comes from a page of another site. To allow it, add its origin to "
                        + "PROXY_ALLOWED_ORIGINS of the proxy.", reason: .foreignPage)
            }
            return
        }
        // Browsers that leave Origin out still say where the request was started.
        let site = request.headers["sec-fetch-site"] ?? "none"
        guard site == "same-origin" || site == "none" else {
            throw .forbidden(
                "The request was started by a page of another site and names no origin.", reason: .foreignPage)
        }
    }

    /// The origin of the page that asks, when it is one of the configured others and so needs CORS headers.
    func allowedForeignOrigin(_ headers: HTTPHeaders) -> WebOrigin? {
        let origins = headers.values("origin")
        guard origins.count == 1, let origin = WebOrigin(origins[0]) else { return nil }
        return allowed.contains(origin) || origin == publicOrigin ? origin : nil
    }

    private func host(of headers: HTTPHeaders) throws(ProxyError) -> String? {
        let hosts = headers.values("host")
        guard hosts.count <= 1, hosts.allSatisfy(URLParts.isAuthority) else {
            throw .badRequest("The request's Host header is not one host name.")
        }
        return hosts.first
    }

    /// A page of a name that an attacker points at the load balancer (DNS rebinding) is same-origin to itself; only
    /// knowing our own names tells it apart.
    private func checkHost(_ host: String?) throws(ProxyError) {
        guard let publicOrigin else { return }
        let isOurs = ([publicOrigin] + allowed).contains { origin in
            host.flatMap { WebOrigin(scheme: origin.scheme, authority: $0) } == origin
        }
        guard isOurs else {
            throw .misdirected(
                "The request's Host is not the one of PROXY_PUBLIC_URL. To use another name too, add its origin to "
                    + "PROXY_ALLOWED_ORIGINS of the proxy.")
        }
    }

    private func isTrusted(_ origin: WebOrigin, host: String?, _ headers: HTTPHeaders) -> Bool {
        if origin == publicOrigin || allowed.contains(origin) { return true }
        guard publicOrigin == nil, let host else { return false }
        // Over TLS, a page of the same name without TLS may be anybody's on the network.
        let isDowngrade = origin.scheme == "http" && headers["x-forwarded-proto"] == "https"
        return !isDowngrade && WebOrigin(scheme: origin.scheme, authority: host) == origin
    }

    /// Whether the request may change something. GraphQL may, whatever its method.
    private static func changesState(_ request: ALBTargetRequest) -> Bool {
        switch request.method {
        case .get, .head, .options:
            String(decoding: PercentEncoding.decode(request.path), as: UTF8.self).contains("graphql")
        default: true
        }
    }
}
