internal import Configuration
internal import HTTP
internal import Timestamps

/// What credential providers need of the world.
struct CredentialContext: Sendable {
    var environment: Environment
    var transport: any HTTPTransport
    var clock: any Clock<Duration>
    var now: @Sendable () -> Timestamp

    /// STS in the region of the environment, or else in the given one.
    func sts(region fallback: String?, for purpose: String) throws -> STSClient {
        guard let region = environment["AWS_REGION"] ?? environment["AWS_DEFAULT_REGION"] ?? fallback else {
            throw CredentialError("\(purpose) needs a region to call STS in: set AWS_REGION.")
        }
        let endpoint = try ServiceEndpoint.resolve(service: .sts, region: region, environment: environment)
        return STSClient(endpoint: endpoint, transport: transport, clock: clock, now: now)
    }

    /// A role session's name: the given one, or one of our own with the time in it.
    func sessionName(_ given: String?) -> String {
        given ?? "sagemaker-mlflow-lambda-\(now().secondsSinceEpoch)"
    }
}
