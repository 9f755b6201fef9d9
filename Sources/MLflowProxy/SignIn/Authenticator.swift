internal import HTTP
internal import Lambda
internal import LambdaEvents
internal import Logging
internal import Timestamps

/// Makes sure that the caller is known, as the configuration demands.
struct Authenticator: Sendable {
    private enum Check: Sendable {
        case none
        case bearerToken
        case identity(IdentityVerifier)
    }

    private let check: Check

    init(
        mode: ProxyConfiguration.Authentication, transport: any HTTPTransport,
        now: @escaping @Sendable () -> Timestamp, clock: any Clock<Duration>
    ) {
        check =
            switch mode {
            case .network: .none
            case .bearerTokenAtLoadBalancer: .bearerToken
            case .signInAtLoadBalancer(let signIn):
                .identity(
                    IdentityVerifier(
                        signIn: signIn,
                        keys: VerificationKeys(
                            server: KeyServer(url: signIn.keys, transport: transport), now: now, clock: clock),
                        now: now))
            }
    }

    /// The caller, where somebody vouches for one.
    ///
    /// - Throws: ``ProxyError`` when the caller is not known, `CancellationError`.
    func authenticate(_ request: ALBTargetRequest, context: LambdaContext) async throws -> Caller? {
        switch check {
        case .none: return nil
        case .bearerToken:
            try requireValidatedMethod(request.method)
            try requireBearerToken(request.headers)
            return nil
        case .identity(let verifier):
            do {
                return try await verifier.caller(of: identityToken(in: request.headers), context: context)
            } catch let error as IdentityError {
                throw Self.fault(error, context)
            }
        }
    }

    /// For pages of other origins the listener lets `OPTIONS` through unvalidated, since a preflight holds no token. What
    /// comes here is no preflight, so nobody vouches for a token that it holds.
    private func requireValidatedMethod(_ method: HTTPMethod) throws(ProxyError) {
        guard method != .options else {
            throw .methodNotAllowed(
                "OPTIONS is for the preflights of browsers: with Origin and Access-Control-Request-Method.",
                allowed: [.get, .head, .post, .put, .patch, .delete])
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

    /// The one token there is. Of two, one is not the load balancer's.
    private func identityToken(in headers: HTTPHeaders) throws(IdentityError) -> String {
        let values = headers.values("x-amzn-oidc-data")
        guard let token = values.first, values.count == 1 else {
            throw .refused("there are \(values.count) x-amzn-oidc-data headers instead of one")
        }
        return token
    }

    /// The answer, which is the same whatever is wrong with a token; the log has the reason.
    private static func fault(_ error: IdentityError, _ context: LambdaContext) -> ProxyError {
        switch error {
        case .refused(let reason):
            context.logger.warning("the caller is not known: \(reason)")
            return .unauthenticated(
                "Sign in first: open MLflow in a browser through its load balancer.",
                // There is no scheme for a session of the load balancer: Bearer would have clients send what nobody
                // reads, Basic would have browsers ask for a password.
                challenge: "Cookie realm=\"MLflow\"")
        case .undecided(let reason):
            context.logger.error("the caller cannot be verified: \(reason)")
            return .unavailable("The proxy cannot verify who is signed in at the moment. Try again.")
        }
    }
}
