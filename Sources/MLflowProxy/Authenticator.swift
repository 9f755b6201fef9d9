internal import HTTP
internal import LambdaEvents

/// Makes sure that the caller is known, as the configuration demands.
struct Authenticator: Sendable {
    let mode: ProxyConfiguration.Authentication

    /// Throws when the caller is not known.
    func authenticate(_ request: ALBTargetRequest) throws(ProxyError) {
        switch mode {
        case .network: return
        case .bearerTokenAtLoadBalancer: try requireBearerToken(request.headers)
        }
    }

    /// The listener has checked the token, or the rule that should have done so was passed by: without a token the
    /// request did not come through it.
    private func requireBearerToken(_ headers: HTTPHeaders) throws(ProxyError) {
        let values = headers.values("authorization")
        guard values.count == 1, let parts = values.first?.split(separator: " "), parts.count == 2,
            HTTPHeaders.sameName(String(parts[0]), "bearer")
        else {
            throw .unauthenticated(
                "Send a bearer token: Authorization: Bearer and the token of your identity provider.")
        }
    }
}
