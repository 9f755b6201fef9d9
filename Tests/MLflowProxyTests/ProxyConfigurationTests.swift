import AWSCore
import Configuration
import MLflowProxy
import TestSupport
import Testing

@Suite struct ProxyConfigurationTests {
    @Test func everySettingIsRead() throws {
        let configuration = try ProxyConfiguration(
            Environment([
                "PROXY_AUTH": "alb-jwt", "PROXY_PUBLIC_URL": "https://MLflow.example.com/",
                "PROXY_ALLOWED_ORIGINS": "https://a.example, https://b.example:8443", "PROXY_ACCESS": "no-delete",
                "PROXY_FRAME_ANCESTORS": "https://portal.example.com",
                "SAGEMAKER_MLFLOW_ASSUME_ROLE_ARN": "arn:aws:iam::123456789012:role/team/reader", "PATH": "/bin",
            ]))
        #expect(configuration.authentication == .bearerTokenAtLoadBalancer)
        #expect(configuration.access == .noDelete)
        #expect(configuration.publicOrigin?.description == "https://mlflow.example.com")
        #expect(configuration.allowedOrigins.map(\.description) == ["https://a.example", "https://b.example:8443"])
        #expect(configuration.frameAncestors.map(\.description) == ["https://portal.example.com"])
        #expect(configuration.assumedRole?.roleARN == "arn:aws:iam::123456789012:role/team/reader")
    }

    @Test func emptyVariablesAreNotSet() throws {
        let configuration = try ProxyConfiguration(
            Environment(["PROXY_AUTH": "network", "PROXY_ALLOWED_ORIGINS": "", "PROXY_OVERFLOW_BUCKET": ""]))
        #expect(configuration == ProxyConfiguration(authentication: .network))
    }

    @Test func withoutAuthenticationThereIsNoStart() {
        #expect(settingProblems([:]).first?.hasPrefix("PROXY_AUTH is not set") == true)
        #expect(settingProblems(["PROXY_AUTH": ""]).first?.hasPrefix("PROXY_AUTH is not set") == true)
    }

    @Test func whatCannotBeVerifiedIsNotLeftOpen() {
        #expect(settingProblems(["PROXY_AUTH": "alb-oidc"]).first?.contains("PROXY_ALB_ARN is not set") == true)
        #expect(settingProblems(["PROXY_AUTH": "none"]).first?.contains("alb-jwt or network") == true)
        #expect(settingProblems(["PROXY_AUTH": "Network"]).count == 1)
        for mistake in ["readonly", "read_only", "Read-Only", "none", "full "] {
            let problems = settingProblems(["PROXY_AUTH": "network", "PROXY_ACCESS": mistake])
            #expect(problems.first?.contains("full, no-delete or read-only") == true, "\(mistake)")
        }
    }

    @Test(arguments: [
        ("PROXY_ALB_ARN", "does nothing with it"), ("PROXY_OIDC_CLIENT_ID", "does nothing with it"),
        ("PROXY_OVERFLOW_BUCKETS", "PROXY_OVERFLOW_BUCKET is meant"),
        ("PROXY_ALLOWED_ORIGIN", "PROXY_ALLOWED_ORIGINS is meant"),
        ("PROXY_PUBLIC_URI", "PROXY_PUBLIC_URL is meant"), ("PROXY_FRAME_ANCESTOR", "PROXY_FRAME_ANCESTORS is meant"),
        ("PROXY_COMPLETELY_UNHEARD_OF", "its settings are PROXY_AUTH"),
    ])
    func aSettingThatDoesNothingIsNamed(name: String, fragment: String) {
        let problems = settingProblems(["PROXY_AUTH": "network", name: "x"])
        #expect(problems.count == 1)
        #expect(problems.first?.hasPrefix(name) == true && problems.first?.contains(fragment) == true, "\(problems)")
    }

    @Test(arguments: [
        "*", "null", "https://*.example.com", "example.com", "https://a.example/path", "https://a.example/", "ftp://a",
        "https://a.example b", "https://u@a.example", "https://a.example?x",
    ])
    func anOriginThatIsNotExactIsRefused(text: String) {
        for name in ["PROXY_ALLOWED_ORIGINS", "PROXY_FRAME_ANCESTORS"] {
            #expect(settingProblems(["PROXY_AUTH": "network", name: "https://ok.example,\(text)"]).count == 1)
        }
    }

    @Test func allProblemsAreReportedAtOnce() {
        let problems = settingProblems([
            "PROXY_AUTH": "x", "PROXY_PUBLIC_URL": "mlflow.example.com/a", "PROXY_ALLOWED_ORIGINS": "*",
            "PROXY_ACCESS": "none", "PROXY_AUHT": "network", "SAGEMAKER_MLFLOW_ASSUME_ROLE_ARN": "reader",
        ])
        #expect(problems.count == 6)
        #expect(problems.allSatisfy { $0.hasSuffix(".") })
    }
}
