import Configuration
import MLflowProxy
import TestSupport
import Testing

@Suite struct MLflowEndpointTests {
    @Test func aTrackingServerIsReachedByItsARNAlone() throws {
        let endpoint = try MLflowEndpoint(
            arn: "arn:aws:sagemaker:eu-central-1:123456789012:mlflow-tracking-server/team-a")
        #expect(endpoint.kind == .trackingServer)
        #expect(endpoint.scheme == "https")
        #expect(endpoint.authority == "eu-central-1.experiments.sagemaker.aws")
        #expect(endpoint.signingService == "sagemaker-mlflow")
        #expect(endpoint.arnHeaderName == "x-mlflow-sm-tracking-server-arn")
        #expect(endpoint.region == "eu-central-1")
        #expect(endpoint.pathPrefix.isEmpty)
    }

    @Test func anAppIsReachedByItsARNAlone() throws {
        let endpoint = try MLflowEndpoint(
            arn: "arn:aws-us-gov:sagemaker:us-gov-west-1:123456789012:mlflow-app/app-ABC123")
        #expect(endpoint.kind == .app)
        #expect(endpoint.authority == "mlflow.sagemaker.us-gov-west-1.app.aws")
        #expect(endpoint.signingService == "sagemaker")
        #expect(endpoint.arnHeaderName == "x-sm-mlflow-app-arn")
    }

    @Test(arguments: [
        ("http://127.0.0.1:5000", "http", "127.0.0.1:5000", ""),
        ("https://vpce.example.com/", "https", "vpce.example.com", ""),
        ("https://gateway.example.com/mlflow/v1/", "https", "gateway.example.com", "/mlflow/v1"),
        ("HTTPS://h/a", "https", "h", "/a"),
    ])
    func aCustomEndpointReplacesTheAddressAlone(url: String, scheme: String, authority: String, prefix: String) throws {
        let endpoint = try MLflowEndpoint(
            arn: "arn:aws-cn:sagemaker:cn-north-1:123456789012:mlflow-app/app-1", customEndpoint: url)
        #expect(endpoint.scheme == scheme)
        #expect(endpoint.authority == authority)
        #expect(endpoint.pathPrefix == prefix)
        #expect(endpoint.region == "cn-north-1")
        #expect(endpoint.signingService == "sagemaker")
    }

    @Test(arguments: [
        ("", "is no ARN"), ("team-a", "is no ARN"), ("https://eu-central-1.experiments.sagemaker.aws", "is no ARN"),
        ("arn:aws:sagemaker:eu-central-1:123456789012", "is no ARN"),
        (" arn:aws:sagemaker:eu-central-1:123456789012:mlflow-app/a", "is no ARN"),
        ("arn:aws:sagemaker:eu-central-1:123456789012:mlflow-app/a\n", "is no ARN"),
        ("arn:azure:sagemaker:eu-central-1:123456789012:mlflow-app/a", "is no ARN"),
        ("arn:aws:s3:eu-central-1:123456789012:mlflow-app/a", "is an ARN of s3"),
        ("arn:aws:sagemaker:eu-central-1:123456789012:mlflow-app/", "names no MLflow resource"),
        ("arn:aws:sagemaker:eu-central-1:123456789012:mlflow-app", "names no MLflow resource"),
        ("arn:aws:sagemaker:eu-central-1:123456789012:mlflow-app/a/b", "names no MLflow resource"),
        ("arn:aws:sagemaker:eu-central-1:123456789012:mlflow-app/a%0d", "names no MLflow resource"),
        ("arn:aws:sagemaker:eu-central-1:123456789012:domain/d-1", "a resource that is not MLflow"),
        ("arn:aws:sagemaker::123456789012:mlflow-app/a", "has no valid region"),
        ("arn:aws:sagemaker:evil.example/:123456789012:mlflow-app/a", "is no ARN"),
        ("arn:aws:sagemaker:evil:123456789012:mlflow-app/a", "has no valid region"),
        ("arn:aws:sagemaker:us-east-1-:123456789012:mlflow-app/a", "has no valid region"),
        ("arn:aws:sagemaker:eu-central-1:12345:mlflow-app/a", "is no ARN"),
        ("arn:aws:sagemaker:eu-central-1::mlflow-app/a", "has no account number"),
        ("arn:aws:sagemaker:us-gov-west-1:123456789012:mlflow-app/a", "us-gov-west-1"),
        ("arn:aws-cn:sagemaker:cn-north-1:123456789012:mlflow-app/a", "set SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT"),
    ])
    func aMistakenARNIsExplained(arn: String, fragment: String) {
        let error = #expect(throws: ConfigurationError.self) { try MLflowEndpoint(arn: arn) }
        #expect(error?.description.hasPrefix("MLFLOW_TRACKING_ARN ") == true)
        #expect(error?.description.contains(fragment) == true, "\(error?.description ?? "")")
    }

    @Test(arguments: [
        "mlflow.example.com", "ftp://h", "https://", "https://h?x=1", "https://u@h", "https://h/a/../b", "https://h//a",
        "https://h/a#b", "https://h/%2e%2e/", "https://h:99999", "/path",
    ])
    func aMistakenCustomEndpointIsExplained(url: String) {
        let error = #expect(throws: ConfigurationError.self) {
            try MLflowEndpoint(arn: Fixture.arn, customEndpoint: url)
        }
        #expect(error?.description.hasPrefix("SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT ") == true)
    }

    @Test func theEnvironmentNamesTheResource() throws {
        let error = #expect(throws: ConfigurationError.self) { try MLflowEndpoint(Environment([:])) }
        #expect(error?.description.hasPrefix("MLFLOW_TRACKING_ARN is not set") == true)
        let endpoint = try MLflowEndpoint(
            Environment([
                "MLFLOW_TRACKING_ARN": Fixture.arn, "SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT": "http://localhost:1",
            ]))
        #expect(endpoint.authority == "localhost:1")
    }
}
