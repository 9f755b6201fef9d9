import Configuration
import MLflowProxy
import Testing

/// The settings of `PROXY_AUTH=alb-oidc`.
@Suite struct SignInConfigurationTests {
    @Test func everySettingIsRead() throws {
        let configuration = try ProxyConfiguration(
            Environment([
                "PROXY_AUTH": "alb-oidc", "PROXY_ALB_ARN": SignInFixture.loadBalancer, "PROXY_OIDC_CLIENT_ID": "client",
                "PROXY_OIDC_ISSUER": "https://issuer.example.com", "PROXY_OIDC_KEY_URL": "https://keys.example.com",
            ]))
        let expected = try LoadBalancerSignIn(
            loadBalancer: SignInFixture.loadBalancer, clientID: "client", issuer: "https://issuer.example.com",
            keyURL: "https://keys.example.com/")
        #expect(configuration.authentication == .signInAtLoadBalancer(expected))
    }

    @Test func withoutALoadBalancerThereIsNoStart() {
        let problems = settingProblems(["PROXY_AUTH": "alb-oidc", "PROXY_OIDC_CLIENT_ID": "client"])
        #expect(problems.count == 1)
        #expect(problems.first?.hasPrefix("PROXY_ALB_ARN is not set") == true)
    }

    @Test(arguments: [
        "mlflow", "*",
        "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/net/mlflow/50dc6c495c0c9188",
        "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/mlflow/50dc6c495c0c9188",
        "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/mlflow",
        "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/mlflow/*",
        "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app//50dc6c495c0c9188",
        "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/mlflow/50dc6c495c0c9188/x",
        "arn:aws:elasticloadbalancing::123456789012:loadbalancer/app/mlflow/50dc6c495c0c9188",
        "arn:aws:elasticloadbalancing:eu-central-1::loadbalancer/app/mlflow/50dc6c495c0c9188",
        "arn:aws:elasticloadbalancing:cn-north-1:123456789012:loadbalancer/app/mlflow/50dc6c495c0c9188",
        "arn:aws:elasticloadbalancing:evil.example/-1:123456789012:loadbalancer/app/mlflow/50dc6c495c0c9188",
        "arn:aws:sagemaker:eu-central-1:123456789012:mlflow-tracking-server/team",
    ])
    func onlyAnApplicationLoadBalancerSigns(arn: String) {
        let problems = settingProblems(["PROXY_AUTH": "alb-oidc", "PROXY_ALB_ARN": arn])
        #expect(problems.count == 1)
        #expect(problems.first?.hasPrefix("PROXY_ALB_ARN") == true && problems.first?.hasSuffix(".") == true)
    }

    @Test(arguments: [
        "http://keys.example.com/", "keys.example.com", "https://keys.example.com/?id=", "https://keys.example.com/#",
        "https://u@keys.example.com/", "file:///keys", "http://127.0.0.1.example.com/", "http://localhost.example.com/",
        "https://",
    ])
    func keysComeFromWhereNobodyCanChangeThem(url: String) {
        let problems = settingProblems([
            "PROXY_AUTH": "alb-oidc", "PROXY_ALB_ARN": SignInFixture.loadBalancer, "PROXY_OIDC_KEY_URL": url,
        ])
        #expect(problems.count == 1)
        #expect(problems.first?.hasPrefix("PROXY_OIDC_KEY_URL") == true)
    }

    @Test func whereTheKeysAreNotKnownTheirAddressIsAskedFor() {
        let arn = "arn:aws-eusc:elasticloadbalancing:eusc-de-east-1:123456789012:loadbalancer/app/a/0123456789abcdef"
        #expect(
            settingProblems(["PROXY_AUTH": "alb-oidc", "PROXY_ALB_ARN": arn]).first?.contains("set PROXY_OIDC_KEY_URL")
                == true)
        #expect(
            settingProblems([
                "PROXY_AUTH": "alb-oidc", "PROXY_ALB_ARN": arn, "PROXY_OIDC_KEY_URL": "https://keys.example.com/",
            ]).isEmpty)
    }

    @Test(arguments: ["alb-jwt", "network"])
    func settingsOfAVerificationThatDoesNotTakePlaceAreRefused(mode: String) {
        let problems = settingProblems([
            "PROXY_AUTH": mode, "PROXY_ALB_ARN": SignInFixture.loadBalancer, "PROXY_OIDC_CLIENT_ID": "client",
            "PROXY_OIDC_ISSUER": "https://issuer.example.com", "PROXY_OIDC_KEY_URL": "https://keys.example.com",
        ])
        #expect(problems.count == 4)
        #expect(problems.allSatisfy { $0.contains("PROXY_AUTH \(mode) does nothing with it") })
    }
}
