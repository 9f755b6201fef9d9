import Cryptography
import HTTP
public import Timestamps

/// Verifies AWS Signature Version 4 the way a service does: by signing what came itself.
public struct SignatureVerifier: Sendable {
    /// Who may call, and as what.
    public struct Settings: Sendable {
        /// The access key id.
        public var accessKeyID: String
        /// The secret access key.
        public var secretAccessKey: String
        /// The session token, when the credentials are temporary.
        public var sessionToken: String?
        /// The region of the credential scope.
        public var region: String
        /// The service of the credential scope.
        public var service: String
        /// Headers that must be signed, beside `host` and `x-amz-date`; names in small letters.
        public var requiredHeaders: [String]

        /// Makes settings.
        public init(
            accessKeyID: String, secretAccessKey: String, sessionToken: String? = nil, region: String, service: String,
            requiredHeaders: [String] = []
        ) {
            self.accessKeyID = accessKeyID
            self.secretAccessKey = secretAccessKey
            self.sessionToken = sessionToken
            self.region = region
            self.service = service
            self.requiredHeaders = requiredHeaders
        }
    }

    /// How far the client's clock may be off.
    public static let clockSkew = Duration.seconds(300)

    private let settings: Settings
    private let now: @Sendable () -> Timestamp

    /// A verifier of given settings.
    public init(_ settings: Settings, now: @escaping @Sendable () -> Timestamp = { .now() }) {
        self.settings = settings
        self.now = now
    }

    /// Verifies a request.
    ///
    /// - Returns: The refusal's type and message, or nil when the signature is good.
    public func problem(with request: ServerRequest) -> (type: String, message: String)? {
        do throws(ServiceRefusal) {
            try verify(request)
            return nil
        } catch {
            return (error.type, error.message)
        }
    }

    func verify(_ request: ServerRequest) throws(ServiceRefusal) {
        let headers = request.head.headers
        guard let text = headers["authorization"], headers.values("authorization").count == 1 else {
            throw ServiceRefusal(403, "MissingAuthenticationTokenException", "Missing Authentication Token")
        }
        let authorization = try AuthorizationHeader(parsing: text)
        try checkSignedHeaders(authorization, headers)
        let date = try checkDate(authorization, headers)
        try checkScope(authorization)
        try checkCredentials(authorization, headers)
        let hash = try payloadHash(request)
        let canonical = CanonicalForm.request(
            request.head, signedHeaders: authorization.signedHeaders, payloadHash: hash)
        let stringToSign = [
            AuthorizationHeader.algorithm, date, authorization.scope, Hex.encode(SHA256.hash(canonical)),
        ].joined(separator: "\n")
        guard isEqual(signature(of: stringToSign, authorization), authorization.signature) else {
            throw ServiceRefusal(
                403, "InvalidSignatureException",
                "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
                    + "Access Key and signing method. Consult the service documentation for details.\n\n"
                    + "The Canonical String for this request should have been\n'\(redacted(canonical))'\n\n"
                    + "The String-to-Sign should have been\n'\(stringToSign)'\n")
        }
    }

