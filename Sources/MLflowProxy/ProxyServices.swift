public import AWSCore
internal import AWSServices
internal import AWSSigning
public import Configuration

/// Where the AWS services beside MLflow are that the proxy's own routes call.
public struct ProxyServices: Sendable {
    /// SageMaker's control plane, for URLs that open MLflow directly.
    public var sageMaker: ServiceEndpoint
    /// S3, for uploads.
    public var s3: ServiceEndpoint

    /// Finds the services in the region of the MLflow resource.
    ///
    /// - Throws: What is wrong with the environment's endpoints.
    public init(region: String, environment: Environment) throws(ConfigurationError) {
        sageMaker = try ServiceEndpoint.resolve(service: .sageMaker, region: region, environment: environment)
        s3 = try ServiceEndpoint.resolve(service: .s3, region: region, environment: environment)
    }
}

extension OwnRequest {
    /// SageMaker, asked in the name of whoever signs this request.
    var sageMaker: SageMakerClient {
        SageMakerClient(aws(services.sageMaker, .json))
    }

    /// S3, asked in the name of whoever signs this request.
    var s3: S3Client {
        S3Client(aws(services.s3, .xml, signing: .s3))
    }

    private func aws(
        _ endpoint: ServiceEndpoint, _ errorForm: AWSClient.ErrorForm, signing: SigningSettings = .standard
    ) -> AWSClient {
        AWSClient(
            endpoint: endpoint, errorForm: errorForm, signing: signing, credentials: client.credentials,
            transport: client.transport, clock: clock, now: client.now)
    }
}
