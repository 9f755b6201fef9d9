/// Everything that comes up while a request is signed, for a test or a person who looks for the stage at which two
/// signers part. No secret is in it: neither the secret access key nor a key derived from it.
public struct SigningStages: Sendable {
    /// The hash of the body, or `UNSIGNED-PAYLOAD`.
    public let payloadHash: String
    /// The request in canonical form.
    public let canonicalRequest: CanonicalRequest
    /// The text that is signed.
    public let stringToSign: StringToSign
    /// The signature: 64 small hexadecimal digits.
    public let signature: String
    /// The scope the signature holds in.
    public let scope: CredentialScope

    /// The names of the signed headers, sorted, joined with semicolons.
    public var signedHeaders: String { canonicalRequest.signedHeaders }
}
