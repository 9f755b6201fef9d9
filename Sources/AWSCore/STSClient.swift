public import AWSSigning
public import HTTP
public import Timestamps
internal import XML

/// The calls of the Security Token Service that give credentials (API version 2011-06-15).
public struct STSClient: Sendable {
    private let endpoint: ServiceEndpoint
    private let signer: SigV4Signer
    private let transport: any HTTPTransport
    private let clock: any Clock<Duration>
    private let now: @Sendable () -> Timestamp
    private let retries: RetryPolicy

    /// Makes a client.
    ///
    /// - Parameters:
    ///   - endpoint: Where STS is: the region's own endpoint, so that another region's failure is none of ours.
    ///   - transport: How requests are sent.
    ///   - clock: Waits between tries.
    ///   - now: The time of signing.
    ///   - retries: How failed calls are tried again.
    public init(
        endpoint: ServiceEndpoint, transport: any HTTPTransport, clock: any Clock<Duration>,
        now: @escaping @Sendable () -> Timestamp = Timestamp.now, retries: RetryPolicy = RetryPolicy()
    ) {
        self.endpoint = endpoint
        signer = endpoint.signer()
        self.transport = transport
        self.clock = clock
        self.now = now
        self.retries = retries
    }

    /// Assumes a role.
    ///
    /// - Throws: ``ServiceError``, or `TransportError` when STS could not be reached.
    public func assumeRole(
        _ request: AssumeRoleRequest, with credentials: Credentials
    ) async throws -> Credentials {
        var form = FormParameters(action: "AssumeRole", version: "2011-06-15")
        form.append("RoleArn", request.roleARN)
        form.append("RoleSessionName", request.sessionName)
        form.append("DurationSeconds", String(request.duration.components.seconds))
        form.append("ExternalId", request.externalID)
        form.append("SourceIdentity", request.sourceIdentity)
        for (index, tag) in request.tags.enumerated() {
            form.append("Tags.member.\(index + 1).Key", tag.key)
            form.append("Tags.member.\(index + 1).Value", tag.value)
        }
        for (index, key) in request.transitiveTagKeys.enumerated() {
            form.append("TransitiveTagKeys.member.\(index + 1)", key)
        }
        let unsigned = form.request(to: endpoint)
        return try await call("AssumeRole") { signer.sign(unsigned, with: credentials, at: now()) }
    }

    /// Assumes a role with a token of an identity provider; the call is not signed, the token speaks for it.
    ///
    /// - Throws: ``ServiceError``, or `TransportError` when STS could not be reached.
    public func assumeRoleWithWebIdentity(
        roleARN: String, sessionName: String, token: String
    ) async throws -> Credentials {
        var form = FormParameters(action: "AssumeRoleWithWebIdentity", version: "2011-06-15")
        form.append("RoleArn", roleARN)
        form.append("RoleSessionName", sessionName)
        form.append("WebIdentityToken", token)
        let request = form.request(to: endpoint)
        return try await call("AssumeRoleWithWebIdentity") { request }
    }

    /// Every try makes its request anew, for a fresh signature.
    private func call(_ operation: String, _ request: () -> HTTPRequest) async throws -> Credentials {
        try await retries.run(clock: clock) {
            let response = try await transport.send(
                request(), options: TransferOptions(timeout: .seconds(10), maximumResponseBytes: 1 << 20))
            guard response.status == 200 else {
                throw ServiceError(service: "sts", operation: operation, xml: response)
            }
            return try Self.credentials(in: response, operation: operation)
        }
    }

    private static func credentials(in response: HTTPResponse, operation: String) throws -> Credentials {
        let answer = try? XMLElement(parsing: response.body)
        guard let element = answer?.first("Credentials"), let id = element["AccessKeyId"]?.text, !id.isEmpty,
            let secret = element["SecretAccessKey"]?.text, !secret.isEmpty,
            let token = element["SessionToken"]?.text, !token.isEmpty,
            let expiration = element["Expiration"].flatMap({ Timestamp(iso8601: $0.text) })
        else {
            throw CredentialError("sts \(operation) answered with status 200, but without usable credentials.")
        }
        return Credentials(accessKeyID: id, secretAccessKey: secret, sessionToken: token, expiration: expiration)
    }
}
