public import HTTP
public import Timestamps

extension SigV4Signer {
    /// The longest life of a presigned URL, by the protocol: seven days.
    public static let longestPresignedLife = Duration.seconds(604_800)

    /// The request with its signature in the query (`X-Amz-Algorithm` to `X-Amz-Signature`), so that the URL alone is
    /// enough to send it. The signed headers, all but `host`, have to be sent with it.
    ///
    /// - Parameter expiresIn: How long the URL holds, in whole seconds from 1 second to seven days; other values are
    ///   brought to the nearest end. It never outlives the credentials.
    public func presign(
        _ request: HTTPRequest, with credentials: Credentials, at time: Timestamp, expiresIn: Duration
    ) -> HTTPRequest {
        let prepared = preparePresigned(request, with: credentials, at: time, expiresIn: expiresIn)
        let stages = stages(of: prepared, with: credentials)
        var signed = prepared.request
        signed.query = (signed.query ?? "") + "&X-Amz-Signature=\(stages.signature)"
        if settings.sessionToken == .appendedUnsigned, let token = credentials.sessionToken {
            signed.query? += "&X-Amz-Security-Token=\(PercentEncoding.encode(token))"
        }
        return signed
    }

    /// The stages that ``presign(_:with:at:expiresIn:)`` goes through.
    public func presignedStages(
        for request: HTTPRequest, with credentials: Credentials, at time: Timestamp, expiresIn: Duration
    ) -> SigningStages {
        stages(
            of: preparePresigned(request, with: credentials, at: time, expiresIn: expiresIn), with: credentials)
    }

    private func preparePresigned(
        _ request: HTTPRequest, with credentials: Credentials, at time: Timestamp, expiresIn: Duration
    ) -> Prepared {
        let date = SigningDate(time)
        let scope = CredentialScope(day: date.day, region: region, service: service)
        let seconds = max(1, min(expiresIn, Self.longestPresignedLife).components.seconds)
        var request = request
        request.headers.removeSignature()
        let signedHeaders = CanonicalHeaders(request, settings: settings).names
        var parameters = [
            "X-Amz-Algorithm=\(StringToSign.algorithm)",
            "X-Amz-Credential=\(PercentEncoding.encode("\(credentials.accessKeyID)/\(scope.text)"))",
            "X-Amz-Date=\(date.timestamp)",
            "X-Amz-Expires=\(seconds)",
            "X-Amz-SignedHeaders=\(PercentEncoding.encode(signedHeaders))",
        ]
        if settings.sessionToken == .signed, let token = credentials.sessionToken {
            parameters.append("X-Amz-Security-Token=\(PercentEncoding.encode(token))")
        }
        if let query = request.query, !query.isEmpty { parameters.insert(query, at: 0) }
        request.query = parameters.joined(separator: "&")
        let payloadHash = Self.payloadHash(of: request.body, settings.presignedPayload)
        return Prepared(request: request, payloadHash: payloadHash, date: date)
    }
}
