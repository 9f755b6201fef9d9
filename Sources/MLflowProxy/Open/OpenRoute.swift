internal import AWSServices
internal import HTTP
internal import Lambda
internal import LambdaEvents
internal import Logging

/// `/_proxy/open`: sends a browser to MLflow's own address, signed in (`CreatePresignedMlflowTrackingServerUrl`,
/// `CreatePresignedMlflowAppUrl`).
///
/// The URL is a secret: it opens a session of the function's role for whoever uses it first. It goes into the answer and
/// nowhere else. What is done in that session does not pass through this proxy, so it is for full access alone.
struct OpenRoute: Sendable {
    let endpoint: MLflowEndpoint
    let access: AccessPolicy

    /// How long the URL holds until it is used, the most that SageMaker gives.
    private static let expiration = Duration.seconds(300)
    /// The time SageMaker may take.
    private static let timeout = Duration.seconds(20)

    func answer(_ request: OwnRequest) async throws -> HTTPResponse {
        try access.require(
            .delete, for: "This route opens MLflow past the proxy, where everything is allowed")
        try Self.requireNavigation(request.event.headers)
        let client = request.sageMaker
        let url: String
        do {
            url = try await request.within(Self.timeout, "SageMaker") {
                switch endpoint.kind {
                case .trackingServer:
                    try await client.createPresignedTrackingServerURL(
                        name: endpoint.resourceName, expiresIn: Self.expiration)
                case .app: try await client.createPresignedAppURL(arn: endpoint.arn, expiresIn: Self.expiration)
                }
            }
        } catch {
            throw try OwnFault.of(error, service: "SageMaker", context: request.context)
        }
        guard let parts = URLParts(url), parts.scheme == "https" || endpoint.scheme == "http" else {
            request.context.logger.error("SageMaker gave something that is no https URL to open MLflow with")
            throw ProxyError.badGateway("SageMaker gave no URL to open MLflow with.")
        }
        return HTTPResponse(
            status: 302,
            headers: ["location": url, "cache-control": "no-store", "referrer-policy": "no-referrer"])
    }

    /// A browser that says how it got here has to be on its way to a page of its own: not in a frame, where another site
    /// may lay something over it, not for a script, and not in advance, which would spend a URL that nobody asked for.
    /// The site it comes from may be any: it may have been at the identity provider in between, and it learns nothing.
    private static func requireNavigation(_ headers: HTTPHeaders) throws(ProxyError) {
        let mode = headers["sec-fetch-mode"] ?? "navigate"
        let destination = headers["sec-fetch-dest"] ?? "document"
        guard mode == "navigate", destination == "document", !headers.contains("sec-purpose") else {
            throw .forbidden(
                "This address is for the address bar or a link that opens a page, not for a frame or a script.",
                reason: .foreignPage)
        }
    }
}