    private func checkSignedHeaders(
        _ authorization: AuthorizationHeader, _ headers: HTTPHeaders
    ) throws(ServiceRefusal) {
        let names = authorization.signedHeaders
        guard names == names.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }),
            Set(names).count == names.count,
            names.allSatisfy({ HTTPToken.isToken($0) && HTTPToken.lowercased($0) == $0 })
        else {
            throw ServiceRefusal(
                403, "IncompleteSignatureException",
                "SignedHeaders must be a sorted list of different names in small letters: \(names.joined(separator: ";"))"
            )
        }
        guard !names.contains("connection") else {
            throw ServiceRefusal(
                403, "InvalidSignatureException",
                "Connection is signed, but it belongs to one hop and is removed before signatures are verified.")
        }
        let amazonHeaders = headers.map { HTTPToken.lowercased($0.name) }.filter { $0.hasPrefix("x-amz-") }
        let required = ["host", "x-amz-date"] + settings.requiredHeaders + amazonHeaders
        for name in required where !names.contains(name) {
            throw ServiceRefusal(
                403, "InvalidSignatureException",
                "'\(name)' must be a 'SignedHeader' in the AWS Authorization.")
        }
        for name in names where !headers.contains(name) {
            throw ServiceRefusal(403, "InvalidSignatureException", "The signed header '\(name)' is missing.")
        }
    }

    /// - Returns: The request's date in the form `20150830T123600Z`.
    private func checkDate(
        _ authorization: AuthorizationHeader, _ headers: HTTPHeaders
    ) throws(ServiceRefusal) -> String {
        let text = headers["x-amz-date"] ?? ""
        guard let date = Timestamp(iso8601: text), date.iso8601Basic == text else {
            throw ServiceRefusal(
                403, "IncompleteSignatureException",
                "Date must be in ISO-8601 'basic format'. Got '\(text)'. See http://en.wikipedia.org/wiki/ISO_8601")
        }
        guard text.hasPrefix(authorization.date), authorization.date.utf8.count == 8 else {
            throw ServiceRefusal(
                403, "InvalidSignatureException",
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
                    + "'\(authorization.date)' != '\(text.prefix(8))', from '\(text)'.")
        }
        let present = now()
        if date < present - Self.clockSkew {
            throw ServiceRefusal(
                403, "InvalidSignatureException",
                "Signature expired: \(text) is now earlier than \((present - Self.clockSkew).iso8601Basic) "
                    + "(\(present.iso8601Basic) - 5 min.)")
        }
        if date > present + Self.clockSkew {
            throw ServiceRefusal(
                403, "InvalidSignatureException",
                "Signature not yet current: \(text) is still later than \((present + Self.clockSkew).iso8601Basic) "
                    + "(\(present.iso8601Basic) + 5 min.)")
        }
        return text
    }

    private func checkScope(_ authorization: AuthorizationHeader) throws(ServiceRefusal) {
        guard authorization.region == settings.region else {
            throw ServiceRefusal(
                403, "InvalidSignatureException",
                "Credential should be scoped to a valid region, not '\(authorization.region)'. ")
        }
        guard authorization.service == settings.service else {
            throw ServiceRefusal(
                403, "InvalidSignatureException",
                "Credential should be scoped to correct service: '\(settings.service)'. ")
        }
    }

    private func checkCredentials(
        _ authorization: AuthorizationHeader, _ headers: HTTPHeaders
    ) throws(ServiceRefusal) {
        guard authorization.accessKeyID == settings.accessKeyID,
            isEqual(headers["x-amz-security-token"] ?? "", settings.sessionToken ?? "")
        else {
            throw ServiceRefusal(
                403, "UnrecognizedClientException", "The security token included in the request is invalid.")
        }
    }

    /// The hash of the body as it came; a hash that the client states must be the same.
    private func payloadHash(_ request: ServerRequest) throws(ServiceRefusal) -> String {
        let hash = Hex.encode(SHA256.hash(request.body))
        guard let stated = request.head.headers["x-amz-content-sha256"] else { return hash }
        guard stated == hash else {
            throw ServiceRefusal(
                403, "InvalidSignatureException",
                "The value passed in x-amz-content-sha256 does not match the hash of the \(request.body.count) bytes of "
                    + "the body.")
        }
        return hash
    }

    private func signature(of stringToSign: String, _ authorization: AuthorizationHeader) -> String {
        var key = Array("AWS4\(settings.secretAccessKey)".utf8)
        for part in [authorization.date, authorization.region, authorization.service, "aws4_request"] {
            key = HMAC.sha256(key: key, message: part)
        }
        return Hex.encode(HMAC.sha256(key: key, message: stringToSign))
    }

    /// The comparison takes the same time wherever the texts differ.
    private func isEqual(_ left: String, _ right: String) -> Bool {
        guard left.utf8.count == right.utf8.count else { return false }
        return zip(left.utf8, right.utf8).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }

    /// The canonical request without the session token, which must not reach a log.
    private func redacted(_ canonical: String) -> String {
        canonical.split(separator: "\n", omittingEmptySubsequences: false)
            .map { $0.hasPrefix("x-amz-security-token:") ? "x-amz-security-token:…" : String($0) }
            .joined(separator: "\n")
    }
}
