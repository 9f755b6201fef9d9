internal import Configuration

/// The settings of `PROXY_AUTH=alb-oidc`.
extension ProxySettingsReader {
    static let signInNames = ["PROXY_ALB_ARN", "PROXY_OIDC_CLIENT_ID", "PROXY_OIDC_ISSUER", "PROXY_OIDC_KEY_URL"]

    mutating func signIn() -> ProxyConfiguration.Authentication? {
        guard let loadBalancer = environment["PROXY_ALB_ARN"] else {
            report(
                "PROXY_ALB_ARN is not set: with PROXY_AUTH alb-oidc it names the load balancer whose word for its "
                    + "visitors is taken.")
            return nil
        }
        do throws(SignInSettingsError) {
            return .signInAtLoadBalancer(
                try LoadBalancerSignIn(
                    loadBalancer: loadBalancer, clientID: environment["PROXY_OIDC_CLIENT_ID"],
                    issuer: environment["PROXY_OIDC_ISSUER"], keyURL: environment["PROXY_OIDC_KEY_URL"]))
        } catch {
            report(error.description)
            return nil
        }
    }

    /// Settings of a verification that does not take place are taken for a protection that there is none.
    mutating func refuseSignInSettings(with mode: String) {
        for name in Self.signInNames where environment[name] != nil {
            report(
                "\(name) is set, and PROXY_AUTH \(mode) does nothing with it: remove it, or set PROXY_AUTH to alb-oidc."
            )
        }
    }

    /// Whether sessions of the role name the caller, which takes a caller that is known and a role.
    mutating func namesCallers() -> Bool {
        guard flag("PROXY_SOURCE_IDENTITY") == true else { return false }
        if environment["PROXY_AUTH"] != "alb-oidc" {
            report(
                "PROXY_SOURCE_IDENTITY is on, and nobody vouches for who the caller is: set PROXY_AUTH to alb-oidc, or "
                    + "remove it.")
        }
        if environment["SAGEMAKER_MLFLOW_ASSUME_ROLE_ARN"] == nil {
            report(
                "PROXY_SOURCE_IDENTITY is on, and there is no role whose session could name the caller: set "
                    + "SAGEMAKER_MLFLOW_ASSUME_ROLE_ARN, or remove it.")
        }
        return true
    }
}
