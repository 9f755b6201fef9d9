internal import Cryptography
public import Timestamps

/// The second stage of SigV4: algorithm, time, scope and the canonical request's hash, one a line.
public struct StringToSign: Sendable, Equatable {
    /// The only algorithm there is.
    public static let algorithm = "AWS4-HMAC-SHA256"

    /// The four lines.
    public let text: String

    /// Makes the text for a canonical request.
    public init(_ canonicalRequest: CanonicalRequest, date: SigningDate, scope: CredentialScope) {
        text =
            "\(Self.algorithm)\n\(date.timestamp)\n\(scope.text)\n\(Hex.encode(SHA256.hash(canonicalRequest.bytes)))"
    }
}

/// The time of signing, as the protocol writes it.
public struct SigningDate: Sendable, Equatable {
    /// `20150830T123600Z`
    public let timestamp: String
    /// `20150830`
    public let day: String

    /// Writes a time, rounded down to seconds.
    public init(_ time: Timestamp) {
        timestamp = time.iso8601Basic
        day = String(timestamp.prefix(8))
    }
}

/// Where and when a signature holds: a day, a region, a service.
public struct CredentialScope: Sendable, Equatable {
    /// `20150830/us-east-1/sts/aws4_request`
    public let text: String

    /// Makes the scope of a day (`20150830`), a region and a service's signing name.
    public init(day: String, region: String, service: String) {
        text = "\(day)/\(region)/\(service)/aws4_request"
    }
}
