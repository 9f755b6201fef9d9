public import AWSSigning
public import HTTP
public import Timestamps
internal import XML

/// Who signs: what the Security Token Service says of credentials.
public struct CallerIdentity: Sendable, Hashable {
    /// The account's twelve digits.
    public var accountID: String
    /// The user's or the assumed role's ARN.
    public var arn: String
    /// The user's or the role session's id.
    public var userID: String
}

/// The calls of the Security Token Service that give credentials, or tell whose they are (API version 2011-06-15).
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
        return try await temporaryCredentials("AssumeRole") { signer.sign(unsigned, with: credentials, at: now()) }
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
        return try await temporaryCredentials("AssumeRoleWithWebIdentity") { request }
    }

    /// Tells whose credentials these are (GetCallerIdentity), which nobody can be forbidden to ask.
    ///
    /// - Throws: ``ServiceError``, `TransportError` when STS could not be reached, ``CredentialError`` when the answer does
    ///   not tell.
    public func callerIdentity(with credentials: Credentials) async throws -> CallerIdentity {
        let unsigned = FormParameters(action: "GetCallerIdentity", version: "2011-06-15").request(to: endpoint)
        return try await call(
            "GetCallerIdentity", { signer.sign(unsigned, with: credentials, at: now()) }, needed: "identity"
        ) { answer in
            guard let result = answer.first("GetCallerIdentityResult"), let accountID = result["Account"]?.text,
                ARN.isAccountID(accountID), let arn = result["Arn"]?.text, let userID = result["UserId"]?.text
            else { return nil }
            return CallerIdentity(accountID: accountID, arn: arn, userID: userID)
        }
    }

    private func temporaryCredentials(_ operation: String, _ request: () -> HTTPRequest) async throws -> Credentials {
        try await call(operation, request, needed: "credentials", read: Self.credentials)
    }

    /// Every try makes its request anew, for a fresh signature.
    private func call<Result>(
        _ operation: String, _ request: () -> HTTPRequest, needed: String, read: (XMLElement) -> Result?
    ) async throws -> Result {
        try await retries.run(clock: clock) {
            let response = try await transport.send(
                request(), options: TransferOptions(timeout: .seconds(10), maximumResponseBytes: 1 << 20))
            guard response.status == 200 else {
                throw ServiceError(service: "sts", operation: operation, xml: response)
            }
            guard let result = (try? XMLElement(parsing: response.body)).flatMap(read) else {
                throw CredentialError(
                    "sts \(operation) answered with status 200, but without usable \(needed).")
            }
            return result
        }
    }

    private static func credentials(in answer: XMLElement) -> Credentials? {
        guard let element = answer.first("Credentials"), let id = element["AccessKeyId"]?.text, !id.isEmpty,
            let secret = element["SecretAccessKey"]?.text, !secret.isEmpty,
            let token = element["SessionToken"]?.text, !token.isEmpty,
            let expiration = element["Expiration"].flatMap({ Timestamp(iso8601: $0.text) })
        else { return nil }
        return Credentials(accessKeyID: id, secretAccessKey: secret, sessionToken: token, expiration: expiration)
    }
}
