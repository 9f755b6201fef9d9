internal import Cryptography
public import HTTP
public import Timestamps

/// Signs requests with AWS Signature Version 4.
///
/// The signature covers the request's path, query and headers as they are sent, so nothing may change them afterwards;
/// headers added later travel unsigned. Every retry has to be signed anew, since a signature holds for some minutes.
public struct SigV4Signer: Sendable {
    /// The region in the scope: `eu-central-1`.
    public let region: String
    /// The service's signing name, which may differ from its host name: `sagemaker`.
    public let service: String
    /// How the service wants requests signed.
    public let settings: SigningSettings
    private let keys = SigningKeyCache()

    /// Makes a signer for one service in one region. Keep it: it remembers the day's signing key.
    public init(region: String, service: String, settings: SigningSettings = .standard) {
        self.region = region
        self.service = service
        self.settings = settings
    }

    /// The request with its signature in headers: `authorization`, `x-amz-date`, and where they apply
    /// `x-amz-security-token` and `x-amz-content-sha256`. What it had of these before is replaced.
    public func sign(_ request: HTTPRequest, with credentials: Credentials, at time: Timestamp) -> HTTPRequest {
        let prepared = prepare(request, with: credentials, at: time)
        let stages = stages(of: prepared, with: credentials)
        var signed = prepared.request
        signed.headers.append(
            "authorization",
            "\(StringToSign.algorithm) Credential=\(credentials.accessKeyID)/\(stages.scope.text), "
                + "SignedHeaders=\(stages.signedHeaders), Signature=\(stages.signature)")
        if settings.sessionToken == .appendedUnsigned, let token = credentials.sessionToken {
            signed.headers.append(AmazonHeader.securityToken, token)
        }
        return signed
    }

    /// The stages that ``sign(_:with:at:)`` goes through.
    public func stages(for request: HTTPRequest, with credentials: Credentials, at time: Timestamp) -> SigningStages {
        stages(of: prepare(request, with: credentials, at: time), with: credentials)
    }

    /// A request with everything in place that is to be signed.
    struct Prepared {
        var request: HTTPRequest
        var payloadHash: String
        var date: SigningDate
    }

    private func prepare(_ request: HTTPRequest, with credentials: Credentials, at time: Timestamp) -> Prepared {
        let date = SigningDate(time)
        let payloadHash = Self.payloadHash(of: request.body, settings.payload)
        var request = request
        request.headers.removeSignature()
        request.headers.append(AmazonHeader.date, date.timestamp)
        if settings.sessionToken == .signed, let token = credentials.sessionToken {
            request.headers.append(AmazonHeader.securityToken, token)
        }
        if settings.contentHashHeader == .always || payloadHash == Self.unsignedPayload {
            request.headers.append(AmazonHeader.contentHash, payloadHash)
        }
        return Prepared(request: request, payloadHash: payloadHash, date: date)
    }

    func stages(of prepared: Prepared, with credentials: Credentials) -> SigningStages {
        let scope = CredentialScope(day: prepared.date.day, region: region, service: service)
        let canonicalRequest = CanonicalRequest(
            prepared.request, payloadHash: prepared.payloadHash, settings: settings)
        let stringToSign = StringToSign(canonicalRequest, date: prepared.date, scope: scope)
        let key = keys.key(
            secretAccessKey: credentials.secretAccessKey, day: prepared.date.day, region: region, service: service)
        return SigningStages(
            payloadHash: prepared.payloadHash, canonicalRequest: canonicalRequest, stringToSign: stringToSign,
            signature: key.signature(of: stringToSign), scope: scope)
    }

    static let unsignedPayload = "UNSIGNED-PAYLOAD"
    private static let emptyPayloadHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

    static func payloadHash(of body: HTTPBody, _ payload: SigningSettings.Payload) -> String {
        switch (payload, body) {
        case (.precomputed(let hash), _): hash
        case (.unsigned, _), (.signed, .stream): unsignedPayload
        case (.signed, .bytes(let bytes)): bytes.isEmpty ? emptyPayloadHash : Hex.encode(SHA256.hash(bytes))
        }
    }
}

extension HTTPHeaders {
    /// Removes what an earlier signature left.
    mutating func removeSignature() {
        removeAll { field in
            HTTPHeaders.sameName(field.name, "authorization")
                || AmazonHeader.made.contains { HTTPHeaders.sameName(field.name, $0) }
        }
    }
}
